// Shapes of tensors: the sizes of their dimensions, outermost first.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "runtime/base/status.h"

namespace sardonyx {

/// A list of integers that seldom exceeds a tensor's rank: sizes, axes, strides, pads.
using Ints = absl::InlinedVector<int64_t, 8>;

/// `a * b`, `a + b`, or nullopt where it overflows int64.
inline std::optional<int64_t> CheckedMul(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}
inline std::optional<int64_t> CheckedAdd(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return result;
}

/// Sizes of the dimensions, none negative in a tensor that exists. A value type.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) : dims_(dims) {}
  explicit Shape(absl::Span<const int64_t> dims) : dims_(dims.begin(), dims.end()) {}

  int rank() const { return static_cast<int>(dims_.size()); }
  int64_t operator[](int i) const { return dims_[static_cast<size_t>(i)]; }
  int64_t& operator[](int i) { return dims_[static_cast<size_t>(i)]; }
  void push_back(int64_t dim) { dims_.push_back(dim); }
  auto begin() const { return dims_.begin(); }
  auto end() const { return dims_.end(); }
  absl::Span<const int64_t> dims() const { return dims_; }

  /// The product of the dimensions from `first` up to `last`, 1 for none; the greatest int64 where
  /// it would overflow, which no tensor reaches.
  int64_t Elements() const { return Elements(0, rank()); }
  int64_t Elements(int first, int last) const {
    int64_t product = 1;
    bool overflow = false;
    for (int i = first; i < last; ++i) {
      if (dims_[i] == 0) return 0;
      if (overflow) continue;
      overflow = __builtin_mul_overflow(product, dims_[i], &product);
    }
    return overflow ? std::numeric_limits<int64_t>::max() : product;
  }

  /// Elements to step over for one step along each axis, in row-major order.
  Ints Strides() const {
    Ints strides(dims_.size());
    int64_t step = 1;
    for (size_t i = dims_.size(); i-- > 0;) {
      strides[i] = step;
      // Only a shape without elements, in which nobody steps, can overflow here.
      if (__builtin_mul_overflow(step, dims_[i], &step)) step = 0;
    }
    return strides;
  }

  /// "[1,3,224,224]"
  std::string ToString() const;

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  Ints dims_;
};

/// `axis` counted from the end where negative; an error unless -rank <= axis < rank.
StatusOr<int> NormalizeAxis(int64_t axis, int rank);

/// NumPy's multidirectional broadcasting of two shapes; an error naming both where it cannot be.
StatusOr<Shape> BroadcastShapes(const Shape& a, const Shape& b);

}  // namespace sardonyx
