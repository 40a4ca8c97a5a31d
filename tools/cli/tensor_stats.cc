#include "tools/cli/tensor_stats.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_join.h"

namespace sardonyx {
namespace {

using Reals = decltype(Numbers{} + NarrowFloats{} + NarrowInts{} + TypeList<bool>{});

template <typename T>
double Number(const T& element) {
  if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<double>(element);
  } else {
    return static_cast<double>(static_cast<ComputeType<T>>(element));
  }
}

/// Whether all of a block are finite. The exponent's bits as an integer: this loop is vectorised,
/// which one of comparisons of floats, whose order counts, is not.
bool AllFinite(const float* elements, int64_t count) {
  uint32_t greatest = 0;
  for (int64_t i = 0; i < count; ++i) {
    uint32_t bits;
    std::memcpy(&bits, elements + i, sizeof(bits));
    greatest = std::max(greatest, bits & 0x7fffffffu);
  }
  return greatest < 0x7f800000u;
}

template <typename T>
std::optional<int64_t> FindNotFinite(absl::Span<const T> elements) {
  for (size_t i = 0; i < elements.size(); ++i) {
    if (!std::isfinite(Number(elements[i]))) return static_cast<int64_t>(i);
  }
  return std::nullopt;
}

}  // namespace

StatusOr<TensorStats> StatsOf(const Tensor& tensor) {
  TensorStats stats{.elements = tensor.size()};
  double sum = 0, low = std::numeric_limits<double>::infinity(), high = -low;
  SX_RETURN_IF_ERROR(Dispatch(tensor.type(), Reals{}, [&]<typename T>() {
    for (const T& element : tensor.span<T>()) {
      const double x = Number(element);
      if (std::isfinite(x)) {
        sum += x;
        low = std::min(low, x);
        high = std::max(high, x);
        stats.zeros += x == 0;
      } else {
        ++(std::isnan(x) ? stats.nans : stats.infinities);
      }
    }
    return absl::OkStatus();
  }));
  if (stats.finite() > 0) {
    stats.min = low;
    stats.max = high;
    stats.mean = sum / static_cast<double>(stats.finite());
  }
  return stats;
}

StatusOr<std::vector<int64_t>> HistogramOf(const Tensor& tensor, const TensorStats& stats,
                                           int bins) {
  std::vector<int64_t> counts(static_cast<size_t>(bins), 0);
  const double width = (stats.max - stats.min) / bins;
  SX_RETURN_IF_ERROR(Dispatch(tensor.type(), Reals{}, [&]<typename T>() {
    for (const T& element : tensor.span<T>()) {
      const double x = Number(element);
      if (!std::isfinite(x)) continue;
      const double bin = width > 0 ? std::floor((x - stats.min) / width) : 0;
      ++counts[static_cast<size_t>(std::clamp(bin, 0.0, static_cast<double>(bins - 1)))];
    }
    return absl::OkStatus();
  }));
  return counts;
}

std::optional<int64_t> FirstNotFinite(const Tensor& tensor) {
  if (tensor.type() == DataType::kFloat && AllFinite(tensor.data<float>(), tensor.size())) {
    return std::nullopt;
  }
  std::optional<int64_t> found;
  // Other types have no such elements.
  (void)Dispatch(tensor.type(), decltype(Floats{} + NarrowFloats{}){}, [&]<typename T>() {
    found = FindNotFinite(tensor.span<T>());
    return absl::OkStatus();
  });
  return found;
}

Ints IndexOf(const Shape& shape, int64_t position) {
  Ints index(shape.rank());
  for (int i = shape.rank(); i-- > 0; position /= shape[i]) index[i] = position % shape[i];
  return index;
}

std::string PositionText(const Shape& shape, int64_t position) {
  return absl::StrCat("[", absl::StrJoin(IndexOf(shape, position), ","), "]");
}

}  // namespace sardonyx
