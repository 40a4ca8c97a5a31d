#include "tools/cli/picture.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "ops/picture/picture.h"
#include "tools/cli/npy.h"

namespace sardonyx {
namespace {

/// One axis of a resize: for each output position the first input and the weights from there on.
struct AxisWeights {
  struct Span {
    int64_t first = 0;
    std::vector<float> weights;
  };
  std::vector<Span> spans;

  AxisWeights(int64_t from, int64_t to) {
    const double ratio = static_cast<double>(from) / static_cast<double>(to);
    const double reach = std::max(ratio, 1.0);
    spans.resize(static_cast<size_t>(to));
    for (int64_t i = 0; i < to; ++i) {
      const double center = (static_cast<double>(i) + 0.5) * ratio - 0.5;
      const auto low = static_cast<int64_t>(std::ceil(center - reach));
      const auto high = static_cast<int64_t>(std::floor(center + reach));
      Span& span = spans[static_cast<size_t>(i)];
      span.first = std::clamp<int64_t>(low, 0, from - 1);
      span.weights.assign(
          static_cast<size_t>(std::clamp<int64_t>(high, 0, from - 1) - span.first + 1), 0.0f);
      double sum = 0;
      for (int64_t k = low; k <= high; ++k) {
        // Beyond the edge the outermost pixel stands in when the picture grows.
        if (reach > 1 && (k < 0 || k >= from)) continue;
        const double weight = std::max(0.0, 1 - std::abs(static_cast<double>(k) - center) / reach);
        span.weights[static_cast<size_t>(std::clamp<int64_t>(k, 0, from - 1) - span.first)] +=
            static_cast<float>(weight);
        sum += weight;
      }
      for (float& weight : span.weights) weight = static_cast<float>(weight / sum);
    }
  }
};

template <typename T>
void Store(const std::vector<float>& values, bool planar, int channels, Tensor& tensor) {
  const size_t pixels = values.size() / static_cast<size_t>(channels);
  for (size_t i = 0; i < pixels; ++i) {
    for (int c = 0; c < channels; ++c) {
      const float value = values[i * channels + c];
      T& target = tensor.data<T>()[planar ? c * pixels + i : i * channels + c];
      if constexpr (std::is_integral_v<T>) {
        const double low = static_cast<double>(std::numeric_limits<T>::min());
        const double high = static_cast<double>(std::numeric_limits<T>::max());
        const double rounded = std::nearbyint(static_cast<double>(value));
        target = rounded >= high ? std::numeric_limits<T>::max()
                 : rounded > low ? static_cast<T>(rounded)
                                 : std::numeric_limits<T>::min();
      } else {
        target = static_cast<T>(value);
      }
    }
  }
}

StatusOr<double> ForChannel(const std::vector<double>& values, int channel, int channels,
                            double fallback, absl::string_view name) {
  if (values.empty()) return fallback;
  if (values.size() == 1) return values[0];
  if (values.size() != static_cast<size_t>(channels)) {
    return InvalidArgument("--", name, " has ", values.size(), " numbers for ", channels,
                           " channels");
  }
  return values[static_cast<size_t>(channel)];
}

/// Samples as floats in the wanted colour order.
std::vector<float> Convert(const Tensor& picture, Color color) {
  const auto samples = picture.span<uint8_t>();
  const size_t pixels = samples.size() / 3;
  std::vector<float> values(color == Color::kGray ? pixels : pixels * 3);
  for (size_t i = 0; i < pixels; ++i) {
    const float r = samples[3 * i], g = samples[3 * i + 1], b = samples[3 * i + 2];
    if (color == Color::kGray) {
      // Equal parts stay exactly what they are.
      values[i] = r == g && g == b ? r : 0.299f * r + 0.587f * g + 0.114f * b;
    } else {
      values[3 * i] = color == Color::kRgb ? r : b;
      values[3 * i + 1] = g;
      values[3 * i + 2] = color == Color::kRgb ? b : r;
    }
  }
  return values;
}

}  // namespace

std::vector<float> Resize(const std::vector<float>& samples, int64_t width, int64_t height,
                          int channels, int64_t new_width, int64_t new_height) {
  const AxisWeights columns(width, new_width), rows(height, new_height);
  std::vector<float> narrow(static_cast<size_t>(new_width * height * channels), 0.0f);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < new_width; ++x) {
      const AxisWeights::Span& span = columns.spans[static_cast<size_t>(x)];
      float* to = &narrow[static_cast<size_t>((y * new_width + x) * channels)];
      const float* from = &samples[static_cast<size_t>((y * width + span.first) * channels)];
      for (const float weight : span.weights) {
        for (int c = 0; c < channels; ++c) to[c] += weight * *from++;
      }
    }
  }
  const int64_t row = new_width * channels;
  std::vector<float> result(static_cast<size_t>(row * new_height), 0.0f);
  for (int64_t y = 0; y < new_height; ++y) {
    const AxisWeights::Span& span = rows.spans[static_cast<size_t>(y)];
    float* to = &result[static_cast<size_t>(y * row)];
    const float* from = &narrow[static_cast<size_t>(span.first * row)];
    for (const float weight : span.weights) {
      for (int64_t x = 0; x < row; ++x) to[x] += weight * *from++;
    }
  }
  return result;
}

StatusOr<Tensor> ReadPicture(const std::string& path) {
  SX_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(path, int64_t{1} << 28));
  const RunControl unlimited;
  auto picture = DecodePicture(bytes, {.control = &unlimited});
  if (!picture.ok()) return Prepend(picture.status(), absl::StrCat("'", path, "': "));
  return picture;
}

StatusOr<Tensor> PictureToTensor(const Tensor& picture, const PictureOptions& options) {
  const int channels = options.color == Color::kGray ? 1 : 3;
  const int64_t own_width = picture.dim(1), own_height = picture.dim(0);
  const int64_t width = options.width > 0 ? options.width : own_width;
  const int64_t height = options.height > 0 ? options.height : own_height;
  const auto tall = CheckedMul(width, std::max(height, own_height));
  if (!tall || *tall > kMaxPixels) {
    return LimitExceeded("a picture of ", width, "x", height, " is above the limit of ", kMaxPixels,
                         " pixels");
  }
  std::vector<float> values = Convert(picture, options.color);
  if (width != own_width || height != own_height) {
    values = Resize(values, own_width, own_height, channels, width, height);
  }
  for (int c = 0; c < channels; ++c) {
    SX_ASSIGN_OR_RETURN(const double mean, ForChannel(options.mean, c, channels, 0, "mean"));
    SX_ASSIGN_OR_RETURN(const double deviation,
                        ForChannel(options.std_deviation, c, channels, 1, "std"));
    if (deviation == 0) return InvalidArgument("--std is 0");
    for (size_t i = static_cast<size_t>(c); i < values.size(); i += channels) {
      values[i] = static_cast<float>((values[i] * options.scale - mean) / deviation);
    }
  }
  const bool planar = options.layout == Layout::kNchw;
  const Shape shape =
      planar ? Shape{1, channels, height, width} : Shape{1, height, width, channels};
  SX_ASSIGN_OR_RETURN(Tensor tensor, Tensor::CreateUninitialized(options.type, shape));
  SX_RETURN_IF_ERROR(Dispatch(options.type, Floats{} + Integers{}, [&]<typename T>() -> Status {
    Store<T>(values, planar, channels, tensor);
    return absl::OkStatus();
  }));
  return tensor;
}

}  // namespace sardonyx
