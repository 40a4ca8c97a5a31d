// Values as text and as JSON.
#include <complex>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

/// Element i of any type as text.
std::string ElementText(const Tensor& tensor, int64_t i) {
  std::string text = "?";
  (void)Dispatch(tensor.type(), AllTypes{}, [&]<typename T>() -> Status {
    const T& value = tensor.data<T>()[i];
    if constexpr (std::is_same_v<T, std::string>) {
      text = absl::StrCat("\"", absl::Utf8SafeCEscape(value), "\"");
    } else if constexpr (std::is_same_v<T, bool>) {
      text = value ? "true" : "false";
    } else if constexpr (std::is_same_v<T, std::complex<float>> ||
                         std::is_same_v<T, std::complex<double>>) {
      text = absl::StrCat("(", FormatNumber(value.real()), ",", FormatNumber(value.imag()), ")");
    } else if constexpr (std::is_integral_v<T>) {
      text = absl::StrCat(value);
    } else {
      text = FormatNumber(static_cast<double>(value));
    }
    return absl::OkStatus();
  });
  return text;
}

Json ElementJson(const Tensor& tensor, int64_t i) {
  Json json;
  (void)Dispatch(tensor.type(), AllTypes{}, [&]<typename T>() -> Status {
    const T& value = tensor.data<T>()[i];
    if constexpr (std::is_same_v<T, std::complex<float>> ||
                  std::is_same_v<T, std::complex<double>>) {
      json = {value.real(), value.imag()};
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, bool> ||
                         std::is_integral_v<T> || std::is_same_v<T, float>) {
      json = value;
    } else {
      json = static_cast<double>(value);
    }
    return absl::OkStatus();
  });
  return json;
}

/// Elements from `offset` on, nested as the axes from `axis` on; stops after `left` elements.
void AppendNested(const Tensor& tensor, int axis, int64_t& offset, int64_t& left,
                  std::string& text) {
  if (axis == tensor.rank()) {
    if (left-- > 0) absl::StrAppend(&text, ElementText(tensor, offset));
    ++offset;
    return;
  }
  text += "[";
  for (int64_t i = 0; i < tensor.dim(axis); ++i) {
    if (i > 0) text += axis + 1 == tensor.rank() ? " " : "\n" + std::string(axis + 1, ' ');
    if (left <= 0) {
      text += "...";
      break;
    }
    AppendNested(tensor, axis + 1, offset, left, text);
  }
  text += "]";
}

}  // namespace

std::string FormatValue(const Value& value, int64_t limit) {
  if (value.is_none()) return "none";
  if (value.is_tensor()) {
    std::string text;
    int64_t offset = 0;
    if (value.tensor().size() == 0) return "[]";
    AppendNested(value.tensor(), 0, offset, limit, text);
    return text;
  }
  const Sequence& parts = value.is_map() ? value.map().values : value.sequence();
  std::string text = absl::StrCat(value.ToString(), "\n");
  for (size_t i = 0; i < parts.size(); ++i) {
    if (static_cast<int64_t>(i) >= limit) {
      text += "...\n";
      break;
    }
    absl::StrAppend(&text, value.is_map() ? ElementText(value.map().keys, i) : absl::StrCat(i),
                    ": ", parts[i].ToString(), " ", FormatValue(parts[i], limit), "\n");
  }
  text.pop_back();
  return text;
}

Json ValueToJson(const Value& value) {
  if (value.is_none()) return nullptr;
  Json json;
  if (value.is_tensor()) {
    const Tensor& tensor = value.tensor();
    json["type"] = std::string(Name(tensor.type()));
    json["shape"] = Json::array();
    for (const int64_t dim : tensor.shape()) json["shape"].push_back(dim);
    json["data"] = Json::array();
    for (int64_t i = 0; i < tensor.size(); ++i) json["data"].push_back(ElementJson(tensor, i));
    return json;
  }
  const Sequence& parts = value.is_map() ? value.map().values : value.sequence();
  if (value.is_map()) json["keys"] = ValueToJson(value.map().keys);
  json["values"] = Json::array();
  for (const Value& part : parts) json["values"].push_back(ValueToJson(part));
  return json;
}

}  // namespace sardonyx
