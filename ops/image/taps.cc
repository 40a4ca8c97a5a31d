// Coordinates and weights of resampling. The cubic kernel is that of R. Keys, "Cubic Convolution
// Interpolation for Digital Image Processing", 1981.
#include <algorithm>
#include <cmath>

#include "ops/image/resample.h"

namespace sardonyx {
namespace {

constexpr int64_t kLargestTable = int64_t{1} << 27;

/// The place in the input that output element `i` shows.
double SourcePlace(CoordinateMode mode, const AxisResize& axis, int64_t i) {
  const double x = static_cast<double>(i), from = static_cast<double>(axis.from);
  const double to = axis.scale * from;  // may be a fraction, unlike the output's size
  switch (mode) {
    case CoordinateMode::kHalfPixel:
      return (x + 0.5) / axis.scale - 0.5;
    case CoordinateMode::kTfHalfPixel:
      return (x + 0.5) / axis.scale;
    case CoordinateMode::kHalfPixelSymmetric: {
      const double offset = from / 2 * (1 - static_cast<double>(axis.to) / to);
      return offset + (x + 0.5) / axis.scale - 0.5;
    }
    case CoordinateMode::kPytorchHalfPixel:
      return axis.to > 1 ? (x + 0.5) / axis.scale - 0.5 : 0;
    case CoordinateMode::kAlignCorners:
      return to == 1 ? 0 : x * (from - 1) / (to - 1);
    case CoordinateMode::kAsymmetric:
      return x / axis.scale;
    case CoordinateMode::kTfCropAndResize: {
      const double start = axis.roi_start, end = axis.roi_end;
      return to == 1 ? 0.5 * (start + end) * (from - 1)
                     : start * (from - 1) + x * (end - start) * (from - 1) / (to - 1);
    }
  }
  return x;
}

double NearestPlace(NearestMode mode, double x, double scale) {
  switch (mode) {
    case NearestMode::kRoundPreferFloor:
      return std::ceil(x - 0.5);
    case NearestMode::kRoundPreferCeil:
      return std::floor(x + 0.5);
    case NearestMode::kFloor:
      return std::floor(x);
    case NearestMode::kCeil:
      return std::ceil(x);
    case NearestMode::kFloorUpCeilDown:
      return scale < 1 ? std::ceil(x) : std::floor(x);
  }
  return x;
}

double LinearKernel(double x) { return std::max(0.0, 1 - std::abs(x)); }

double CubicKernel(double x, double a) {
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

}  // namespace

StatusOr<AxisTaps> MakeTaps(const ResampleRule& rule, const AxisResize& resize) {
  AxisTaps table{.axis = resize.axis, .from = resize.from, .to = resize.to};
  if (resize.to == 0) return table;
  if (resize.from == 0) {
    return InvalidArgument("axis ", resize.axis, " has no elements to make ", resize.to, " of");
  }
  const bool nearest = rule.mode == ResizeMode::kNearest;
  // Antialiasing stretches the kernel over all the input that an output element stands for.
  const double stretch = rule.antialias ? std::min(resize.scale, 1.0) : 1.0;
  const double support = rule.mode == ResizeMode::kCubic ? 2 : 1;
  const double reach = nearest ? 1 : std::ceil(support / stretch);
  if (!(reach * static_cast<double>(resize.to) < kLargestTable / 2)) {
    return LimitExceeded("resizing axis ", resize.axis, " from ", resize.from, " to ", resize.to,
                         " needs too many weights");
  }
  const int64_t first = 1 - static_cast<int64_t>(reach);
  table.taps = nearest ? 1 : 2 * static_cast<int64_t>(reach);
  table.index.resize(resize.to * table.taps);
  if (!nearest) table.weight.resize(resize.to * table.taps);
  const double last = static_cast<double>(resize.from - 1);
  for (int64_t i = 0; i < resize.to; ++i) {
    double x = SourcePlace(rule.coordinates, resize, i);
    if (rule.coordinates == CoordinateMode::kTfCropAndResize && !(x >= 0 && x <= last)) {
      table.outside.resize(resize.to);
      table.outside[i] = 1;
    }
    // Far outside, every element is the edge's; so places need not exceed what an int64 holds.
    x = std::isnan(x) ? 0 : std::clamp(x, -reach - 2, last + reach + 2);
    if (nearest) {
      table.index[i] =
          static_cast<int64_t>(std::clamp(NearestPlace(rule.nearest, x, resize.scale), 0.0, last));
      continue;
    }
    const double floor = std::floor(x), ratio = x - floor;
    double sum = 0;
    for (int64_t t = 0; t < table.taps; ++t) {
      const int64_t place = static_cast<int64_t>(floor) + first + t;
      const double distance = (static_cast<double>(first + t) - ratio) * stretch;
      double weight = rule.mode == ResizeMode::kCubic ? CubicKernel(distance, rule.cubic_a)
                                                      : LinearKernel(distance);
      if (rule.exclude_outside && (place < 0 || place >= resize.from)) weight = 0;
      sum += weight;
      table.weight[i * table.taps + t] = weight;
      table.index[i * table.taps + t] = std::clamp<int64_t>(place, 0, resize.from - 1);
    }
    if ((rule.exclude_outside || rule.antialias) && sum != 0) {
      for (int64_t t = 0; t < table.taps; ++t) table.weight[i * table.taps + t] /= sum;
    }
  }
  return table;
}

}  // namespace sardonyx
