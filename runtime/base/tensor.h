// Tensors, and the other values that flow along a graph's edges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/types/span.h"
#include "runtime/base/data_type.h"
#include "runtime/base/memory.h"
#include "runtime/base/shape.h"

namespace sardonyx {

/// A dense row-major array. Copying a Tensor shares its elements; Clone copies them. The elements
/// live as long as any Tensor that shares their owner; a tensor without an owner borrows memory
/// that its maker keeps alive. Reading from several threads is safe while nobody writes.
class Tensor {
 public:
  Tensor() = default;  // kUndefined, no elements

  /// Zeroed elements (empty strings). Errors: a negative dimension, overflow, over the budget.
  static StatusOr<Tensor> Create(DataType type, Shape shape,
                                 const std::shared_ptr<MemoryBudget>& budget = nullptr);
  /// The same without zeroing, except that strings are constructed.
  static StatusOr<Tensor> CreateUninitialized(
      DataType type, Shape shape, const std::shared_ptr<MemoryBudget>& budget = nullptr);
  /// A view of `data`, which holds the shape's elements and which `owner` keeps alive (null: the
  /// caller does). The shape must have been checked (CheckedBytes).
  static Tensor Borrow(DataType type, Shape shape, void* data, std::shared_ptr<void> owner);

  /// A tensor of these values, for tests, attributes and constants.
  template <typename T>
  static Tensor Of(Shape shape, absl::Span<const T> values);
  template <typename T>
  static Tensor Of(Shape shape, std::initializer_list<T> values) {
    return Of<T>(std::move(shape), absl::MakeConstSpan(values.begin(), values.size()));
  }
  template <typename T>
  static Tensor Scalar(T value) {
    return Of<T>({}, absl::MakeConstSpan(&value, 1));
  }

  bool defined() const { return type_ != DataType::kUndefined; }
  DataType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  int64_t dim(int i) const { return shape_[i]; }
  int64_t size() const { return size_; }  // elements
  int64_t bytes() const { return size_ * static_cast<int64_t>(ElementSize(type_)); }

  const void* raw() const { return data_; }
  void* raw() { return data_; }

  /// The elements; T must be the type that kTypeOf names (or, for data movement, of its size).
  template <typename T>
  const T* data() const {
    return static_cast<const T*>(data_);
  }
  template <typename T>
  T* data() {
    return static_cast<T*>(data_);
  }
  template <typename T>
  absl::Span<const T> span() const {
    return absl::MakeConstSpan(data<T>(), static_cast<size_t>(size_));
  }
  template <typename T>
  absl::Span<T> span() {
    return absl::MakeSpan(data<T>(), static_cast<size_t>(size_));
  }

  /// The same elements seen in another shape of as many elements.
  Tensor Reshaped(Shape shape) const;
  /// A deep copy.
  StatusOr<Tensor> Clone(const std::shared_ptr<MemoryBudget>& budget = nullptr) const;
  /// Copies the elements of `from`, of the same type and size, over this tensor's.
  void CopyFrom(const Tensor& from);

  /// "float[1,3,224,224]"
  std::string ToString() const;

 private:
  DataType type_ = DataType::kUndefined;
  Shape shape_;
  int64_t size_ = 0;
  void* data_ = nullptr;
  std::shared_ptr<void> owner_;
};

/// A tensor of that type and shape that has no memory: only for what reads no elements.
Tensor WithoutElements(const Tensor& tensor);

/// Bytes of a tensor of that type and shape. Errors: a negative dimension, overflow.
StatusOr<int64_t> CheckedBytes(DataType type, const Shape& shape);

/// Integer elements of any integer or bool type, widened. Errors: another type.
StatusOr<Ints> ToInts(const Tensor& tensor);

/// The elements as double, from any real type; for comparison and statistics.
StatusOr<std::vector<double>> ToDoubles(const Tensor& tensor);

class Value;
using Sequence = std::vector<Value>;
/// Keys (a 1-D tensor of integers or strings) and as many values.
struct Map {
  Tensor keys;
  Sequence values;
};

/// What an edge carries: nothing (an empty optional), a tensor, a sequence or a map. An optional
/// that holds something is that something. Sequences and maps are shared and never changed.
class Value {
 public:
  Value() = default;
  Value(Tensor tensor) : value_(std::move(tensor)) {}
  Value(Sequence sequence) : value_(std::make_shared<const Sequence>(std::move(sequence))) {}
  Value(Map map) : value_(std::make_shared<const Map>(std::move(map))) {}

  bool is_none() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_tensor() const { return std::holds_alternative<Tensor>(value_); }
  bool is_sequence() const {
    return std::holds_alternative<std::shared_ptr<const Sequence>>(value_);
  }
  bool is_map() const { return std::holds_alternative<std::shared_ptr<const Map>>(value_); }

  const Tensor& tensor() const { return std::get<Tensor>(value_); }
  Tensor& tensor() { return std::get<Tensor>(value_); }
  const Sequence& sequence() const { return *std::get<std::shared_ptr<const Sequence>>(value_); }
  const Map& map() const { return *std::get<std::shared_ptr<const Map>>(value_); }

  /// "float[2,3]", "sequence of 3", "map of 2", "none"
  std::string ToString() const;

 private:
  std::variant<std::monostate, Tensor, std::shared_ptr<const Sequence>, std::shared_ptr<const Map>>
      value_;
};

template <typename T>
Tensor Tensor::Of(Shape shape, absl::Span<const T> values) {
  auto made = Create(kTypeOf<T>, std::move(shape));
  Tensor tensor = made.ok() ? *std::move(made) : Tensor();
  for (size_t i = 0; i < values.size() && static_cast<int64_t>(i) < tensor.size(); ++i) {
    tensor.data<T>()[i] = values[i];
  }
  return tensor;
}

}  // namespace sardonyx
