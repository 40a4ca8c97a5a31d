// Rows of channels-last convolutions with a filter for each channel.
#pragma once

#include <memory>
#include <vector>

#include "ops/common/activation.h"
#include "ops/common/window.h"
#include "runtime/base/tensor.h"

namespace sardonyx {

/// W [C, 1, ky, kx] as [ky, kx, C].
std::shared_ptr<const std::vector<float>> TapsFirst(const Tensor& w);

/// Some channels of one output row. Null for no bias or residual.
struct DepthwiseLine {
  const float* x;  // the image's line `first_line`
  int64_t first_line = 0;
  const float* w;  // the first tap's weights, as TapsFirst has them
  int64_t channels;
  const float* bias = nullptr;
  const float* residual = nullptr;  // lies as y does
  float* y;
};

/// A convolution of one image.
struct DepthwiseRows {
  WindowAxis height, width;
  int64_t x_channels;  // floats from pixel to pixel of X
  int64_t channels;    // of Y, the residual and the weights

  /// Computes those channels of row `oy`, whose input lines must be there as far as they are none
  /// of padding.
  void Run(const DepthwiseLine& line, int64_t oy, const Activation& activation) const;

 private:
  /// The pixels of a line that read no padding before or behind it: [begin, end).
  void WholePixels(int64_t* begin, int64_t* end) const;
};

/// Neighbouring pixels of one output row, some of their channels, as the inner loops see them.
/// Steps are in elements.
struct DepthwiseSpan {
  const float* x;  // what the first tap of the first pixel reads
  const float* w;  // the first tap's weights
  int64_t taps_y, taps_x;
  int64_t x_step_y, x_step_x, w_step_y, w_step_x;  // from tap to tap
  int64_t x_step_pixel, y_step_pixel;
  int64_t channels;
  const float* bias;      // null: none
  const float* residual;  // null: none; lies as y does
  float* y;
};

}  // namespace sardonyx
