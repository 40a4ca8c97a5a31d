#include "importer/packing.h"

#include <cstring>

namespace sardonyx {

void Unpack(DataType type, const uint8_t* packed, int64_t count, uint8_t* elements) {
  const int bits = PackedBits(type);
  const unsigned mask = (1u << bits) - 1;
  const unsigned sign = IsInteger(type) && IsSigned(type) ? 1u << (bits - 1) : 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t bit = i * bits;
    const int offset = static_cast<int>(bit % 8);
    unsigned value = packed[bit / 8] >> offset;
    if (offset + bits > 8) value |= static_cast<unsigned>(packed[bit / 8 + 1]) << (8 - offset);
    value &= mask;
    elements[i] = static_cast<uint8_t>((value ^ sign) - sign);
  }
}

void Pack(DataType type, const uint8_t* elements, int64_t count, uint8_t* packed) {
  const int bits = PackedBits(type);
  const unsigned mask = (1u << bits) - 1;
  std::memset(packed, 0, static_cast<size_t>(PackedBytes(count, bits)));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t bit = i * bits;
    const int offset = static_cast<int>(bit % 8);
    const unsigned value = (elements[i] & mask) << offset;
    packed[bit / 8] |= static_cast<uint8_t>(value);
    if (value > 0xff) packed[bit / 8 + 1] |= static_cast<uint8_t>(value >> 8);
  }
}

}  // namespace sardonyx
