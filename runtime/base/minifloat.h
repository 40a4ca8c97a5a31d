// Floating-point formats narrower than float, stored as their bits.
//
// One template covers IEEE half, bfloat16, the OCP 8-, 6- and 4-bit formats (OCP 8-bit Floating
// Point Specification 1.0, OCP Microscaling Formats 1.0) and the "FNUZ" 8-bit formats of
// Graphcore, AMD and Qualcomm (arXiv:2206.02915). Conversion from float rounds to nearest even and
// saturates only when asked; conversion to float is exact.
#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace sardonyx {

/// Which bit patterns are not finite numbers.
enum class Specials {
  kIeee,     // all-ones exponent: infinity and NaN
  kNanOnly,  // all ones in exponent and mantissa: NaN; no infinity (E4M3FN)
  kFnuz,     // the pattern of negative zero is the one NaN; no infinity
  kNone,     // every pattern is a finite number (E2M3, E3M2, E2M1)
};

/// A float of one sign bit, kExponent and kMantissa bits, held in Bits (unused high bits zero).
template <typename Bits, int kExponent, int kMantissa, int kBias, Specials kSpecials>
struct MiniFloat {
  Bits bits = 0;

  static constexpr int kWidth = 1 + kExponent + kMantissa;
  static constexpr Bits kSign = Bits(Bits{1} << (kWidth - 1));
  static constexpr Bits kAllOnes = Bits(kSign - 1);  // exponent and mantissa
  static constexpr Bits kInfinity = Bits(kAllOnes & ~((Bits{1} << kMantissa) - 1));  // kIeee only
  static constexpr Bits kNan = kSpecials == Specials::kFnuz ? kSign
                               : kSpecials == Specials::kIeee
                                   ? Bits(kInfinity | (Bits{1} << (kMantissa - 1)))
                                   : kAllOnes;
  static constexpr Bits kLargest = kSpecials == Specials::kIeee      ? Bits(kInfinity - 1)
                                   : kSpecials == Specials::kNanOnly ? Bits(kAllOnes - 1)
                                                                     : kAllOnes;

  constexpr MiniFloat() = default;
  template <typename T>
  requires std::is_arithmetic_v<T>
  explicit MiniFloat(T value) : MiniFloat(FromFloat(static_cast<float>(value), false)) {}
  /// double rounds once, not through float: the narrowing below keeps a sticky bit.
  explicit MiniFloat(double value) : MiniFloat(FromFloat(RoundToOdd(value), false)) {}

  static constexpr MiniFloat FromBits(Bits bits) {
    MiniFloat result;
    result.bits = bits;
    return result;
  }

  /// Rounds to nearest even. Beyond the largest finite value: saturates if `saturate`, otherwise
  /// gives infinity, or NaN in formats that have none (the largest value in kNone formats).
  static MiniFloat FromFloat(float value, bool saturate) {
    const Bits sign = std::signbit(value) ? kSign : Bits{0};
    if (std::isnan(value)) {
      if constexpr (kSpecials == Specials::kFnuz) return FromBits(kNan);
      if constexpr (kSpecials == Specials::kNone) return FromBits(kLargest);
      return FromBits(Bits(sign | kNan));
    }
    if (std::isinf(value)) return FromBits(Overflow(sign, saturate));
    const uint32_t word = std::bit_cast<uint32_t>(value) & 0x7fffffffu;
    if (word == 0) return FromBits(Zero(sign));
    // significand * 2^(exponent - 23), significand with its leading one at bit 23.
    int exponent = static_cast<int>(word >> 23) - 127;
    uint32_t significand = word & 0x7fffffu;
    if (word < 0x800000u) {  // subnormal float
      const int shift = std::countl_zero(significand) - 8;
      significand <<= shift;
      exponent = -126 - shift;
    } else {
      significand |= 0x800000u;
    }
    int biased = exponent + kBias;
    int drop = 23 - kMantissa;
    if (biased < 1) {
      drop += 1 - biased;
      biased = 0;
    }
    if (drop > 24) return FromBits(Zero(sign));
    uint64_t rounded = significand;
    if (drop > 0) {
      const uint32_t half = 1u << (drop - 1);
      const uint32_t rest = significand & ((1u << drop) - 1);
      rounded = significand >> drop;
      if (rest > half || (rest == half && (rounded & 1))) ++rounded;
    }
    // Adding lets a mantissa that rounded up carry into the exponent.
    const uint64_t magnitude =
        biased == 0 ? rounded : (static_cast<uint64_t>(biased - 1) << kMantissa) + rounded;
    if (magnitude > kLargest) return FromBits(Overflow(sign, saturate));
    if (magnitude == 0) return FromBits(Zero(sign));
    return FromBits(Bits(sign | magnitude));
  }

  explicit operator float() const {
    const bool negative = (bits & kSign) != 0;
    const Bits magnitude = bits & kAllOnes;
    if (IsNan()) return std::numeric_limits<float>::quiet_NaN();
    if constexpr (kSpecials == Specials::kIeee) {
      if (magnitude == kInfinity) {
        const float infinity = std::numeric_limits<float>::infinity();
        return negative ? -infinity : infinity;
      }
    }
    const int biased = magnitude >> kMantissa;
    const int mantissa = magnitude & ((1 << kMantissa) - 1);
    const float value = biased == 0
                            ? std::ldexp(static_cast<float>(mantissa), 1 - kBias - kMantissa)
                            : std::ldexp(static_cast<float>(mantissa + (1 << kMantissa)),
                                         biased - kBias - kMantissa);
    return negative ? -value : value;
  }
  template <typename T>
  requires std::is_arithmetic_v<T>
  explicit operator T() const { return static_cast<T>(static_cast<float>(*this)); }

  bool IsNan() const {
    if constexpr (kSpecials == Specials::kFnuz) return bits == kSign;
    if constexpr (kSpecials == Specials::kNanOnly) return (bits & kAllOnes) == kAllOnes;
    if constexpr (kSpecials == Specials::kIeee) return (bits & kAllOnes) > kInfinity;
    return false;
  }

 private:
  static constexpr Bits Zero(Bits sign) { return kSpecials == Specials::kFnuz ? Bits{0} : sign; }
  static constexpr Bits Overflow(Bits sign, bool saturate) {
    if (saturate || kSpecials == Specials::kNone) return Bits(sign | kLargest);
    if constexpr (kSpecials == Specials::kIeee) return Bits(sign | kInfinity);
    if constexpr (kSpecials == Specials::kFnuz) return kNan;
    return Bits(sign | kNan);
  }
  /// Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008: rounding to odd
  /// first makes the second rounding correct.
  static float RoundToOdd(double value) {
    float result = static_cast<float>(value);
    if (static_cast<double>(result) == value || !std::isfinite(result) || std::isnan(value)) {
      return result;
    }
    uint32_t word = std::bit_cast<uint32_t>(result);
    if (std::abs(static_cast<double>(result)) > std::abs(value)) --word;
    return std::bit_cast<float>(word | 1u);
  }
};

using Half = MiniFloat<uint16_t, 5, 10, 15, Specials::kIeee>;
using BFloat16 = MiniFloat<uint16_t, 8, 7, 127, Specials::kIeee>;
using Float8E4M3FN = MiniFloat<uint8_t, 4, 3, 7, Specials::kNanOnly>;
using Float8E4M3FNUZ = MiniFloat<uint8_t, 4, 3, 8, Specials::kFnuz>;
using Float8E5M2 = MiniFloat<uint8_t, 5, 2, 15, Specials::kIeee>;
using Float8E5M2FNUZ = MiniFloat<uint8_t, 5, 2, 16, Specials::kFnuz>;
using Float6E2M3 = MiniFloat<uint8_t, 2, 3, 1, Specials::kNone>;
using Float6E3M2 = MiniFloat<uint8_t, 3, 2, 3, Specials::kNone>;
using Float4E2M1 = MiniFloat<uint8_t, 2, 1, 1, Specials::kNone>;

/// A power of two without sign: 2^(bits - 127), 255 being NaN.
struct Float8E8M0 {
  uint8_t bits = 0;

  constexpr Float8E8M0() = default;
  static constexpr Float8E8M0 FromBits(uint8_t bits) {
    Float8E8M0 result;
    result.bits = bits;
    return result;
  }
  template <typename T>
  requires std::is_arithmetic_v<T>
  explicit Float8E8M0(T value) : Float8E8M0(FromFloat(static_cast<float>(value), true)) {}

  /// The nearest power of two, halfway upwards; not positive or not finite gives NaN.
  static Float8E8M0 FromFloat(float value, bool saturate);
  explicit operator float() const {
    if (IsNan()) return std::numeric_limits<float>::quiet_NaN();
    return std::ldexp(1.0f, static_cast<int>(bits) - 127);
  }
  template <typename T>
  requires std::is_arithmetic_v<T>
  explicit operator T() const { return static_cast<T>(static_cast<float>(*this)); }
  bool IsNan() const { return bits == 0xff; }
};

inline Float8E8M0 Float8E8M0::FromFloat(float value, bool saturate) {
  if (std::isnan(value) || value < 0) return FromBits(0xff);
  if (std::isinf(value)) return FromBits(saturate ? 0xfe : 0xff);
  int exponent = 0;
  const float fraction = std::frexp(value, &exponent);  // value = fraction * 2^exponent, [0.5, 1)
  if (value == 0) return FromBits(0);
  int biased = exponent - 1 + 127 + (fraction >= 0.75f ? 1 : 0);
  if (biased < 0) biased = 0;
  if (biased > 0xfe) return FromBits(saturate ? 0xfe : 0xff);
  return FromBits(static_cast<uint8_t>(biased));
}

/// An integer of kBits bits, one to a byte in memory, wrapping as two's complement.
template <int kBits, bool kSigned>
struct NarrowInt {
  using Storage = std::conditional_t<kSigned, int8_t, uint8_t>;
  static constexpr int kMin = kSigned ? -(1 << (kBits - 1)) : 0;
  static constexpr int kMax = kSigned ? (1 << (kBits - 1)) - 1 : (1 << kBits) - 1;
  Storage value = 0;

  constexpr NarrowInt() = default;
  template <typename T>
  requires std::is_arithmetic_v<T>
  explicit constexpr NarrowInt(T v) : value(Wrap(static_cast<int64_t>(v))) {}
  template <typename T>
  requires std::is_arithmetic_v<T>
  explicit constexpr operator T() const { return static_cast<T>(value); }
  friend constexpr auto operator<=>(NarrowInt, NarrowInt) = default;

 private:
  static constexpr Storage Wrap(int64_t v) {
    const uint64_t low = static_cast<uint64_t>(v) & ((1u << kBits) - 1);
    const bool negative = kSigned && (low >> (kBits - 1)) != 0;
    return static_cast<Storage>(negative ? static_cast<int64_t>(low) - (1 << kBits)
                                         : static_cast<int64_t>(low));
  }
};

using Int4 = NarrowInt<4, true>;
using UInt4 = NarrowInt<4, false>;
using Int2 = NarrowInt<2, true>;
using UInt2 = NarrowInt<2, false>;

}  // namespace sardonyx
