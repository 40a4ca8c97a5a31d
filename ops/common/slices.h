// Copying ranges of a tensor along one axis, whatever the element type.
#pragma once

#include <memory>

#include "runtime/base/tensor.h"

namespace sardonyx {

/// Elements [begin, begin + count) along `axis`, as a new tensor. The range must be inside.
StatusOr<Tensor> TakeRange(const Tensor& from, int axis, int64_t begin, int64_t count,
                           const std::shared_ptr<MemoryBudget>& budget);

/// Writes `part` over [begin, begin + its size along axis) of `to`. The other dimensions must be
/// equal, the range inside; the caller has checked.
void PutRange(const Tensor& part, int axis, int64_t begin, Tensor& to);

/// The shape without that dimension, or with one of that size put in before it.
Shape WithoutAxis(const Shape& shape, int axis);
Shape WithAxis(const Shape& shape, int axis, int64_t size);

}  // namespace sardonyx
