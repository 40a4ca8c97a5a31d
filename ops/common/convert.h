// Conversions of numbers that C++ leaves undefined where they do not fit.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace sardonyx {

/// `value` truncated towards zero; beyond int64 its nearest end, 0 for NaN.
inline int64_t TruncateToInt64(double value) {
  constexpr double kEnd = 9223372036854775808.0;  // 2^63
  if (value >= kEnd) return std::numeric_limits<int64_t>::max();
  if (value < -kEnd) return std::numeric_limits<int64_t>::min();
  return std::isnan(value) ? 0 : static_cast<int64_t>(value);
}

/// The same for uint64; a negative value wraps as int64 does.
inline uint64_t TruncateToUInt64(double value) {
  constexpr double kHalf = 9223372036854775808.0;  // 2^63
  if (value < kHalf) return static_cast<uint64_t>(TruncateToInt64(value));
  if (std::isnan(value)) return 0;
  if (value >= 2 * kHalf) return std::numeric_limits<uint64_t>::max();
  return static_cast<uint64_t>(value);
}

/// `value` rounded to the nearest integer, halves to even, and held within [low, high]; 0 held
/// likewise for NaN.
inline int64_t RoundAndSaturate(double value, int64_t low, int64_t high) {
  if (std::isnan(value)) value = 0;
  const double rounded = std::nearbyint(value);
  if (rounded <= static_cast<double>(low)) return low;
  if (rounded >= static_cast<double>(high)) return high;
  return static_cast<int64_t>(rounded);
}

}  // namespace sardonyx
