#include "runtime/base/tensor.h"

#include <cstring>

namespace sardonyx {

StatusOr<int64_t> CheckedBytes(DataType type, const Shape& shape) {
  for (int64_t dim : shape) {
    if (dim < 0) return InvalidArgument("shape ", shape.ToString(), " has a negative dimension");
  }
  const auto bytes = CheckedMul(shape.Elements(), static_cast<int64_t>(ElementSize(type)));
  if (!bytes) return LimitExceeded("a tensor of shape ", shape.ToString(), " is too large");
  return *bytes;
}

Tensor Tensor::Borrow(DataType type, Shape shape, void* data, std::shared_ptr<void> owner) {
  Tensor tensor;
  tensor.type_ = type;
  tensor.size_ = shape.Elements();
  tensor.shape_ = std::move(shape);
  tensor.data_ = data;
  tensor.owner_ = std::move(owner);
  return tensor;
}

StatusOr<Tensor> Tensor::CreateUninitialized(DataType type, Shape shape,
                                             const std::shared_ptr<MemoryBudget>& budget) {
  if (type == DataType::kUndefined) return InvalidArgument("a tensor needs an element type");
  SX_ASSIGN_OR_RETURN(const int64_t bytes, CheckedBytes(type, shape));
  SX_ASSIGN_OR_RETURN(std::shared_ptr<std::byte> memory, AllocateBytes(bytes, budget));
  if (type != DataType::kString) {
    void* data = memory.get();
    return Borrow(type, std::move(shape), data, std::move(memory));
  }
  auto* strings = reinterpret_cast<std::string*>(memory.get());
  const int64_t count = shape.Elements();
  std::uninitialized_value_construct_n(strings, count);
  std::shared_ptr<void> owner(strings, [memory, count](std::string* first) mutable {
    std::destroy_n(first, count);
    memory.reset();
  });
  return Borrow(type, std::move(shape), strings, std::move(owner));
}

StatusOr<Tensor> Tensor::Create(DataType type, Shape shape,
                                const std::shared_ptr<MemoryBudget>& budget) {
  SX_ASSIGN_OR_RETURN(Tensor tensor, CreateUninitialized(type, std::move(shape), budget));
  if (type != DataType::kString) std::memset(tensor.raw(), 0, tensor.bytes());
  return tensor;
}

Tensor Tensor::Reshaped(Shape shape) const {
  return Borrow(type_, std::move(shape), data_, owner_);
}

void Tensor::CopyFrom(const Tensor& from) {
  if (type_ == DataType::kString) {
    std::copy_n(from.data<std::string>(), size_, data<std::string>());
  } else if (size_ > 0 && data_ != from.data_) {
    std::memcpy(data_, from.data_, static_cast<size_t>(bytes()));
  }
}

StatusOr<Tensor> Tensor::Clone(const std::shared_ptr<MemoryBudget>& budget) const {
  SX_ASSIGN_OR_RETURN(Tensor copy, CreateUninitialized(type_, shape_, budget));
  copy.CopyFrom(*this);
  return copy;
}

Tensor WithoutElements(const Tensor& tensor) {
  return Tensor::Borrow(tensor.type(), tensor.shape(), nullptr, nullptr);
}

std::string Tensor::ToString() const { return absl::StrCat(Name(type_), shape_.ToString()); }

StatusOr<Ints> ToInts(const Tensor& tensor) {
  Ints result;
  result.reserve(tensor.size());
  SX_RETURN_IF_ERROR(Dispatch(tensor.type(), Integers{} + NarrowInts{} + TypeList<bool>{},
                              [&]<typename T>() -> Status {
                                for (T v : tensor.span<T>()) {
                                  result.push_back(static_cast<int64_t>(v));
                                }
                                return absl::OkStatus();
                              }));
  return result;
}

StatusOr<std::vector<double>> ToDoubles(const Tensor& tensor) {
  std::vector<double> result;
  result.reserve(tensor.size());
  SX_RETURN_IF_ERROR(Dispatch(tensor.type(),
                              Numbers{} + NarrowFloats{} + NarrowInts{} + TypeList<bool>{},
                              [&]<typename T>() -> Status {
                                for (T v : tensor.span<T>())
                                  result.push_back(static_cast<double>(v));
                                return absl::OkStatus();
                              }));
  return result;
}

std::string Value::ToString() const {
  if (is_tensor()) return tensor().ToString();
  if (is_sequence()) return absl::StrCat("sequence of ", sequence().size());
  if (is_map()) return absl::StrCat("map of ", map().values.size());
  return "none";
}

}  // namespace sardonyx
