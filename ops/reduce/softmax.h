#pragma once

#include <cstdint>

namespace sardonyx {

/// One row of `n` elements, one behind the other: softmax, or its logarithm. y may be x.
void SoftmaxRow(const float* x, int64_t n, bool log, float* y);

/// `count` neighbouring columns of `n` elements that lie `stride` apart.
void SoftmaxColumns(const float* x, int64_t n, int64_t stride, int64_t count, bool log, float* y);

}  // namespace sardonyx
