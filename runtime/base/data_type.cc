#include "runtime/base/data_type.h"

#include <array>

namespace sardonyx {
namespace {

struct Info {
  absl::string_view name;
  uint8_t size;  // bytes in memory
  uint8_t bits;  // bits in a file's raw form
};

constexpr std::array<Info, kDataTypeCount> kInfo = {{
    {"undefined", 0, 0},      {"float", 4, 32},     {"uint8", 1, 8},
    {"int8", 1, 8},           {"uint16", 2, 16},    {"int16", 2, 16},
    {"int32", 4, 32},         {"int64", 8, 64},     {"string", sizeof(std::string), 0},
    {"bool", 1, 8},           {"float16", 2, 16},   {"double", 8, 64},
    {"uint32", 4, 32},        {"uint64", 8, 64},    {"complex64", 8, 64},
    {"complex128", 16, 128},  {"bfloat16", 2, 16},  {"float8e4m3fn", 1, 8},
    {"float8e4m3fnuz", 1, 8}, {"float8e5m2", 1, 8}, {"float8e5m2fnuz", 1, 8},
    {"uint4", 1, 4},          {"int4", 1, 4},       {"float4e2m1", 1, 4},
    {"float8e8m0", 1, 8},     {"uint2", 1, 2},      {"int2", 1, 2},
    {"float6e2m3", 1, 6},     {"float6e3m2", 1, 6},
}};

const Info& InfoOf(DataType type) {
  const auto index = static_cast<size_t>(type);
  return kInfo[index < kInfo.size() ? index : 0];
}

}  // namespace

size_t ElementSize(DataType type) { return InfoOf(type).size; }
int PackedBits(DataType type) { return InfoOf(type).bits; }
absl::string_view Name(DataType type) { return InfoOf(type).name; }

std::optional<DataType> ParseDataType(absl::string_view name) {
  if (name == "float32" || name == "f32") return DataType::kFloat;
  if (name == "float64" || name == "f64") return DataType::kDouble;
  if (name == "f16") return DataType::kFloat16;
  if (name == "bf16") return DataType::kBFloat16;
  for (int i = 1; i < kDataTypeCount; ++i) {
    if (kInfo[i].name == name) return static_cast<DataType>(i);
  }
  return std::nullopt;
}

bool IsFloatingPoint(DataType type) {
  switch (type) {
    case DataType::kFloat:
    case DataType::kDouble:
    case DataType::kFloat16:
    case DataType::kBFloat16:
    case DataType::kFloat8E4M3FN:
    case DataType::kFloat8E4M3FNUZ:
    case DataType::kFloat8E5M2:
    case DataType::kFloat8E5M2FNUZ:
    case DataType::kFloat8E8M0:
    case DataType::kFloat6E2M3:
    case DataType::kFloat6E3M2:
    case DataType::kFloat4E2M1:
      return true;
    default:
      return false;
  }
}

bool IsInteger(DataType type) {
  switch (type) {
    case DataType::kUInt8:
    case DataType::kInt8:
    case DataType::kUInt16:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kUInt32:
    case DataType::kUInt64:
    case DataType::kUInt4:
    case DataType::kInt4:
    case DataType::kUInt2:
    case DataType::kInt2:
      return true;
    default:
      return false;
  }
}

bool IsSigned(DataType type) {
  if (IsFloatingPoint(type)) return true;
  switch (type) {
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kInt4:
    case DataType::kInt2:
      return true;
    default:
      return false;
  }
}

}  // namespace sardonyx
