#include "api/values.h"

#include <utility>

#include "runtime/base/alignment.h"

namespace sardonyx {
namespace {

constexpr int64_t kMaxRank = 64;  // as the importer's

}  // namespace

StatusOr<DataType> ElementType(int32_t number) {
  if (number <= 0 || number >= kDataTypeCount) {
    return InvalidArgument("there is no element type ", number);
  }
  return static_cast<DataType>(number);
}

StatusOr<Shape> ShapeOf(int64_t rank, const int64_t* dims) {
  if (rank < 0 || rank > kMaxRank) {
    return InvalidArgument("rank is ", rank, ", expected 0 to ", kMaxRank);
  }
  if (rank > 0 && dims == nullptr) return InvalidArgument("dims is null");
  Shape shape(absl::MakeConstSpan(dims, static_cast<size_t>(rank)));
  for (int64_t dim : shape) {
    if (dim < 0) return InvalidArgument("shape ", shape.ToString(), " has a negative dimension");
  }
  return shape;
}

StatusOr<Tensor> BorrowTensor(DataType type, Shape shape, void* data, size_t bytes,
                              std::shared_ptr<void> owner) {
  if (type == DataType::kString) return InvalidArgument("strings cannot be borrowed");
  SX_ASSIGN_OR_RETURN(const int64_t needed, CheckedBytes(type, shape));
  if (bytes < static_cast<size_t>(needed)) {
    return InvalidArgument("a tensor ", Name(type), shape.ToString(), " takes ", needed,
                           " bytes, there are ", bytes);
  }
  if (data == nullptr && needed > 0) return InvalidArgument("the tensor's data is null");
  if (reinterpret_cast<uintptr_t>(data) % ElementAlignment(type) != 0) {
    return InvalidArgument("the tensor's data is not aligned to ", ElementAlignment(type),
                           " bytes, as elements of type ", Name(type), " are");
  }
  return Tensor::Borrow(type, std::move(shape), data, std::move(owner));
}

struct Lent::State {
  void (*release)(void* user);
  void* user;
  bool kept = false;

  ~State() {
    if (kept) release(user);
  }
};

Lent::Lent(void (*release)(void* user), void* user) {
  if (release == nullptr) return;
  state_ = std::make_shared<State>(State{release, user});
  owner_ = state_;
}

void Lent::Keep() const {
  if (state_ != nullptr) state_->kept = true;
}

StatusOr<Value> MakeMap(const Value& keys, Sequence values) {
  if (!keys.is_tensor() || keys.tensor().rank() != 1) {
    return InvalidArgument("keys are ", keys.ToString(), ", expected a tensor of rank 1");
  }
  const Tensor& tensor = keys.tensor();
  if (tensor.type() != DataType::kString && !IsInteger(tensor.type())) {
    return InvalidArgument("keys are ", tensor.ToString(), ", expected integers or strings");
  }
  if (static_cast<size_t>(tensor.size()) != values.size()) {
    return InvalidArgument("there are ", tensor.size(), " keys, but ", values.size(), " values");
  }
  return Value(Map{.keys = tensor, .values = std::move(values)});
}

}  // namespace sardonyx
