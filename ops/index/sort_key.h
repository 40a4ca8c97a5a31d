// Numbers as unsigned keys of the same order, so that sorting is compiled once for all types.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "runtime/base/data_type.h"

namespace sardonyx {

/// Keys compare as the values do: -0 equals 0, and every NaN equals every other and is the
/// greatest, as NumPy sorts them.
template <typename T>
uint64_t SortKey(T value) {
  constexpr uint64_t kSign = uint64_t{1} << 63;
  if constexpr (std::is_integral_v<T> && std::is_unsigned_v<T>) {
    return value;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<uint64_t>(static_cast<int64_t>(value)) ^ kSign;
  } else {
    const double wide = static_cast<double>(value);
    if (wide != wide) return std::numeric_limits<uint64_t>::max();
    const uint64_t bits = std::bit_cast<uint64_t>(wide + 0.0);  // -0 + 0 is 0
    return (bits & kSign) != 0 ? ~bits : bits | kSign;
  }
}

}  // namespace sardonyx
