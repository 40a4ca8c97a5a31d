// How reference kernels add up: in a type wide enough that the order does not show.
#pragma once

#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "runtime/base/data_type.h"

namespace sardonyx {

/// The type in which sums and products over T are built: double for the floats; for integers
/// uint64, in which arithmetic wraps without undefined behaviour and whose low bits are T's.
template <typename T>
using Accumulator = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;

/// What scales a T: the type of a complex number's parts, and T itself otherwise. Multiplying by
/// it, not by a complex number, keeps infinities what they are.
template <typename T>
struct ScaleTypeOf {
  using type = T;
};
template <typename T>
struct ScaleTypeOf<std::complex<T>> {
  using type = T;
};
template <typename T>
using ScaleType = typename ScaleTypeOf<T>::type;
template <typename T>
inline constexpr bool kIsComplex = !std::is_same_v<ScaleType<T>, T>;

template <typename T>
Accumulator<T> Widen(T value) {
  if constexpr (std::is_integral_v<T> || std::is_same_v<T, double>) {
    return static_cast<Accumulator<T>>(value);
  } else {
    return static_cast<double>(static_cast<float>(value));
  }
}

/// The result of an accumulation as T: floats round once, integers keep their low bits.
template <typename T>
T Narrow(Accumulator<T> value) {
  return static_cast<T>(value);
}

/// A real number as T; integers truncate and saturate, NaN becoming 0.
template <typename T>
T FromDouble(double value) {
  if constexpr (std::is_integral_v<T>) {
    if (std::isnan(value)) return 0;
    // 2^digits is exact in double, unlike the greatest value of the 64-bit types.
    const double limit = std::ldexp(1.0, std::numeric_limits<T>::digits);
    if (value >= limit) return std::numeric_limits<T>::max();
    if (value <= static_cast<double>(std::numeric_limits<T>::min())) {
      return std::numeric_limits<T>::min();
    }
  }
  return static_cast<T>(value);
}

}  // namespace sardonyx
