#include "tools/cli/feature_maps.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/escaping.h"
#include "tools/cli/tensor_parts.h"

namespace sardonyx {
namespace {

constexpr int64_t kMaps = 64, kSide = 64, kSideAlone = 256;
constexpr double kLevels = 254;
constexpr char kNotFinite = '\xff';

struct Frame {
  int64_t maps = 1, height = 1, width = 1;
};

Frame FrameOf(const Shape& shape) {
  const int first = shape.rank() > 1 ? 1 : 0;  // the batch
  Frame frame;
  for (int i = first; i < shape.rank(); ++i) {
    int64_t& side = i == shape.rank() - 1   ? frame.width
                    : i == shape.rank() - 2 ? frame.height
                                            : frame.maps;
    side *= shape[i];
  }
  return frame;
}

/// The mean of the finite ones among `rows` rows of `columns` elements, each row `width` after the
/// other, as a level.
char Pixel(const double* values, int64_t rows, int64_t columns, int64_t width,
           const TensorStats& stats) {
  double sum = 0;
  int64_t count = 0;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t k = 0; k < columns; ++k) {
      const double value = values[i * width + k];
      if (!std::isfinite(value)) continue;
      sum += value;
      ++count;
    }
  }
  if (count == 0) return kNotFinite;
  const double range = stats.max - stats.min;
  const double part = range > 0 && std::isfinite(range)
                          ? (sum / static_cast<double>(count) - stats.min) / range
                          : 0;
  return static_cast<char>(
      static_cast<unsigned char>(std::lround(kLevels * std::clamp(part, 0.0, 1.0))));
}

}  // namespace

Json FeatureMaps(const Tensor& tensor, const TensorStats& stats) {
  if (tensor.size() == 0) return nullptr;
  const Frame frame = FrameOf(tensor.shape());
  const int64_t side = frame.maps > 1 ? kSide : kSideAlone;
  const int64_t maps = std::min(frame.maps, kMaps);
  const int64_t tall = (frame.height + side - 1) / side, wide = (frame.width + side - 1) / side;
  std::string pixels;
  for (int64_t row = 0; row < maps * frame.height;) {
    const int64_t rows = std::min(tall, frame.height - row % frame.height);
    const auto values = ToDoubles(Part(tensor, row * frame.width, rows * frame.width));
    if (!values.ok()) return nullptr;
    for (int64_t column = 0; column < frame.width; column += wide) {
      pixels.push_back(Pixel(values->data() + column, rows, std::min(wide, frame.width - column),
                             frame.width, stats));
    }
    row += rows;
  }
  Json json;
  json["maps"] = maps;
  json["of"] = frame.maps;
  json["height"] = (frame.height + tall - 1) / tall;
  json["width"] = (frame.width + wide - 1) / wide;
  json["pixels"] = absl::Base64Escape(pixels);
  return json;
}

}  // namespace sardonyx
