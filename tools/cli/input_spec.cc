#include "tools/cli/input_spec.h"

#include <cmath>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

constexpr int64_t kMaxBytes = int64_t{16} << 30;

/// Short names beside ONNX's own: "f32", "i64", "u8".
std::optional<DataType> ParseTypeName(absl::string_view name) {
  if (name == "str") return DataType::kString;
  if (name.size() >= 2 && (name[0] == 'i' || name[0] == 'u') && absl::ascii_isdigit(name[1])) {
    return ParseDataType(absl::StrCat(name[0] == 'u' ? "uint" : "int", name.substr(1)));
  }
  return ParseDataType(name);
}

/// "1x3x8x8xf32": sizes, then perhaps a type; at least one of them.
bool ParseHead(absl::string_view head, ElementSpec& spec) {
  if (head.empty()) return false;
  Shape shape;
  bool has_dims = false;
  const std::vector<absl::string_view> parts = absl::StrSplit(head, 'x');
  for (size_t i = 0; i < parts.size(); ++i) {
    int64_t dim;
    if (!parts[i].empty() && absl::ascii_isdigit(parts[i][0]) && absl::SimpleAtoi(parts[i], &dim) &&
        shape.rank() < 64) {
      shape.push_back(dim);
      has_dims = true;
      continue;
    }
    const std::optional<DataType> type = ParseTypeName(parts[i]);
    if (!type || i + 1 != parts.size()) return false;
    spec.type = *type;
  }
  if (has_dims || spec.type != DataType::kUndefined) spec.shape = shape;
  return true;
}

bool ParseFill(absl::string_view text, ElementSpec& spec) {
  using Fill = ElementSpec::Fill;
  text = absl::StripAsciiWhitespace(text);
  if (text == "zeros" || text == "ones" || text == "random") {
    spec.fill = text == "zeros" ? Fill::kZeros : text == "ones" ? Fill::kOnes : Fill::kRandom;
    return true;
  }
  if (absl::ConsumePrefix(&text, "random(")) {
    spec.fill = Fill::kRandom;
    const std::pair<absl::string_view, absl::string_view> ends = absl::StrSplit(text, ',');
    absl::string_view high = ends.second;
    double a, b;
    if (!absl::ConsumeSuffix(&high, ")") || !absl::SimpleAtod(ends.first, &a) ||
        !absl::SimpleAtod(high, &b) || !std::isfinite(a) || !std::isfinite(b) || a > b) {
      return false;
    }
    spec.range = {a, b};
    return true;
  }
  spec.fill = Fill::kValues;
  spec.values = absl::StrSplit(text, absl::ByAnyChar(" ,\t\n"), absl::SkipEmpty());
  return true;
}

template <typename T>
Status ParseValue(const std::string& text, T& value) {
  bool good = true;
  if constexpr (std::is_same_v<T, std::string>) {
    value = text;
  } else if constexpr (std::is_same_v<T, bool>) {
    good = absl::SimpleAtob(text, &value);
  } else if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, uint64_t>) {
    good = absl::SimpleAtoi(text, &value);
  } else {
    double number = 0;
    good = absl::SimpleAtod(text, &number);
    if constexpr (std::is_integral_v<T>) {
      good = good && number >= std::numeric_limits<T>::min() &&
             number <= std::numeric_limits<T>::max() && number == std::floor(number);
      if (good) value = static_cast<T>(number);
    } else {
      value = T(static_cast<float>(number));
      if constexpr (std::is_same_v<T, double>) value = number;
    }
  }
  return good ? absl::OkStatus()
              : UsageError(absl::StrCat("'", text, "' is no value of type ", Name(kTypeOf<T>)));
}

/// What random elements lie between, where nobody says.
std::pair<double, double> DefaultRange(DataType type) {
  if (type == DataType::kUInt8) return {0, 255};
  if (type == DataType::kInt8) return {-128, 127};
  if (IsInteger(type)) return PackedBits(type) == 2 ? std::pair{0.0, 1.0} : std::pair{0.0, 7.0};
  return {0, 1};
}

/// Uniform in [low, high), or for integers among low..high; the same on every machine.
template <typename T>
void FillRandom(std::pair<double, double> range, uint64_t seed, Tensor& tensor) {
  std::mt19937_64 random(seed);
  for (int64_t i = 0; i < tensor.size(); ++i) {
    const double u = static_cast<double>(random() >> 11) * 0x1p-53;
    const auto [low, high] = range;
    T& to = tensor.data<T>()[i];
    if constexpr (std::is_same_v<T, bool>) {
      to = u >= 0.5;
    } else if constexpr (std::is_integral_v<T>) {
      const double value = std::floor(low + u * (high - low + 1));
      to = static_cast<T>(std::clamp<double>(value, std::numeric_limits<T>::min(),
                                             std::numeric_limits<T>::max() - (sizeof(T) > 6)));
    } else {
      to = T(static_cast<float>(low + u * (high - low)));
    }
  }
}

/// A value of `text` in every element, or one after the other.
template <typename T>
Status FillValues(const std::vector<std::string>& texts, Tensor& tensor) {
  T value{};
  for (int64_t i = 0; i < tensor.size(); ++i) {
    if (i == 0 || texts.size() > 1) {
      SX_RETURN_IF_ERROR(ParseValue<T>(texts[static_cast<size_t>(i)], value));
    }
    tensor.data<T>()[i] = value;
  }
  return absl::OkStatus();
}

/// The shape that `count` values take in a declared one with at most one unknown dimension.
std::optional<Shape> FitShape(const SymbolicShape& declared, int64_t count) {
  int64_t known = 1;
  int unknown = -1;
  Shape shape;
  for (size_t i = 0; i < declared.size(); ++i) {
    shape.push_back(declared[i].known() ? declared[i].value : 1);
    if (declared[i].known()) {
      known = CheckedMul(known, declared[i].value).value_or(0);
    } else if (unknown >= 0) {
      return std::nullopt;
    } else {
      unknown = static_cast<int>(i);
    }
  }
  if (unknown >= 0) {
    if (known == 0 || count % known != 0) return std::nullopt;
    shape[unknown] = count / known;
  }
  return shape;
}

}  // namespace

StatusOr<ElementSpec> ParseElementSpec(absl::string_view spec) {
  ElementSpec result;
  const size_t equals = spec.find('=');
  const bool has_head = equals != absl::string_view::npos && equals > 0;
  bool good = true;
  if (has_head) {
    good = ParseHead(absl::StripAsciiWhitespace(spec.substr(0, equals)), result) &&
           ParseFill(spec.substr(equals + 1), result);
  } else if (equals == 0) {
    good = ParseFill(spec.substr(1), result);
  } else if (absl::StrContains(spec, 'x') && ParseHead(spec, result)) {
    result.fill = ElementSpec::Fill::kRandom;
  } else {
    result = {};
    good = ParseFill(spec, result);
  }
  if (!good) {
    return UsageError(absl::StrCat(
        "'", spec,
        "' is no input: expected @FILE, 1x3x8x8xf32=random(0,1), =1 2 3, zeros or ones"));
  }
  return result;
}

StatusOr<Tensor> MakeTensor(const ElementSpec& spec, const Type& type, uint64_t seed) {
  const DataType element = spec.type != DataType::kUndefined      ? spec.type
                           : type.element != DataType::kUndefined ? type.element
                                                                  : DataType::kFloat;
  const auto count = static_cast<int64_t>(spec.values.size());
  const bool values = spec.fill == ElementSpec::Fill::kValues;
  std::optional<Shape> shape = spec.shape;
  if (!shape && type.shape) {
    shape = values ? FitShape(*type.shape, count) : ToShape(*type.shape);
  } else if (!shape && values) {
    shape = Shape{count};
  }
  if (!shape) {
    return InvalidArgument("the model leaves its shape open (", type.ToString(),
                           "): give one, such as 1x3x8x8x", Name(element), "=random");
  }
  SX_ASSIGN_OR_RETURN(const int64_t bytes, CheckedBytes(element, *shape));
  if (bytes > kMaxBytes) {
    return LimitExceeded("a tensor of ", bytes, " bytes is above the limit of ", kMaxBytes);
  }
  const int64_t elements = shape->Elements();
  if (values && count != elements && count != 1) {
    return InvalidArgument(count, " values for shape ", shape->ToString(), " of ", elements,
                           " elements");
  }
  SX_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(element, *shape));
  using Fill = ElementSpec::Fill;
  if (spec.fill == Fill::kZeros) return tensor;
  if (element == DataType::kComplex64 || element == DataType::kComplex128) {
    return Unimplemented("complex inputs can come from files only");
  }
  constexpr auto kTypes = Numbers{} + NarrowFloats{} + NarrowInts{} + TypeList<bool>{};
  Status status;
  switch (spec.fill) {
    case Fill::kZeros:
      break;
    case Fill::kOnes:
      status = Dispatch(element, kTypes, [&]<typename T>() -> Status {
        for (T& to : tensor.span<T>()) to = T(1);
        return absl::OkStatus();
      });
      break;
    case Fill::kRandom:
      if (element == DataType::kString) {
        for (int64_t i = 0; i < elements; ++i) tensor.data<std::string>()[i] = absl::StrCat("s", i);
        break;
      }
      status = Dispatch(element, kTypes, [&]<typename T>() -> Status {
        FillRandom<T>(spec.range.value_or(DefaultRange(element)), seed, tensor);
        return absl::OkStatus();
      });
      break;
    case Fill::kValues:
      status = Dispatch(element, kTypes + TypeList<std::string>{},
                        [&]<typename T>() -> Status { return FillValues<T>(spec.values, tensor); });
  }
  SX_RETURN_IF_ERROR(status);
  return tensor;
}

}  // namespace sardonyx
