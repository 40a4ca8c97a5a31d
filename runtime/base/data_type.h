// The element types of ONNX and the C++ types that hold them.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "runtime/base/minifloat.h"

namespace sardonyx {

/// Numbered as TensorProto.DataType. In memory every element takes at least one byte: the 4- and
/// 2-bit types are unpacked when they are read.
enum class DataType : uint8_t {
  kUndefined = 0,
  kFloat = 1,
  kUInt8 = 2,
  kInt8 = 3,
  kUInt16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUInt32 = 12,
  kUInt64 = 13,
  kComplex64 = 14,
  kComplex128 = 15,
  kBFloat16 = 16,
  kFloat8E4M3FN = 17,
  kFloat8E4M3FNUZ = 18,
  kFloat8E5M2 = 19,
  kFloat8E5M2FNUZ = 20,
  kUInt4 = 21,
  kInt4 = 22,
  kFloat4E2M1 = 23,
  kFloat8E8M0 = 24,
  kUInt2 = 25,
  kInt2 = 26,
  kFloat6E2M3 = 27,
  kFloat6E3M2 = 28,
};
inline constexpr int kDataTypeCount = 29;

/// Bytes that one element takes in memory; sizeof(std::string) for strings, 0 for kUndefined.
size_t ElementSize(DataType type);

/// Bits that one element takes in a file's raw form: 4 and 2 for the packed types; 0 for strings.
int PackedBits(DataType type);

/// ONNX's lower-case name, such as "float", "int64", "bfloat16"; "undefined" for anything else.
absl::string_view Name(DataType type);

/// The type of that name; accepts NumPy's too ("float32", "float64"). nullopt if there is none.
std::optional<DataType> ParseDataType(absl::string_view name);

bool IsFloatingPoint(DataType type);  // float kinds of every width, not complex
bool IsInteger(DataType type);        // signed and unsigned of every width, not bool
bool IsSigned(DataType type);         // signed integers and all floats

// The element type that a C++ type holds: kTypeOf<float> is DataType::kFloat.
template <typename T>
inline constexpr DataType kTypeOf = DataType::kUndefined;
template <>
inline constexpr DataType kTypeOf<float> = DataType::kFloat;
template <>
inline constexpr DataType kTypeOf<uint8_t> = DataType::kUInt8;
template <>
inline constexpr DataType kTypeOf<int8_t> = DataType::kInt8;
template <>
inline constexpr DataType kTypeOf<uint16_t> = DataType::kUInt16;
template <>
inline constexpr DataType kTypeOf<int16_t> = DataType::kInt16;
template <>
inline constexpr DataType kTypeOf<int32_t> = DataType::kInt32;
template <>
inline constexpr DataType kTypeOf<int64_t> = DataType::kInt64;
template <>
inline constexpr DataType kTypeOf<std::string> = DataType::kString;
template <>
inline constexpr DataType kTypeOf<bool> = DataType::kBool;
template <>
inline constexpr DataType kTypeOf<Half> = DataType::kFloat16;
template <>
inline constexpr DataType kTypeOf<double> = DataType::kDouble;
template <>
inline constexpr DataType kTypeOf<uint32_t> = DataType::kUInt32;
template <>
inline constexpr DataType kTypeOf<uint64_t> = DataType::kUInt64;
template <>
inline constexpr DataType kTypeOf<std::complex<float>> = DataType::kComplex64;
template <>
inline constexpr DataType kTypeOf<std::complex<double>> = DataType::kComplex128;
template <>
inline constexpr DataType kTypeOf<BFloat16> = DataType::kBFloat16;
template <>
inline constexpr DataType kTypeOf<Float8E4M3FN> = DataType::kFloat8E4M3FN;
template <>
inline constexpr DataType kTypeOf<Float8E4M3FNUZ> = DataType::kFloat8E4M3FNUZ;
template <>
inline constexpr DataType kTypeOf<Float8E5M2> = DataType::kFloat8E5M2;
template <>
inline constexpr DataType kTypeOf<Float8E5M2FNUZ> = DataType::kFloat8E5M2FNUZ;
template <>
inline constexpr DataType kTypeOf<UInt4> = DataType::kUInt4;
template <>
inline constexpr DataType kTypeOf<Int4> = DataType::kInt4;
template <>
inline constexpr DataType kTypeOf<Float4E2M1> = DataType::kFloat4E2M1;
template <>
inline constexpr DataType kTypeOf<Float8E8M0> = DataType::kFloat8E8M0;
template <>
inline constexpr DataType kTypeOf<UInt2> = DataType::kUInt2;
template <>
inline constexpr DataType kTypeOf<Int2> = DataType::kInt2;
template <>
inline constexpr DataType kTypeOf<Float6E2M3> = DataType::kFloat6E2M3;
template <>
inline constexpr DataType kTypeOf<Float6E3M2> = DataType::kFloat6E3M2;

template <typename... Ts>
struct TypeList {};

template <typename... As, typename... Bs>
constexpr TypeList<As..., Bs...> operator+(TypeList<As...>, TypeList<Bs...>) {
  return {};
}

using SignedIntegers = TypeList<int8_t, int16_t, int32_t, int64_t>;
using UnsignedIntegers = TypeList<uint8_t, uint16_t, uint32_t, uint64_t>;
using Integers = decltype(SignedIntegers{} + UnsignedIntegers{});
using Floats = TypeList<float, double, Half, BFloat16>;
using Numbers = decltype(Floats{} + Integers{});
using Complexes = TypeList<std::complex<float>, std::complex<double>>;
using NarrowFloats = TypeList<Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ, Float8E8M0,
                              Float6E2M3, Float6E3M2, Float4E2M1>;
using NarrowInts = TypeList<Int4, UInt4, Int2, UInt2>;
using AllTypes = decltype(Numbers{} + Complexes{} + NarrowFloats{} + NarrowInts{} +
                          TypeList<bool, std::string>{});

/// Calls `function.operator()<T>()` (returning absl::Status) with the T among Ts that holds `type`;
/// an InvalidArgument error if none does. Keep the lists short: each T is compiled separately.
/// For pure data movement dispatch on ElementSize instead.
template <typename... Ts, typename Function>
absl::Status Dispatch(DataType type, TypeList<Ts...>, Function&& function) {
  absl::Status status;
  const bool found =
      ((type == kTypeOf<Ts> ? (status = function.template operator()<Ts>(), true) : false) || ...);
  if (found) return status;
  return absl::InvalidArgumentError(absl::StrCat("element type ", Name(type), " is not supported"));
}

/// The type in which a kernel computes on T: float for the narrow floats, T itself otherwise.
template <typename T>
struct ComputeTypeOf {
  using type = T;
};
template <typename B, int E, int M, int K, Specials S>
struct ComputeTypeOf<MiniFloat<B, E, M, K, S>> {
  using type = float;
};
template <>
struct ComputeTypeOf<Float8E8M0> {
  using type = float;
};
template <typename T>
using ComputeType = typename ComputeTypeOf<T>::type;

}  // namespace sardonyx
