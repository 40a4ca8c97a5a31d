// Pixels from planes.
#pragma once

#include <cstdint>

namespace sardonyx {

/// to[i n + p] = from[p step + i] for i < count and planes p < n, which is 2, 3 or 4.
void Interleave(int n, const float* from, int64_t step, int64_t count, float* to);

}  // namespace sardonyx
