// Elements narrower than a byte as files pack them.
#pragma once

#include <cstdint>

#include "runtime/base/data_type.h"

namespace sardonyx {

/// Bytes that `count` elements of `bits` bits take, the last byte filled up.
inline int64_t PackedBytes(int64_t count, int bits) {
  // Whole bytes first, so that no product overflows.
  return bits >= 8 ? count * (bits / 8) : count / 8 * bits + (count % 8 * bits + 7) / 8;
}

/// Unpacks elements of 2, 4 or 6 bits, the first in the lowest bits, to one a byte; signed integer
/// types are sign-extended. `packed` holds PackedBytes(count, PackedBits(type)) bytes.
void Unpack(DataType type, const uint8_t* packed, int64_t count, uint8_t* elements);

/// The inverse. `packed` is overwritten.
void Pack(DataType type, const uint8_t* elements, int64_t count, uint8_t* packed);

}  // namespace sardonyx
