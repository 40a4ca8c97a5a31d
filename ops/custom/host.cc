#include "ops/custom/host.h"

#include <exception>
#include <mutex>
#include <utility>

namespace sardonyx {
namespace {

void Fail(SardonyxOpCall* call, const char* message) {
  call->Fail(InvalidArgument(message == nullptr ? "" : message));
}

int32_t InputCount(const SardonyxOpCall* call) {
  return static_cast<int32_t>(call->node().inputs.size());
}
int32_t OutputCount(const SardonyxOpCall* call) {
  return static_cast<int32_t>(call->node().outputs.size());
}

// ---- parse --------------------------------------------------------------------------------

bool HasAttribute(const SardonyxOpCall* call, const char* name) {
  return call->parse != nullptr && name != nullptr && call->parse->Has(name);
}

int AttributeInt(SardonyxOpCall* call, const char* name, int64_t* value) {
  if (!HasAttribute(call, name)) return 0;
  *value = call->parse->Int(name, 0);
  return 1;
}

int AttributeFloat(SardonyxOpCall* call, const char* name, float* value) {
  if (!HasAttribute(call, name)) return 0;
  *value = call->parse->Float(name, 0);
  return 1;
}

int AttributeString(SardonyxOpCall* call, const char* name, const char** value) {
  if (!HasAttribute(call, name)) return 0;
  *value = call->kept->strings.emplace_back(call->parse->String(name, "")).c_str();
  return 1;
}

int AttributeInts(SardonyxOpCall* call, const char* name, const int64_t** values, size_t* count) {
  if (!HasAttribute(call, name)) return 0;
  const Ints& kept = call->kept->ints.emplace_back(call->parse->IntList(name));
  *values = kept.data();
  *count = kept.size();
  return 1;
}

int AttributeFloats(SardonyxOpCall* call, const char* name, const float** values, size_t* count) {
  if (!HasAttribute(call, name)) return 0;
  const std::vector<float>& kept = call->kept->floats.emplace_back(call->parse->FloatList(name));
  *values = kept.data();
  *count = kept.size();
  return 1;
}

/// Shows `tensor` to the application; false and an error where it holds strings.
int Show(SardonyxOpCall* call, const Tensor& tensor, SardonyxTensor* shown) {
  if (tensor.type() == DataType::kString) {
    call->Fail(Unimplemented("a custom operator cannot take a tensor of strings"));
    return 0;
  }
  *shown = {.element_type = static_cast<int32_t>(tensor.type()),
            .rank = tensor.rank(),
            .dims = tensor.shape().begin(),
            .data = const_cast<void*>(tensor.raw())};
  return 1;
}

int AttributeTensor(SardonyxOpCall* call, const char* name, SardonyxTensor* value) {
  if (!HasAttribute(call, name)) return 0;
  return Show(call, call->kept->tensors.emplace_back(call->parse->TensorValue(name)), value);
}

// ---- infer --------------------------------------------------------------------------------

int InputType(SardonyxOpCall* call, int32_t input, SardonyxTensor* type) {
  if (call->infer == nullptr || input < 0 || !call->infer->has_input(input)) return 0;
  *type = {.element_type = static_cast<int32_t>(call->infer->element(input)), .rank = -1};
  if (const SymbolicShape* shape = call->infer->shape(input)) {
    Ints& dims = call->dims.emplace_back();
    for (const Dim& dim : *shape) dims.push_back(dim.known() ? dim.value : -1);
    type->rank = static_cast<int32_t>(dims.size());
    type->dims = dims.data();
  }
  return 1;
}

int InputValue(SardonyxOpCall* call, int32_t input, SardonyxTensor* value) {
  if (call->infer == nullptr || input < 0) return 0;
  const Tensor* known = call->infer->value(input);
  return known == nullptr ? 0 : Show(call, *known, value);
}

/// An element type given by its number; an error for strings and for what does not exist.
std::optional<DataType> ElementType(SardonyxOpCall* call, int32_t number) {
  const auto type = static_cast<DataType>(number);
  if (number > 0 && number < kDataTypeCount && type != DataType::kString) return type;
  call->Fail(InvalidArgument("the custom operator gave an output the element type ", number,
                             ", which it cannot have"));
  return std::nullopt;
}

void SetOutputType(SardonyxOpCall* call, int32_t output, int32_t element_type, int32_t rank,
                   const int64_t* dims) {
  if (call->infer == nullptr || output < 0) return;
  const std::optional<DataType> element = ElementType(call, element_type);
  if (!element) return;
  std::optional<SymbolicShape> shape;
  if (rank >= 0) shape.emplace();
  for (int32_t i = 0; i < rank; ++i) shape->push_back(dims[i] < 0 ? Dim() : Dim(dims[i]));
  call->infer->set_output(output, *element, std::move(shape));
}

// ---- run ----------------------------------------------------------------------------------

int Input(SardonyxOpCall* call, int32_t input, SardonyxTensor* tensor) {
  if (call->kernel == nullptr || input < 0 || !call->kernel->has_input(input)) return 0;
  const Tensor& given = call->kernel->input(input);
  return given.defined() ? Show(call, given, tensor) : 0;
}

int Output(SardonyxOpCall* call, int32_t output, SardonyxTensor* tensor) {
  if (call->kernel == nullptr || output < 0 || !call->kernel->has_placed_output(output)) return 0;
  return Show(call, call->kernel->output(output), tensor);
}

int AllocateOutput(SardonyxOpCall* call, int32_t output, int32_t element_type, int32_t rank,
                   const int64_t* dims, SardonyxTensor* tensor) {
  if (call->kernel == nullptr || output < 0 || !call->kernel->has_output(output)) return 0;
  const std::optional<DataType> element = ElementType(call, element_type);
  if (!element || rank < 0) return 0;
  const Shape shape(absl::MakeConstSpan(dims, static_cast<size_t>(rank)));
  const StatusOr<Tensor*> made = call->kernel->Allocate(output, *element, shape);
  if (!made.ok()) {
    call->Fail(made.status());
    return 0;
  }
  return Show(call, **made, tensor);
}

int ParallelFor(SardonyxOpCall* call, int64_t n, double cost,
                void (*body)(void* user, int64_t begin, int64_t end), void* user) {
  if (call->kernel == nullptr || n < 0) return 0;
  std::mutex mutex;
  Status thrown;  // guarded by mutex
  Status status = call->kernel->ParallelFor(n, cost, [&](int64_t begin, int64_t end) {
    try {
      body(user, begin, end);
    } catch (...) {
      std::lock_guard lock(mutex);
      thrown = CurrentException();
    }
  });
  if (status.ok()) status = thrown;
  if (status.ok()) return 1;
  call->Fail(std::move(status));
  return 0;
}

}  // namespace

Status CurrentException() {
  try {
    throw;
  } catch (const std::exception& error) {
    return InvalidArgument("the custom operator threw an exception: ", error.what());
  } catch (...) {
    return InvalidArgument("the custom operator threw an exception");
  }
}

const SardonyxOpHost& CustomOpHost() {
  static constexpr SardonyxOpHost host = {.size = sizeof(SardonyxOpHost),
                                          .fail = Fail,
                                          .input_count = InputCount,
                                          .output_count = OutputCount,
                                          .attribute_int = AttributeInt,
                                          .attribute_float = AttributeFloat,
                                          .attribute_string = AttributeString,
                                          .attribute_ints = AttributeInts,
                                          .attribute_floats = AttributeFloats,
                                          .attribute_tensor = AttributeTensor,
                                          .input_type = InputType,
                                          .input_value = InputValue,
                                          .set_output_type = SetOutputType,
                                          .input = Input,
                                          .output = Output,
                                          .allocate_output = AllocateOutput,
                                          .parallel_for = ParallelFor};
  return host;
}

}  // namespace sardonyx
