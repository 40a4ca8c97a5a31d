#include "ops/common/slices.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace sardonyx {
namespace {

/// Copies `rows` rows of `count` elements between arrays whose rows are further apart.
void CopyRows(DataType type, const void* from, int64_t from_step, void* to, int64_t to_step,
              int64_t rows, int64_t count) {
  if (type == DataType::kString) {
    for (int64_t r = 0; r < rows; ++r) {
      std::copy_n(static_cast<const std::string*>(from) + r * from_step, count,
                  static_cast<std::string*>(to) + r * to_step);
    }
    return;
  }
  if (count == 0) return;
  const auto size = static_cast<int64_t>(ElementSize(type));
  for (int64_t r = 0; r < rows; ++r) {
    std::memcpy(static_cast<std::byte*>(to) + r * to_step * size,
                static_cast<const std::byte*>(from) + r * from_step * size,
                static_cast<size_t>(count * size));
  }
}

/// The address of element `offset`.
const void* At(const Tensor& tensor, int64_t offset) {
  return static_cast<const std::byte*>(tensor.raw()) +
         offset * static_cast<int64_t>(ElementSize(tensor.type()));
}

}  // namespace

StatusOr<Tensor> TakeRange(const Tensor& from, int axis, int64_t begin, int64_t count,
                           const std::shared_ptr<MemoryBudget>& budget) {
  Shape shape = from.shape();
  shape[axis] = count;
  SX_ASSIGN_OR_RETURN(Tensor result, Tensor::CreateUninitialized(from.type(), shape, budget));
  if (result.size() == 0) return result;
  const int64_t inner = shape.Elements(axis + 1, shape.rank());
  CopyRows(from.type(), At(from, begin * inner), from.dim(axis) * inner, result.raw(),
           count * inner, shape.Elements(0, axis), count * inner);
  return result;
}

void PutRange(const Tensor& part, int axis, int64_t begin, Tensor& to) {
  if (part.size() == 0) return;
  const int64_t inner = to.shape().Elements(axis + 1, to.rank());
  CopyRows(to.type(), part.raw(), part.dim(axis) * inner, const_cast<void*>(At(to, begin * inner)),
           to.dim(axis) * inner, to.shape().Elements(0, axis), part.dim(axis) * inner);
}

Shape WithoutAxis(const Shape& shape, int axis) {
  Shape result;
  for (int i = 0; i < shape.rank(); ++i) {
    if (i != axis) result.push_back(shape[i]);
  }
  return result;
}

Shape WithAxis(const Shape& shape, int axis, int64_t size) {
  Shape result;
  for (int i = 0; i <= shape.rank(); ++i) {
    if (i == axis) result.push_back(size);
    if (i < shape.rank()) result.push_back(shape[i]);
  }
  return result;
}

}  // namespace sardonyx
