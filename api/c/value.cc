// Values.
#include "api/c/objects.h"
#include "api/values.h"

namespace sardonyx {
namespace {

SardonyxValue* NewValue(Value value) { return new SardonyxValue{std::move(value)}; }

SardonyxStatus* CreateTensor(int32_t element_type, int32_t rank, const int64_t* dims,
                             SardonyxValue** value) {
  return Guarded([&]() -> Status {
    SX_RETURN_IF_ERROR(CheckNotNull("value", value));
    SX_ASSIGN_OR_RETURN(const DataType type, ElementType(element_type));
    SX_ASSIGN_OR_RETURN(Shape shape, ShapeOf(rank, dims));
    SX_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(type, std::move(shape)));
    *value = NewValue(std::move(tensor));
    return absl::OkStatus();
  });
}

SardonyxStatus* Borrow(const SardonyxTensor* tensor, size_t bytes, void (*release)(void* user),
                       void* user, SardonyxValue** value) {
  return Guarded([&]() -> Status {
    SX_RETURN_IF_ERROR(CheckNotNull("tensor", tensor, "value", value));
    SX_ASSIGN_OR_RETURN(const DataType type, ElementType(tensor->element_type));
    SX_ASSIGN_OR_RETURN(Shape shape, ShapeOf(tensor->rank, tensor->dims));
    const Lent lent(release, user);
    SX_ASSIGN_OR_RETURN(Tensor borrowed,
                        BorrowTensor(type, std::move(shape), tensor->data, bytes, lent.owner()));
    *value = NewValue(std::move(borrowed));
    lent.Keep();
    return absl::OkStatus();
  });
}

StatusOr<Sequence> Gather(const SardonyxValue* const* elements, size_t count) {
  if (count > 0) SX_RETURN_IF_ERROR(CheckNotNull("elements", elements));
  Sequence sequence;
  for (size_t i = 0; i < count; ++i) {
    if (elements[i] == nullptr) return InvalidArgument("element ", i, " is null");
    sequence.push_back(elements[i]->value);
  }
  return sequence;
}

SardonyxStatus* CreateSequence(const SardonyxValue* const* elements, size_t count,
                               SardonyxValue** value) {
  return Guarded([&]() -> Status {
    SX_RETURN_IF_ERROR(CheckNotNull("value", value));
    SX_ASSIGN_OR_RETURN(Sequence sequence, Gather(elements, count));
    *value = NewValue(std::move(sequence));
    return absl::OkStatus();
  });
}

SardonyxStatus* CreateMap(const SardonyxValue* keys, const SardonyxValue* const* values,
                          size_t count, SardonyxValue** value) {
  return Guarded([&]() -> Status {
    SX_RETURN_IF_ERROR(CheckNotNull("value", value, "keys", keys));
    SX_ASSIGN_OR_RETURN(Sequence sequence, Gather(values, count));
    SX_ASSIGN_OR_RETURN(Value map, MakeMap(keys->value, std::move(sequence)));
    *value = NewValue(std::move(map));
    return absl::OkStatus();
  });
}

SardonyxKind KindOf(const SardonyxValue* value) {
  if (value == nullptr) return SARDONYX_NONE;
  if (value->value.is_tensor()) return SARDONYX_TENSOR;
  if (value->value.is_sequence()) return SARDONYX_SEQUENCE;
  return value->value.is_map() ? SARDONYX_MAP : SARDONYX_NONE;
}

Status Expect(bool is_one, const char* what, const SardonyxValue* value) {
  if (is_one) return absl::OkStatus();
  return InvalidArgument("the value is ", value->value.ToString(), ", expected ", what);
}

SardonyxStatus* ShowTensor(const SardonyxValue* value, SardonyxTensor* shown) {
  return Guarded([&]() -> Status {
    SX_RETURN_IF_ERROR(CheckNotNull("value", value, "tensor", shown));
    SX_RETURN_IF_ERROR(Expect(value->value.is_tensor(), "a tensor", value));
    const Tensor& tensor = value->value.tensor();
    const bool strings = tensor.type() == DataType::kString;
    *shown = {.element_type = static_cast<int32_t>(tensor.type()),
              .rank = tensor.rank(),
              .dims = tensor.shape().begin(),
              .data = strings ? nullptr : const_cast<void*>(tensor.raw())};
    return absl::OkStatus();
  });
}

StatusOr<std::string*> StringAt(const SardonyxValue* value, size_t element) {
  SX_RETURN_IF_ERROR(CheckNotNull("value", value));
  const bool strings =
      value->value.is_tensor() && value->value.tensor().type() == DataType::kString;
  SX_RETURN_IF_ERROR(Expect(strings, "a tensor of strings", value));
  const Tensor& tensor = value->value.tensor();
  if (element >= static_cast<size_t>(tensor.size())) {
    return InvalidArgument("there is no element ", element, " in ", tensor.ToString());
  }
  return const_cast<std::string*>(tensor.data<std::string>()) + element;
}

SardonyxStatus* GetString(const SardonyxValue* value, size_t element, const char** text,
                          size_t* length) {
  return Guarded([&]() -> Status {
    SX_RETURN_IF_ERROR(CheckNotNull("text", text));
    SX_ASSIGN_OR_RETURN(const std::string* string, StringAt(value, element));
    *text = string->c_str();
    if (length != nullptr) *length = string->size();
    return absl::OkStatus();
  });
}

SardonyxStatus* SetString(SardonyxValue* value, size_t element, const char* text, size_t length) {
  return Guarded([&]() -> Status {
    SX_RETURN_IF_ERROR(CheckNotNull("text", text));
    SX_ASSIGN_OR_RETURN(std::string * string, StringAt(value, element));
    string->assign(text, length);
    return absl::OkStatus();
  });
}

size_t CountElements(const SardonyxValue* value) {
  if (value == nullptr) return 0;
  const Value& v = value->value;
  if (v.is_tensor()) return static_cast<size_t>(v.tensor().size());
  if (v.is_sequence()) return v.sequence().size();
  return v.is_map() ? v.map().values.size() : 0;
}

SardonyxStatus* GetElement(const SardonyxValue* value, size_t position, SardonyxValue** element) {
  return Guarded([&]() -> Status {
    SX_RETURN_IF_ERROR(CheckNotNull("value", value, "element", element));
    const Value& v = value->value;
    SX_RETURN_IF_ERROR(Expect(v.is_sequence() || v.is_map(), "a sequence or map", value));
    const Sequence& values = v.is_map() ? v.map().values : v.sequence();
    if (position >= values.size()) {
      return InvalidArgument("there is no element ", position, " in a ", v.ToString());
    }
    *element = NewValue(values[position]);
    return absl::OkStatus();
  });
}

SardonyxStatus* GetKeys(const SardonyxValue* value, SardonyxValue** keys) {
  return Guarded([&]() -> Status {
    SX_RETURN_IF_ERROR(CheckNotNull("value", value, "keys", keys));
    SX_RETURN_IF_ERROR(Expect(value->value.is_map(), "a map", value));
    *keys = NewValue(value->value.map().keys);
    return absl::OkStatus();
  });
}

}  // namespace

void AddValueFunctions(SardonyxApi& api) {
  api.create_tensor = CreateTensor;
  api.borrow_tensor = Borrow;
  api.create_sequence = CreateSequence;
  api.create_map = CreateMap;
  api.kind = KindOf;
  api.tensor = ShowTensor;
  api.string = GetString;
  api.set_string = SetString;
  api.element_count = CountElements;
  api.element = GetElement;
  api.map_keys = GetKeys;
  api.release_value = [](SardonyxValue* value) { delete value; };
}

}  // namespace sardonyx
