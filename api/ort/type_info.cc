// Types of values, inputs and outputs.
#include <algorithm>

#include "api/ort/objects.h"
#include "runtime/session/program.h"

namespace sardonyx::ort {
namespace {

int KindOf(Type::Kind kind) {
  switch (kind) {
    case Type::Kind::kTensor:
      return kTensor;
    case Type::Kind::kSequence:
      return kSequence;
    case Type::Kind::kMap:
      return kMap;
    case Type::Kind::kOptional:
      return kOptional;
    case Type::Kind::kUnknown:
      break;
  }
  return kUnknown;
}

Status CheckTensor(const OrtValue* value) {
  if (value->value.is_tensor()) return absl::OkStatus();
  return InvalidArgument("the value is ", value->value.ToString(), ", expected a tensor");
}

OrtStatus* TypeAndShapeOf(const OrtValue* value, OrtTensorTypeAndShapeInfo** out) {
  return Guarded(
      [&]() -> Status {
        SX_RETURN_IF_ERROR(CheckTensor(value));
        *out = new OrtTensorTypeAndShapeInfo(DescribeTensor(TypeOf(value->value)));
        return absl::OkStatus();
      },
      value, out);
}

OrtStatus* TypeInfoOf(const OrtValue* value, OrtTypeInfo** out) {
  return Guarded(
      [&] {
        *out = Describe(TypeOf(value->value));
        return absl::OkStatus();
      },
      value, out);
}

OrtStatus* ReferToShape(const OrtValue* value, int* element_type, const int64_t** dims,
                        size_t* rank) {
  return Guarded(
      [&]() -> Status {
        SX_RETURN_IF_ERROR(CheckTensor(value));
        const Tensor& tensor = value->value.tensor();
        *element_type = static_cast<int>(tensor.type());
        *dims = tensor.shape().begin();
        *rank = static_cast<size_t>(tensor.rank());
        return absl::OkStatus();
      },
      value, element_type, dims, rank);
}

/// The type itself where it is of that kind, null where not; it lives as long as `info`.
template <typename T>
OrtStatus* Cast(const OrtTypeInfo* info, Type::Kind kind, const T** out) {
  return Guarded(
      [&] {
        *out = info->type.kind == kind ? reinterpret_cast<const T*>(info) : nullptr;
        return absl::OkStatus();
      },
      info, out);
}

OrtStatus* CastToTensor(const OrtTypeInfo* info, const OrtTensorTypeAndShapeInfo** out) {
  return Guarded(
      [&] {
        *out = info->type.is_tensor() ? &info->tensor : nullptr;
        return absl::OkStatus();
      },
      info, out);
}

const Type& TypeIn(const void* info) { return static_cast<const OrtTypeInfo*>(info)->type; }

OrtStatus* InnerType(const void* info, OrtTypeInfo** out) {
  return Guarded(
      [&]() -> Status {
        const Type& type = TypeIn(info);
        *out = Describe(type.inner == nullptr ? Type() : *type.inner);
        return absl::OkStatus();
      },
      info, out);
}

// ---- Tensors -------------------------------------------------------------------------------

using TensorInfo = OrtTensorTypeAndShapeInfo;

OrtStatus* SetDims(TensorInfo* info, const int64_t* dims, size_t count) {
  return Guarded(
      [&]() -> Status {
        if (count > 0 && dims == nullptr) return InvalidArgument("dims is null");
        info->dims.assign(dims, dims + count);
        info->symbols.resize(count);
        return absl::OkStatus();
      },
      info);
}

OrtStatus* SetSymbols(TensorInfo* info, const char* const* symbols, size_t count) {
  return Guarded(
      [&]() -> Status {
        if (count != info->dims.size()) {
          return InvalidArgument(count, " names for ", info->dims.size(), " dimensions");
        }
        for (size_t i = 0; i < count; ++i) {
          info->symbols[i] = symbols == nullptr || symbols[i] == nullptr ? "" : symbols[i];
        }
        return absl::OkStatus();
      },
      info);
}

OrtStatus* GetDims(const TensorInfo* info, int64_t* dims, size_t count) {
  return Guarded(
      [&]() -> Status {
        if (count > 0 && dims == nullptr) return InvalidArgument("dims is null");
        std::copy_n(info->dims.begin(), std::min(count, info->dims.size()), dims);
        return absl::OkStatus();
      },
      info);
}

OrtStatus* GetSymbols(const TensorInfo* info, const char** symbols, size_t count) {
  return Guarded(
      [&]() -> Status {
        if (count > 0 && symbols == nullptr) return InvalidArgument("names is null");
        for (size_t i = 0; i < std::min(count, info->symbols.size()); ++i) {
          symbols[i] = info->symbols[i].c_str();
        }
        return absl::OkStatus();
      },
      info);
}

OrtStatus* CountElements(const TensorInfo* info, size_t* out) {
  return Guarded(
      [&] {
        const bool known =
            std::none_of(info->dims.begin(), info->dims.end(), [](int64_t d) { return d < 0; });
        const int64_t count = known ? Shape(info->dims).Elements() : -1;
        *out = static_cast<size_t>(count);
        return absl::OkStatus();
      },
      info, out);
}

}  // namespace

OrtTensorTypeAndShapeInfo DescribeTensor(const Type& type) {
  OrtTensorTypeAndShapeInfo info;
  info.element_type = static_cast<int>(type.element);
  info.has_shape = type.shape.has_value();
  if (!type.shape) return info;
  for (const Dim& dim : *type.shape) {
    info.dims.push_back(dim.known() ? dim.value : -1);
    info.symbols.push_back(dim.symbol);
  }
  return info;
}

OrtTypeInfo* Describe(const Type& type) { return new OrtTypeInfo{type, DescribeTensor(type)}; }

void AddTypeFunctions(Table& table) {
  table.Set(
      SlotOf("IsTensor"), +[](const OrtValue* value, int* out) {
        return value == nullptr ? Give<int>(nullptr, 0)
                                : Give(out, value->value.is_tensor() ? 1 : 0);
      });
  table.Set(
      SlotOf("IsSparseTensor"), +[](const OrtValue* value, int* out) {
        return Give(value == nullptr ? nullptr : out, 0);  // all tensors here are dense
      });
  table.Set(
      SlotOf("HasValue"), +[](const OrtValue* value, int* out) {
        return value == nullptr ? Give<int>(nullptr, 0) : Give(out, value->value.is_none() ? 0 : 1);
      });
  table.Set(
      SlotOf("GetValueType"), +[](const OrtValue* value, int* out) {
        return value == nullptr ? Give<int>(nullptr, 0)
                                : Give(out, KindOf(TypeOf(value->value).kind));
      });
  table.Set(SlotOf("GetTensorTypeAndShape"), TypeAndShapeOf);
  table.Set(SlotOf("GetTensorElementTypeAndShapeDataReference"), ReferToShape);
  table.Set(SlotOf("GetTypeInfo"), TypeInfoOf);
  table.Set(
      SlotOf("ReleaseTypeInfo"), +[](OrtTypeInfo* info) { delete info; });
  table.Set(
      SlotOf("GetOnnxTypeFromTypeInfo"), +[](const OrtTypeInfo* info, int* out) {
        return info == nullptr ? Give<int>(nullptr, 0) : Give(out, KindOf(info->type.kind));
      });
  table.Set(SlotOf("CastTypeInfoToTensorInfo"), CastToTensor);
  table.Set(
      SlotOf("CastTypeInfoToMapTypeInfo"),
      +[](const OrtTypeInfo* info, const OrtMapTypeInfo** out) {
        return Cast(info, Type::Kind::kMap, out);
      });
  table.Set(
      SlotOf("CastTypeInfoToSequenceTypeInfo"),
      +[](const OrtTypeInfo* info, const OrtSequenceTypeInfo** out) {
        return Cast(info, Type::Kind::kSequence, out);
      });
  table.Set(
      SlotOf("CastTypeInfoToOptionalTypeInfo"),
      +[](const OrtTypeInfo* info, const OrtOptionalTypeInfo** out) {
        return Cast(info, Type::Kind::kOptional, out);
      });
  table.Set(
      SlotOf("GetMapKeyType"), +[](const OrtMapTypeInfo* info, int* out) {
        return info == nullptr ? Give<int>(nullptr, 0)
                               : Give(out, static_cast<int>(TypeIn(info).key));
      });
  for (const size_t slot : {SlotOf("GetMapValueType"), SlotOf("GetSequenceElementType"),
                            SlotOf("GetOptionalContainedTypeInfo")}) {
    table.Set(slot, InnerType);
  }
  table.Set(
      SlotOf("CreateTensorTypeAndShapeInfo"),
      +[](TensorInfo** out) { return Give(out, new TensorInfo); });
  table.Set(
      SlotOf("ReleaseTensorTypeAndShapeInfo"), +[](TensorInfo* info) { delete info; });
  table.Set(
      SlotOf("SetTensorElementType"), +[](TensorInfo* info, int type) {
        return Give(info == nullptr ? nullptr : &info->element_type, type);
      });
  table.Set(
      SlotOf("GetTensorElementType"), +[](const TensorInfo* info, int* out) {
        return info == nullptr ? Give<int>(nullptr, 0) : Give(out, info->element_type);
      });
  table.Set(
      SlotOf("GetDimensionsCount"), +[](const TensorInfo* info, size_t* out) {
        return info == nullptr ? Give<size_t>(nullptr, 0) : Give(out, info->dims.size());
      });
  table.Set(SlotOf("SetDimensions"), SetDims);
  table.Set(SlotOf("GetDimensions"), GetDims);
  table.Set(SlotOf("SetSymbolicDimensions"), SetSymbols);
  table.Set(SlotOf("GetSymbolicDimensions"), GetSymbols);
  table.Set(SlotOf("GetTensorShapeElementCount"), CountElements);
  table.Set(
      SlotOf("TensorTypeAndShape_HasShape"),
      +[](const TensorInfo* info) { return info != nullptr && info->has_shape; });
}

}  // namespace sardonyx::ort
