// Values out of what applications bring.
#pragma once

#include <memory>

#include "runtime/base/tensor.h"

namespace sardonyx {

/// The element type of that number in ONNX's files. Errors: there is none.
StatusOr<DataType> ElementType(int32_t number);

/// A shape out of `rank` dimensions. Errors: a rank or dimension that is negative, null dims.
StatusOr<Shape> ShapeOf(int64_t rank, const int64_t* dims);

/// A tensor that shows `bytes` bytes of somebody else's memory; `owner` (may be null) goes with its
/// last reader. Errors: strings, too few bytes, null data, data that
/// are not aligned as their elements.
StatusOr<Tensor> BorrowTensor(DataType type, Shape shape, void* data, size_t bytes,
                              std::shared_ptr<void> owner);

/// Memory that an application lends: `release(user)` (may be null) is called when the last holder
/// of owner() is gone, provided that Keep was called, which it is not after an error.
class Lent {
 public:
  Lent(void (*release)(void* user), void* user);
  const std::shared_ptr<void>& owner() const { return owner_; }
  void Keep() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::shared_ptr<void> owner_;  // the same
};

/// A map from a 1-D tensor of integers or strings to as many values. Errors: other keys.
StatusOr<Value> MakeMap(const Value& keys, Sequence values);

}  // namespace sardonyx
