// Rows of a depthwise convolution, compiled for several instruction sets.
#pragma once

#include <cstdint>

namespace sardonyx {

/// One row of outputs: to[o] = sum over i, k of weights[i taps + k] rows[i][places[k] + o], for
/// o < outputs rounded up to lanes.
struct DepthwiseRow {
  const float* const* rows = nullptr;  // of the kernel's height
  int64_t height = 0;
  const int64_t* places = nullptr;  // where each of the kernel's taps begins in a row
  int64_t taps = 0;
  const float* weights = nullptr;
  int64_t outputs = 0;
  float* to = nullptr;
};

struct DepthwiseKernels {
  int lanes = 0;
  void (*row)(const DepthwiseRow& row);
  /// to[j to_stride + i] = from[i stride + j] for i stride + j < count; stride is 2 to 4. May read
  /// up to 2 lanes beyond `from` and write one beyond each part.
  void (*split)(const float* from, int64_t count, int64_t stride, float* to, int64_t to_stride);
};

/// The best for this CPU.
const DepthwiseKernels& DepthwiseKernelsOfThisCpu();

}  // namespace sardonyx
