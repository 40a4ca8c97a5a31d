// Convolution by its definition, in double precision.
#pragma once

#include "tests/conv/run_case.h"

namespace sardonyx {

/// Element `at` of Y before the activation, in the order of Y.
inline double ExactSum(ConvRun& run, int64_t at) {
  const ConvShape& conv = run.conv();
  const bool last = conv.channels_last;
  const int64_t plane = conv.output_plane();
  const int64_t m = last ? at % conv.out_channels : at / plane % conv.out_channels;
  const int64_t o = last ? at / conv.out_channels % plane : at % plane;
  const Window window = AtLeastRank(conv.window, 3);
  const WindowAxis &wz = window[0], &wy = window[1], &wx = window[2];
  const int64_t oz = o / (wy.output * wx.output), oy = o / wx.output % wy.output;
  const int64_t first = m / conv.group_out() * conv.group_in();
  const float* image = run.input(0).data<float>() +
                       at / plane / conv.out_channels * conv.in_channels * conv.input_plane();
  double sum = run.has_input(2) ? run.input(2).data<float>()[m] : 0;
  if (run.has_input(kConvResidual)) sum += run.input(kConvResidual).data<float>()[at];
  for (int64_t c = 0; c < conv.group_in(); ++c) {
    const float* from = image + (first + c) * (last ? 1 : conv.input_plane());
    const float* kernel =
        run.input(1).data<float>() + (m * conv.group_in() + c) * conv.kernel_plane();
    for (int64_t q = 0; q < conv.kernel_plane(); ++q) {
      const int64_t z = oz * wz.stride - wz.pad_begin + q / (wy.kernel * wx.kernel) * wz.dilation;
      const int64_t y = oy * wy.stride - wy.pad_begin + q / wx.kernel % wy.kernel * wy.dilation;
      const int64_t x = o % wx.output * wx.stride - wx.pad_begin + q % wx.kernel * wx.dilation;
      if (z < 0 || z >= wz.input || y < 0 || y >= wy.input || x < 0 || x >= wx.input) continue;
      const int64_t pixel = (z * wy.input + y) * wx.input + x;
      sum += static_cast<double>(from[pixel * (last ? conv.in_channels : 1)]) * kernel[q];
    }
  }
  return sum;
}

}  // namespace sardonyx
