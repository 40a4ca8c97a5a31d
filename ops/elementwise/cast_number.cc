// Conversions among numbers. Every type is read as the widest type of its kind (int64, uint64 or
// double, all exact) and written from there, block by block, so that n types need n readers and
// 3n writers instead of n^2 loops; pairs that models use often have loops of their own.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "ops/common/convert.h"
#include "ops/common/half.h"
#include "ops/elementwise/cast.h"

namespace sardonyx {
namespace {

constexpr int64_t kBlock = 256;

template <typename T>
inline constexpr bool kIsNarrowInt = false;
template <int bits, bool is_signed>
inline constexpr bool kIsNarrowInt<NarrowInt<bits, is_signed>> = true;

template <typename T>
using WideType = std::conditional_t<
    std::is_same_v<T, uint64_t>, uint64_t,
    std::conditional_t<std::is_integral_v<T> || kIsNarrowInt<T>, int64_t, double>>;

/// The nearest power of two in the direction asked for; negative numbers are NaN, zero is the
/// least power, or NaN without saturation.
Float8E8M0 ToE8M0(double value, const CastOptions& options) {
  constexpr uint8_t kNan = 0xff, kGreatest = 0xfe;
  if (std::isnan(value) || value < 0) return Float8E8M0::FromBits(kNan);
  if (value == 0) return Float8E8M0::FromBits(options.saturate ? 0 : kNan);
  if (std::isinf(value)) return Float8E8M0::FromBits(options.saturate ? kGreatest : kNan);
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // value = fraction * 2^exponent, [0.5, 1)
  int biased = exponent - 1 + 127;
  if (biased < 0) return Float8E8M0::FromBits(options.saturate ? 0 : kNan);  // below 2^-127
  switch (options.e8m0) {
    case CastOptions::Rounding::kUp:
      biased += fraction > 0.5;
      break;
    case CastOptions::Rounding::kDown:
      break;
    case CastOptions::Rounding::kNearest:
      biased += fraction >= 0.75;
      break;
  }
  if (biased > kGreatest) return Float8E8M0::FromBits(options.saturate ? kGreatest : kNan);
  return Float8E8M0::FromBits(static_cast<uint8_t>(biased));
}

template <typename T>
inline constexpr bool kSaturates =
    std::is_same_v<T, Float8E4M3FN> || std::is_same_v<T, Float8E4M3FNUZ> ||
    std::is_same_v<T, Float8E5M2> || std::is_same_v<T, Float8E5M2FNUZ>;

template <typename T>
inline constexpr bool kIsFinite =
    std::is_same_v<T, Float4E2M1> || std::is_same_v<T, Float6E2M3> || std::is_same_v<T, Float6E3M2>;

/// One number of a wide type as T.
template <typename T, typename Wide>
T FromWide(Wide value, const CastOptions& options) {
  if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_same_v<T, Float8E8M0>) {
    return ToE8M0(static_cast<double>(value), options);
  } else if constexpr (kIsFinite<T>) {
    // What has no NaN gets -0 for it, as in the official cases; the standards leave it open.
    return value != value ? T::FromBits(T::kSign) : static_cast<T>(value);
  } else if constexpr (kSaturates<T>) {
    // Through T first for its single rounding; then only what overflowed differs.
    const T plain(value);
    if (!options.saturate) return plain;
    const auto back = static_cast<float>(plain);
    if (std::isfinite(back) || value != value) return plain;
    return T::FromFloat(static_cast<float>(value), true);
  } else if constexpr (std::is_same_v<Wide, double> && std::is_same_v<T, uint64_t>) {
    return TruncateToUInt64(value);
  } else if constexpr (std::is_same_v<Wide, double> && (std::is_integral_v<T> || kIsNarrowInt<T>)) {
    return static_cast<T>(TruncateToInt64(value));
  } else {
    return static_cast<T>(value);
  }
}

template <typename T>
void ReadBlock(const void* from, void* wide, int64_t n) {
  const T* in = static_cast<const T*>(from);
  auto* out = static_cast<WideType<T>*>(wide);
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<WideType<T>>(in[i]);
}

template <typename T, typename Wide>
void WriteBlock(const void* wide, void* to, int64_t n, const CastOptions& options) {
  const Wide* in = static_cast<const Wide*>(wide);
  T* out = static_cast<T*>(to);
  for (int64_t i = 0; i < n; ++i) out[i] = FromWide<T>(in[i], options);
}

using ReadFn = void (*)(const void*, void*, int64_t);
using WriteFn = void (*)(const void*, void*, int64_t, const CastOptions&);
enum class Kind { kNone, kInt64, kUInt64, kDouble };

struct Converter {
  Kind kind = Kind::kNone;
  ReadFn read = nullptr;
  WriteFn write[4] = {};  // by the Kind that is written from
};

using Castable = decltype(Numbers{} + NarrowFloats{} + NarrowInts{} + TypeList<bool>{});

template <typename T>
Converter MakeConverter() {
  Converter converter;
  converter.kind = std::is_same_v<WideType<T>, double>     ? Kind::kDouble
                   : std::is_same_v<WideType<T>, uint64_t> ? Kind::kUInt64
                                                           : Kind::kInt64;
  converter.read = ReadBlock<T>;
  converter.write[static_cast<int>(Kind::kInt64)] = WriteBlock<T, int64_t>;
  converter.write[static_cast<int>(Kind::kUInt64)] = WriteBlock<T, uint64_t>;
  converter.write[static_cast<int>(Kind::kDouble)] = WriteBlock<T, double>;
  return converter;
}

const Converter& ConverterOf(DataType type) {
  static const auto* const table = [] {
    auto* made = new std::array<Converter, kDataTypeCount>();
    [&]<typename... Ts>(TypeList<Ts...>) {
      (((*made)[static_cast<size_t>(kTypeOf<Ts>)] = MakeConverter<Ts>()), ...);
    }(Castable{});
    return made;
  }();
  return (*table)[static_cast<size_t>(type)];
}

void CastBlocks(const Tensor& from, Tensor& to, int64_t begin, int64_t end,
                const CastOptions& options) {
  const Converter &source = ConverterOf(from.type()), &target = ConverterOf(to.type());
  const WriteFn write = target.write[static_cast<int>(source.kind)];
  const auto from_size = static_cast<int64_t>(ElementSize(from.type()));
  const auto to_size = static_cast<int64_t>(ElementSize(to.type()));
  const auto* in = static_cast<const std::byte*>(from.raw());
  auto* out = static_cast<std::byte*>(to.raw());
  alignas(64) std::byte wide[kBlock * sizeof(double)];
  for (int64_t i = begin; i < end; i += kBlock) {
    const int64_t n = std::min(kBlock, end - i);
    source.read(in + i * from_size, wide, n);
    write(wide, out + i * to_size, n, options);
  }
}

/// A pair with a loop of its own.
template <typename From, typename To>
void CastDirect(const Tensor& from, Tensor& to, int64_t begin, int64_t end, const CastOptions&) {
  const From* in = from.data<From>();
  To* out = to.data<To>();
  for (int64_t i = begin; i < end; ++i) out[i] = static_cast<To>(in[i]);
}

struct Direct {
  DataType from, to;
  CastRange cast;
};

template <typename From, typename To>
constexpr Direct Pair() {
  return {kTypeOf<From>, kTypeOf<To>, CastDirect<From, To>};
}

void CastFromHalf(const Tensor& from, Tensor& to, int64_t begin, int64_t end, const CastOptions&) {
  HalfToFloat(from.data<Half>() + begin, end - begin, to.data<float>() + begin);
}

void CastToHalf(const Tensor& from, Tensor& to, int64_t begin, int64_t end, const CastOptions&) {
  FloatToHalf(from.data<float>() + begin, end - begin, to.data<Half>() + begin);
}

constexpr Direct kDirect[] = {
    {DataType::kFloat16, DataType::kFloat, CastFromHalf},
    {DataType::kFloat, DataType::kFloat16, CastToHalf},
    Pair<float, BFloat16>(),
    Pair<BFloat16, float>(),
    Pair<float, double>(),
    Pair<double, float>(),
    Pair<int32_t, float>(),
    Pair<int64_t, float>(),
    Pair<uint8_t, float>(),
    Pair<int8_t, float>(),
    Pair<bool, float>(),
    Pair<int32_t, int64_t>(),
    Pair<int64_t, int32_t>(),
    Pair<bool, int64_t>(),
    Pair<bool, int32_t>(),
    Pair<float, bool>(),
    Pair<int64_t, bool>(),
    Pair<int32_t, bool>(),
};

void CastSame(const Tensor& from, Tensor& to, int64_t begin, int64_t end, const CastOptions&) {
  if (begin == end || from.raw() == to.raw()) return;
  const auto size = static_cast<int64_t>(ElementSize(from.type()));
  std::memcpy(static_cast<std::byte*>(to.raw()) + begin * size,
              static_cast<const std::byte*>(from.raw()) + begin * size,
              static_cast<size_t>((end - begin) * size));
}

}  // namespace

CastRange FindCast(DataType from, DataType to) {
  if (ConverterOf(from).kind == Kind::kNone || ConverterOf(to).kind == Kind::kNone) return nullptr;
  // Infinities saturate even where the type stays the same; of these types only one has them.
  if (from == to && from != DataType::kFloat8E5M2) return CastSame;
  for (const Direct& direct : kDirect) {
    if (direct.from == from && direct.to == to) return direct.cast;
  }
  return CastBlocks;
}

}  // namespace sardonyx
