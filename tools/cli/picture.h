// Pictures as tensors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/tensor.h"

namespace sardonyx {

/// The picture in a file as uint8[height,width,3]: DecodePicture.
StatusOr<Tensor> ReadPicture(const std::string& path);

enum class Layout { kNchw, kNhwc };
enum class Color { kRgb, kBgr, kGray };

struct PictureOptions {
  int64_t width = 0, height = 0;  // to bring it to; 0: its own
  double scale = 1.0 / 255;
  std::vector<double> mean, std_deviation;  // none, one, or one for each channel
  Layout layout = Layout::kNchw;
  Color color = Color::kRgb;
  DataType type = DataType::kFloat;
};

/// A picture of uint8[height,width,3] as [1,C,H,W] or [1,H,W,C]: resized, in that colour order,
/// each sample times scale, minus mean, divided by std_deviation. Grey is 0.299 R + 0.587 G + 0.114
/// B (ITU-R BT.601). Integer types are rounded and clamped. Errors: sizes, counts or types that do
/// not fit.
StatusOr<Tensor> PictureToTensor(const Tensor& picture, const PictureOptions& options);

/// Linear interpolation with pixel centres at halves; where it shrinks, each output pixel weighs
/// all input pixels under a triangle of the output's pixel distance, so that nothing aliases.
/// Samples are interleaved `channels` to a pixel.
std::vector<float> Resize(const std::vector<float>& samples, int64_t width, int64_t height,
                          int channels, int64_t new_width, int64_t new_height);

}  // namespace sardonyx
