// Types of values: element types and shapes whose dimensions may be symbols or unknown.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "runtime/base/data_type.h"
#include "runtime/base/shape.h"

namespace sardonyx {

/// A dimension: a size, a symbol such as "N" that stands for one size, or unknown (neither).
struct Dim {
  int64_t value = -1;  // negative: not known
  std::string symbol;  // only where the value is not known

  Dim() = default;
  Dim(int64_t v) : value(v) {}
  explicit Dim(std::string s) : symbol(std::move(s)) {}

  bool known() const { return value >= 0; }
  std::string ToString() const;  // "64", "N", "?"
  /// Equal sizes, or equal symbols; two unknown dimensions are not the same.
  bool SameAs(const Dim& other) const {
    return known() ? value == other.value : !symbol.empty() && symbol == other.symbol;
  }
};

using SymbolicShape = std::vector<Dim>;

/// The shape, if all its dimensions are known.
std::optional<Shape> ToShape(const SymbolicShape& shape);
SymbolicShape ToSymbolic(const Shape& shape);
std::string ToString(const SymbolicShape& shape);
/// Whether there are as many of both, each the same as its counterpart (Dim::SameAs).
bool SameDims(absl::Span<const Dim> a, absl::Span<const Dim> b);

/// What is known of a value before it exists. A value type; kUnknown says nothing is known.
struct Type {
  enum class Kind { kUnknown, kTensor, kSequence, kOptional, kMap };

  Kind kind = Kind::kUnknown;
  DataType element = DataType::kUndefined;  // of a tensor; kUndefined: not known
  std::optional<SymbolicShape> shape;       // of a tensor; nullopt: not even the rank is known
  std::shared_ptr<const Type> inner;        // of a sequence's or optional's element, a map's value
  DataType key = DataType::kUndefined;      // of a map

  static Type Tensor(DataType element, std::optional<SymbolicShape> shape = std::nullopt) {
    return {.kind = Kind::kTensor, .element = element, .shape = std::move(shape)};
  }
  static Type Tensor(DataType element, const Shape& shape) {
    return Tensor(element, ToSymbolic(shape));
  }
  static Type Sequence(Type inner) {
    return {.kind = Kind::kSequence, .inner = std::make_shared<const Type>(std::move(inner))};
  }
  static Type Optional(Type inner) {
    return {.kind = Kind::kOptional, .inner = std::make_shared<const Type>(std::move(inner))};
  }
  static Type Map(DataType key, Type value) {
    return {
        .kind = Kind::kMap, .inner = std::make_shared<const Type>(std::move(value)), .key = key};
  }

  bool is_tensor() const { return kind == Kind::kTensor; }
  /// The shape of a tensor of which every dimension is known.
  std::optional<Shape> StaticShape() const;
  /// -1 where it is not known.
  int rank() const { return shape ? static_cast<int>(shape->size()) : -1; }

  /// "float[N,3,224,224]", "sequence(float[?])", "?"
  std::string ToString() const;
};

}  // namespace sardonyx
