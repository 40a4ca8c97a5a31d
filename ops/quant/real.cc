#include "ops/quant/real.h"

#include <array>
#include <type_traits>

#include "ops/common/convert.h"

namespace sardonyx {
namespace {

using Readable = decltype(QuantizedTypes{} +
                          TypeList<float, Half, BFloat16, int32_t, Float8E8M0>{});

template <typename T>
void Read(const void* data, int64_t first, int64_t n, float* out) {
  const T* in = static_cast<const T*>(data) + first;
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(in[i]);
}

template <typename T>
struct Range {
  static constexpr int64_t kLow = std::numeric_limits<T>::min();
  static constexpr int64_t kHigh = std::numeric_limits<T>::max();
};
template <int bits, bool is_signed>
struct Range<NarrowInt<bits, is_signed>> {
  static constexpr int64_t kLow = NarrowInt<bits, is_signed>::kMin;
  static constexpr int64_t kHigh = NarrowInt<bits, is_signed>::kMax;
};

template <typename T>
void Write(const float* values, const float* zero_points, int64_t zero_step, bool saturate, void* y,
           int64_t first, int64_t n) {
  T* out = static_cast<T*>(y) + first;
  for (int64_t i = 0; i < n; ++i) {
    const float zero = zero_points[i * zero_step];
    if constexpr (requires { T::FromFloat(0.0f, true); }) {
      out[i] = T::FromFloat(values[i] + zero, saturate);
    } else {
      const auto offset = static_cast<int64_t>(zero);
      out[i] = static_cast<T>(
          RoundAndSaturate(values[i], Range<T>::kLow - offset, Range<T>::kHigh - offset) + offset);
    }
  }
}

}  // namespace

ReadReals FindReader(DataType type) {
  ReadReals found = nullptr;
  [&]<typename... Ts>(TypeList<Ts...>) {
    ((type == kTypeOf<Ts> ? void(found = Read<Ts>) : void()), ...);
  }(Readable{});
  return found;
}

WriteQuantized FindWriter(DataType type) {
  WriteQuantized found = nullptr;
  [&]<typename... Ts>(TypeList<Ts...>) {
    ((type == kTypeOf<Ts> ? void(found = Write<Ts>) : void()), ...);
  }(QuantizedTypes{});
  return found;
}

StatusOr<std::vector<float>> ToFloats(const Tensor& tensor) {
  const ReadReals read = FindReader(tensor.type());
  if (read == nullptr) {
    return InvalidArgument("element type ", Name(tensor.type()), " is not supported");
  }
  std::vector<float> values(static_cast<size_t>(tensor.size()));
  read(tensor.raw(), 0, tensor.size(), values.data());
  return values;
}

StatusOr<float> SingleReal(const KernelContext& context, int i, absl::string_view name,
                           float otherwise) {
  if (!context.has_input(i)) return otherwise;
  const Tensor& tensor = context.input(i);
  const ReadReals read = FindReader(tensor.type());
  if (tensor.size() != 1 || read == nullptr) {
    return InvalidArgument(name, " is ", tensor.ToString(), "; one number is needed");
  }
  float value = 0;
  read(tensor.raw(), 0, 1, &value);
  return value;
}

float RoundTo(DataType type, float value) {
  if (type == DataType::kFloat16) return static_cast<float>(Half(value));
  if (type == DataType::kBFloat16) return static_cast<float>(BFloat16(value));
  return value;
}

}  // namespace sardonyx
