#include "runtime/graph/type.h"

#include <algorithm>

#include "absl/strings/str_join.h"

namespace sardonyx {

std::string Dim::ToString() const {
  if (known()) return absl::StrCat(value);
  return symbol.empty() ? "?" : symbol;
}

std::optional<Shape> ToShape(const SymbolicShape& shape) {
  Shape result;
  for (const Dim& dim : shape) {
    if (!dim.known()) return std::nullopt;
    result.push_back(dim.value);
  }
  return result;
}

SymbolicShape ToSymbolic(const Shape& shape) { return {shape.begin(), shape.end()}; }

bool SameDims(absl::Span<const Dim> a, absl::Span<const Dim> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Dim& x, const Dim& y) { return x.SameAs(y); });
}

std::string ToString(const SymbolicShape& shape) {
  return absl::StrCat(
      "[",
      absl::StrJoin(shape, ",",
                    [](std::string* out, const Dim& dim) { absl::StrAppend(out, dim.ToString()); }),
      "]");
}

std::optional<Shape> Type::StaticShape() const {
  if (!is_tensor() || !shape) return std::nullopt;
  return ToShape(*shape);
}

std::string Type::ToString() const {
  switch (kind) {
    case Kind::kTensor:
      return absl::StrCat(element == DataType::kUndefined ? "?" : Name(element),
                          shape ? sardonyx::ToString(*shape) : "[...]");
    case Kind::kSequence:
      return absl::StrCat("sequence(", inner->ToString(), ")");
    case Kind::kOptional:
      return absl::StrCat("optional(", inner->ToString(), ")");
    case Kind::kMap:
      return absl::StrCat("map(", Name(key), ",", inner->ToString(), ")");
    case Kind::kUnknown:
      break;
  }
  return "?";
}

}  // namespace sardonyx
