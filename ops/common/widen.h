// Between float and the 16-bit floats, many elements at a time.
#pragma once

#include <bit>
#include <cstdint>

#include "runtime/base/minifloat.h"

namespace sardonyx {

/// Exact, without branches on the value's kind, so that the compiler can turn it into vectors.
inline float Widen(Half half) {
  const uint32_t magnitude = static_cast<uint32_t>(half.bits & 0x7fff) << 13;
  // Multiplying moves the exponent's bias from 15 to 127 and normalizes subnormals.
  const uint32_t finite = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112f);
  const uint32_t special = magnitude | 0x7f800000u;
  const uint32_t sign = static_cast<uint32_t>(half.bits & 0x8000) << 16;
  return std::bit_cast<float>((magnitude >= 0x0f800000u ? special : finite) | sign);
}
inline float Widen(BFloat16 value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value.bits) << 16);
}
inline float Widen(float value) { return value; }

}  // namespace sardonyx
