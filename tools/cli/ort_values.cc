#include "tools/cli/ort_values.h"

namespace sardonyx {
namespace {

// onnxruntime numbers element types as ONNX does, DataType with it; and it packs those of less than
// a byte.
StatusOr<DataType> CheckType(int number) {
  const auto type = static_cast<DataType>(number);
  if (number > 0 && number < kDataTypeCount &&
      (type == DataType::kString || PackedBits(type) >= 8)) {
    return type;
  }
  return Unimplemented(
      "elements of type ",
      number > 0 && number < kDataTypeCount ? std::string(Name(type)) : absl::StrCat(number),
      " do not pass between onnxruntime and this program");
}

StatusOr<OrtValueHandle> ToOrtStrings(const OrtLibrary& library, const Tensor& tensor,
                                      void* allocator) {
  OrtValueHandle value(library);
  SX_RETURN_IF_ERROR(library.Call(OrtSlot::kCreateTensorAsOrtValue, allocator,
                                  tensor.shape().begin(), static_cast<size_t>(tensor.rank()),
                                  static_cast<int>(tensor.type()), value.out()));
  std::vector<const char*> strings;
  for (const std::string& text : tensor.span<std::string>()) strings.push_back(text.c_str());
  SX_RETURN_IF_ERROR(library.Call(OrtSlot::kFillStringTensor, value.get(),
                                  static_cast<const char* const*>(strings.data()), strings.size()));
  return value;
}

Status ReadStrings(const OrtLibrary& library, void* value, Tensor& tensor) {
  size_t bytes = 0;
  SX_RETURN_IF_ERROR(library.Call(OrtSlot::kGetStringTensorDataLength, value, &bytes));
  std::string all(bytes, '\0');
  std::vector<size_t> starts(static_cast<size_t>(tensor.size()));
  SX_RETURN_IF_ERROR(library.Call(OrtSlot::kGetStringTensorContent, value,
                                  static_cast<void*>(all.data()), bytes, starts.data(),
                                  starts.size()));
  for (size_t i = 0; i < starts.size(); ++i) {
    const size_t end = i + 1 < starts.size() ? starts[i + 1] : bytes;
    tensor.data<std::string>()[i] = all.substr(starts[i], end - starts[i]);
  }
  return absl::OkStatus();
}

/// Element type and dimensions, -1 where not known, of an OrtTensorTypeAndShapeInfo.
Status ReadInfo(const OrtLibrary& library, const void* info, DataType& type, Ints& dims) {
  int number = 0;
  size_t rank = 0;
  SX_RETURN_IF_ERROR(library.Call(OrtSlot::kGetTensorElementType, info, &number));
  SX_ASSIGN_OR_RETURN(type, CheckType(number));
  SX_RETURN_IF_ERROR(library.Call(OrtSlot::kGetDimensionsCount, info, &rank));
  dims.resize(rank);
  return library.Call(OrtSlot::kGetDimensions, info, dims.data(), rank);
}

}  // namespace

StatusOr<OrtValueHandle> ToOrt(const OrtLibrary& library, const Tensor& tensor, void* memory,
                               void* allocator) {
  SX_RETURN_IF_ERROR(CheckType(static_cast<int>(tensor.type())).status());
  if (tensor.type() == DataType::kString) return ToOrtStrings(library, tensor, allocator);
  OrtValueHandle value(library);
  Tensor shared = tensor;  // onnxruntime does not write to inputs
  SX_RETURN_IF_ERROR(library.Call(
      OrtSlot::kCreateTensorWithDataAsOrtValue, static_cast<const void*>(memory), shared.raw(),
      static_cast<size_t>(tensor.bytes()), tensor.shape().begin(),
      static_cast<size_t>(tensor.rank()), static_cast<int>(tensor.type()), value.out()));
  return value;
}

StatusOr<Tensor> FromOrt(const OrtLibrary& library, void* value) {
  constexpr int kTensor = 1;
  int kind = 0;
  SX_RETURN_IF_ERROR(library.Call(OrtSlot::kGetValueType, static_cast<const void*>(value), &kind));
  if (kind != kTensor) return Unimplemented("only tensors are taken from onnxruntime");
  OrtLibrary::Handle<OrtSlot::kReleaseTensorTypeAndShapeInfo> info(library);
  SX_RETURN_IF_ERROR(
      library.Call(OrtSlot::kGetTensorTypeAndShape, static_cast<const void*>(value), info.out()));
  DataType type;
  Ints dims;
  SX_RETURN_IF_ERROR(ReadInfo(library, info.get(), type, dims));
  SX_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(type, Shape(dims)));
  if (type == DataType::kString) {
    SX_RETURN_IF_ERROR(ReadStrings(library, value, tensor));
    return tensor;
  }
  void* data = nullptr;
  SX_RETURN_IF_ERROR(library.Call(OrtSlot::kGetTensorMutableData, value, &data));
  if (tensor.size() > 0) tensor.CopyFrom(Tensor::Borrow(type, tensor.shape(), data, nullptr));
  return tensor;
}

StatusOr<Type> TypeFromOrt(const OrtLibrary& library, void* type_info) {
  const void* info = nullptr;  // belongs to type_info
  SX_RETURN_IF_ERROR(
      library.Call(OrtSlot::kCastTypeInfoToTensorInfo, static_cast<const void*>(type_info), &info));
  if (info == nullptr) return Type();
  DataType type;
  Ints dims;
  SX_RETURN_IF_ERROR(ReadInfo(library, info, type, dims));
  std::vector<const char*> symbols(dims.size());
  SX_RETURN_IF_ERROR(
      library.Call(OrtSlot::kGetSymbolicDimensions, info, symbols.data(), symbols.size()));
  SymbolicShape shape;
  for (size_t i = 0; i < dims.size(); ++i) {
    const bool named = dims[i] < 0 && symbols[i] != nullptr;
    shape.push_back(named ? Dim(std::string(symbols[i])) : Dim(dims[i]));
  }
  return Type::Tensor(type, std::move(shape));
}

}  // namespace sardonyx
