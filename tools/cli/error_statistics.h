// How far two tensors of numbers are apart, in the figures that the field uses.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tools/cli/compare_values.h"

namespace sardonyx {

/// Elements that are no numbers.
struct NonFinite {
  int64_t nan = 0, infinite = 0;
};

/// Figures over the pairs of elements that are both finite; a complex number counts as two real
/// ones.
struct ErrorStatistics {
  double mean_abs = 0;  // of |actual - expected|
  double mean_rel = 0;  // of |actual - expected| / |expected|, where that is not zero
  double cosine = 1;    // of the angle between the two as vectors
  /// Peak signal-to-noise ratio in dB, the peak being the largest magnitude that was expected;
  /// infinite where nothing differs.
  double psnr = std::numeric_limits<double>::infinity();
  /// The least tolerance of a kind that everything would pass, with the other kind as it is.
  double least_atol = 0, least_rtol = 0;
  NonFinite actual, expected;
  /// Pairs by their distance in units in the last place: 0, 1, 2, 3..4, 5..8, 9..16 and so on, up
  /// to the greatest; empty for types that are not IEEE 754's or bfloat16.
  std::vector<int64_t> ulps;
};

/// Of tensors of the same shape and numeric type. Errors: another type.
StatusOr<ErrorStatistics> MeasureErrors(const Tensor& actual, const Tensor& expected,
                                        const Tolerance& tolerance);

/// The distances that stand at place `bucket` of ErrorStatistics::ulps: "0", "3-4".
std::string UlpRange(size_t bucket);

/// Whether two tensors of scores name the same classes.
struct TopAgreement {
  int64_t rows = 0;   // elements of the batch
  int64_t first = 0;  // those with the same best class
  int64_t best = 0;   // those with the same `k` best classes, in whatever order
  int64_t k = 0;
};
/// Of tensors of the same type and shape, if they look like scores: floats, [batch, classes] or
/// [classes]; nullopt otherwise.
std::optional<TopAgreement> CompareTop(const Tensor& actual, const Tensor& expected, int64_t k);

}  // namespace sardonyx
