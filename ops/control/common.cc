#include "ops/control/common.h"

#include "ops/common/slices.h"

namespace sardonyx {

Type MergeTypes(const Type& a, const Type& b) {
  if (a.kind != b.kind) return Type();
  Type result{.kind = a.kind};
  if (a.element == b.element) result.element = a.element;
  if (a.key == b.key) result.key = a.key;
  if (a.inner != nullptr && b.inner != nullptr) {
    result.inner = std::make_shared<const Type>(MergeTypes(*a.inner, *b.inner));
  } else if (a.inner != nullptr || a.kind != Type::Kind::kTensor) {
    result.inner = std::make_shared<const Type>();
  }
  if (a.shape && b.shape && a.shape->size() == b.shape->size()) {
    result.shape.emplace();
    for (size_t i = 0; i < a.shape->size(); ++i) {
      result.shape->push_back((*a.shape)[i].SameAs((*b.shape)[i]) ? (*a.shape)[i] : Dim());
    }
  }
  return result;
}

StatusOr<bool> ReadCondition(const Tensor& tensor, absl::string_view name) {
  if (tensor.type() != DataType::kBool || tensor.size() != 1) {
    return InvalidArgument(name, " is ", tensor.ToString(), ", expected one bool");
  }
  return tensor.data<bool>()[0];
}

StatusOr<Value> Keep(const Value& value, const std::shared_ptr<MemoryBudget>& budget) {
  if (value.is_tensor()) return value.tensor().Clone(budget);
  return value;
}

std::vector<Type> DeclaredOutputs(const Graph& body) {
  std::vector<Type> types;
  for (ValueId output : body.outputs) types.push_back(body.values[output].type);
  return types;
}

Type ExpectedOutput(const Graph& body, int i, const std::vector<Type>& declared) {
  Type type = body.values[body.outputs[i]].type;
  if (!type.shape) type.shape = declared[i].shape;
  if (type.element == DataType::kUndefined) type.element = declared[i].element;
  return type;
}

Status Stack::Add(const Value& value, const std::shared_ptr<MemoryBudget>& budget) {
  if (!value.is_tensor()) return InvalidArgument("a scan output is no tensor");
  const Tensor& tensor = value.tensor();
  if (!parts_.empty() &&
      (parts_.front().type() != tensor.type() || parts_.front().shape() != tensor.shape())) {
    return InvalidArgument("a scan output is ", tensor.ToString(), " in iteration ", parts_.size(),
                           " after ", parts_.front().ToString());
  }
  SX_ASSIGN_OR_RETURN(Tensor copy, tensor.Clone(budget));
  parts_.push_back(std::move(copy));
  return absl::OkStatus();
}

StatusOr<Tensor> Stack::Join(int64_t axis, bool reverse, const Type& expected,
                             const std::shared_ptr<MemoryBudget>& budget) const {
  Shape part;
  DataType type = expected.element;
  if (!parts_.empty()) {
    part = parts_.front().shape();
    type = parts_.front().type();
  } else if (expected.shape) {
    for (const Dim& dim : *expected.shape) part.push_back(dim.known() ? dim.value : 0);
  }
  SX_ASSIGN_OR_RETURN(const int at, NormalizeAxis(axis, part.rank() + 1));
  const auto count = static_cast<int64_t>(parts_.size());
  SX_ASSIGN_OR_RETURN(Tensor result,
                      Tensor::CreateUninitialized(type, WithAxis(part, at, count), budget));
  for (int64_t i = 0; i < count; ++i) {
    PutRange(parts_[i].Reshaped(WithAxis(part, at, 1)), at, reverse ? count - 1 - i : i, result);
  }
  return result;
}

}  // namespace sardonyx
