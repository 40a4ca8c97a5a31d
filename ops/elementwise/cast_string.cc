// Conversions between numbers and text.
#include <charconv>
#include <cmath>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "ops/elementwise/cast.h"

namespace sardonyx {
namespace {

/// The shortest decimal digits that read back as the same F, scientific where the exponent is
/// below -4 or not below 16, and with ".0" where it would look like an integer.
template <typename F>
std::string FloatText(F value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const F magnitude = std::fabs(value);
  const bool scientific = magnitude != 0 && (magnitude < F(1e-4) || magnitude >= F(1e16));
  const auto result =
      std::to_chars(buffer, buffer + sizeof(buffer), value,
                    scientific ? std::chars_format::scientific : std::chars_format::fixed);
  std::string text(buffer, result.ptr);
  if (!scientific && text.find('.') == std::string::npos) text += ".0";
  return text;
}

template <typename T>
std::string Text(T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "True" : "False";
  } else if constexpr (std::is_integral_v<T>) {
    return absl::StrCat(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return FloatText(value);
  } else if constexpr (std::is_same_v<T, Half>) {
    // The shortest text among those that read back as the same half.
    const float wide = static_cast<float>(value);
    for (int digits = 1; digits <= 5 && std::isfinite(wide); ++digits) {
      char buffer[32];
      const auto end = std::to_chars(buffer, buffer + sizeof(buffer), wide,
                                     std::chars_format::scientific, digits - 1);
      float back = 0;
      std::from_chars(buffer, end.ptr, back);
      if (Half(back).bits == value.bits) return FloatText(back);
    }
    return FloatText(wide);
  } else if constexpr (requires { T::kMax; }) {
    return absl::StrCat(static_cast<int>(value));  // 4- and 2-bit integers
  } else {
    return FloatText(static_cast<float>(value));
  }
}

Status NotANumber(const std::string& text, DataType type) {
  return InvalidArgument("the text '", text.substr(0, 40), "' cannot be cast to ", Name(type));
}

/// A real number in any of the notations that Cast knows.
bool ParseReal(absl::string_view text, double* value) {
  return absl::SimpleAtod(text, value);  // takes "inf" and "nan" in any case, and an exponent
}

template <typename T>
Status ParseElement(const std::string& text, T* value) {
  constexpr DataType type = kTypeOf<T>;
  const absl::string_view stripped = absl::StripAsciiWhitespace(text);
  if constexpr (std::is_same_v<T, bool>) {
    double number = 0;
    if (absl::EqualsIgnoreCase(stripped, "true")) {
      *value = true;
    } else if (absl::EqualsIgnoreCase(stripped, "false")) {
      *value = false;
    } else if (ParseReal(stripped, &number)) {
      *value = number != 0;
    } else {
      return NotANumber(text, type);
    }
  } else {
    // Integers are read whole; what has a fraction or an exponent goes through double.
    if (int64_t number = 0; std::is_signed_v<T> && absl::SimpleAtoi(stripped, &number)) {
      if (number < std::numeric_limits<T>::min() || number > std::numeric_limits<T>::max()) {
        return NotANumber(text, type);
      }
      *value = static_cast<T>(number);
      return absl::OkStatus();
    }
    if (uint64_t number = 0; !std::is_signed_v<T> && absl::SimpleAtoi(stripped, &number)) {
      if (number > std::numeric_limits<T>::max()) return NotANumber(text, type);
      *value = static_cast<T>(number);
      return absl::OkStatus();
    }
    double number = 0;
    if (!ParseReal(stripped, &number) || !(number > -9.2e18 && number < 9.2e18)) {
      return NotANumber(text, type);
    }
    const auto whole = static_cast<int64_t>(number);
    if (whole < 0 && !std::is_signed_v<T>) return NotANumber(text, type);
    if (static_cast<int64_t>(static_cast<T>(whole)) != whole) return NotANumber(text, type);
    *value = static_cast<T>(whole);
  }
  return absl::OkStatus();
}

}  // namespace

Status CastToStrings(KernelContext& context, const Tensor& from, Tensor& to) {
  using Types = decltype(Numbers{} + NarrowFloats{} + NarrowInts{} + TypeList<bool>{});
  return Dispatch(from.type(), Types{}, [&]<typename T>() -> Status {
    const T* in = from.data<T>();
    auto* out = to.data<std::string>();
    return context.ParallelFor(from.size(), 200, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) out[i] = Text(in[i]);
    });
  });
}

Status CastFromStrings(KernelContext& context, const Tensor& from, Tensor& to,
                       const CastOptions& options) {
  const auto* in = from.data<std::string>();
  if (IsInteger(to.type()) && PackedBits(to.type()) >= 8) {
    return Dispatch(to.type(), Integers{}, [&]<typename T>() -> Status {
      for (int64_t i = 0; i < from.size(); ++i) {
        if (i % 4096 == 0) SX_RETURN_IF_ERROR(context.Check());
        SX_RETURN_IF_ERROR(ParseElement(in[i], to.data<T>() + i));
      }
      return absl::OkStatus();
    });
  }
  if (to.type() == DataType::kBool) {
    for (int64_t i = 0; i < from.size(); ++i) {
      SX_RETURN_IF_ERROR(ParseElement(in[i], to.data<bool>() + i));
    }
    return absl::OkStatus();
  }
  // Floats of every kind and the packed integers: by way of double.
  SX_ASSIGN_OR_RETURN(Tensor numbers, context.Temporary(DataType::kDouble, from.shape()));
  for (int64_t i = 0; i < from.size(); ++i) {
    if (i % 4096 == 0) SX_RETURN_IF_ERROR(context.Check());
    if (!ParseReal(absl::StripAsciiWhitespace(in[i]), numbers.data<double>() + i)) {
      return NotANumber(in[i], to.type());
    }
  }
  const CastRange cast = FindCast(DataType::kDouble, to.type());
  if (cast == nullptr) {
    return InvalidArgument("element type ", Name(to.type()), " is not supported");
  }
  cast(numbers, to, 0, numbers.size(), options);
  return absl::OkStatus();
}

}  // namespace sardonyx
