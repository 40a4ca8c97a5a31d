// Numbers that sum up a tensor's elements.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/base/tensor.h"

namespace sardonyx {

struct TensorStats {
  int64_t elements = 0, nans = 0, infinities = 0, zeros = 0;
  /// Of the finite elements; 0 where there is none.
  double min = 0, max = 0, mean = 0;

  int64_t finite() const { return elements - nans - infinities; }
};

/// Of a tensor of real numbers or booleans. Errors: another element type.
StatusOr<TensorStats> StatsOf(const Tensor& tensor);

/// How many of the finite elements lie in each of `bins` equal parts of [stats.min, stats.max].
StatusOr<std::vector<int64_t>> HistogramOf(const Tensor& tensor, const TensorStats& stats,
                                           int bins);

/// The position of the first NaN or infinity, in row-major order; nullopt where every element is
/// finite or of a type that always is.
std::optional<int64_t> FirstNotFinite(const Tensor& tensor);

/// The index along each axis of the element at that position, counted row by row.
Ints IndexOf(const Shape& shape, int64_t position);

/// "[1,0,7]": the same as text.
std::string PositionText(const Shape& shape, int64_t position);

}  // namespace sardonyx
