// What the code that makes an operator's kernel asks of its node.
#include <algorithm>

#include "api/ort/custom_op.h"

namespace sardonyx::ort {
namespace {

/// Copies elements out where there is room for them, and tells how many there are.
template <typename T>
Status CopyOut(const T* from, size_t count, T* out, size_t* size) {
  const size_t room = std::exchange(*size, count);
  if (out == nullptr) return absl::OkStatus();
  if (room < count) return InvalidArgument("there is room for ", room, ", ", count, " are needed");
  std::copy_n(from, count, out);
  return absl::OkStatus();
}

/// The same with a text and the zero byte behind it.
Status CopyOut(const std::string& text, char* out, size_t* size) {
  return CopyOut(text.c_str(), text.size() + 1, out, size);
}

/// The attribute of that name. Errors: there is none, or it is no T.
template <typename T>
StatusOr<const T*> Find(const OrtKernelInfo& info, const char* name) {
  const auto found = info.attributes.find(name);
  if (found == info.attributes.end()) {
    return InvalidArgument("the node has no attribute '", name, "'");
  }
  const T* value = std::get_if<T>(&found->second.data);
  if (value == nullptr) return InvalidArgument("attribute '", name, "' is of another type");
  return value;
}

template <typename T>
OrtStatus* GetAttribute(const OrtKernelInfo* info, const char* name, T* out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const T* value, Find<T>(*info, name));
        *out = *value;
        return absl::OkStatus();
      },
      info, name, out);
}

OrtStatus* GetText(const OrtKernelInfo* info, const char* name, char* out, size_t* size) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const std::string* value, Find<std::string>(*info, name));
        return CopyOut(*value, out, size);
      },
      info, name, size);
}

template <typename T>
OrtStatus* GetList(const OrtKernelInfo* info, const char* name, T* out, size_t* size) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const std::vector<T>* value, Find<std::vector<T>>(*info, name));
        return CopyOut(value->data(), value->size(), out, size);
      },
      info, name, size);
}

OrtStatus* GetTensor(const OrtKernelInfo* info, const char* name, OrtAllocator* allocator,
                     OrtValue** out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const Tensor* value, Find<Tensor>(*info, name));
        SX_ASSIGN_OR_RETURN(Tensor copy, value->Clone());
        *out = new OrtValue{std::move(copy)};
        return absl::OkStatus();
      },
      info, name, allocator, out);
}

OrtStatus* GetConstant(const OrtKernelInfo* info, size_t index, int* is_constant,
                       const OrtValue** out) {
  return Guarded(
      [&]() -> Status {
        if (index >= info->constants.size()) return InvalidArgument("there is no input ", index);
        *is_constant = info->constants[index].value.is_none() ? 0 : 1;
        *out = *is_constant != 0 ? &info->constants[index] : nullptr;
        return absl::OkStatus();
      },
      info, is_constant, out);
}

/// How many inputs or outputs a node has, or the type of one.
template <auto kSide>
OrtStatus* Count(const OrtKernelInfo* info, size_t* out) {
  return Guarded(
      [&] {
        *out = (info->*kSide).size();
        return absl::OkStatus();
      },
      info, out);
}
template <auto kSide>
OrtStatus* TypeAt(const OrtKernelInfo* info, size_t index, OrtTypeInfo** out) {
  return Guarded(
      [&]() -> Status {
        if (index >= (info->*kSide).size()) {
          return InvalidArgument("there is no input or output ", index);
        }
        *out = Describe((info->*kSide)[index]);
        return absl::OkStatus();
      },
      info, out);
}
template <auto kMember>
OrtStatus* MemberText(const OrtKernelInfo* info, char* out, size_t* size) {
  return Guarded([&] { return CopyOut(info->*kMember, out, size); }, info, size);
}

OrtStatus* GetAllocator(const OrtKernelInfo* info, int, OrtAllocator** out) {
  return Guarded(
      [&] {
        *out = DefaultAllocator();
        return absl::OkStatus();
      },
      info, out);
}
OrtStatus* GetLogger(const OrtKernelInfo* info, const OrtLogger** out) {
  return Guarded(
      [&] {
        *out = info->logger.get();
        return absl::OkStatus();
      },
      info, out);
}
OrtStatus* Copy(const OrtKernelInfo* info, OrtKernelInfo** out) {
  return Guarded(
      [&] {
        *out = new OrtKernelInfo(*info);
        return absl::OkStatus();
      },
      info, out);
}

}  // namespace

void AddKernelInfoFunctions(Table& table) {
  table.Set(SlotOf("KernelInfoGetAttribute_float"), GetAttribute<float>);
  table.Set(SlotOf("KernelInfoGetAttribute_int64"), GetAttribute<int64_t>);
  table.Set(SlotOf("KernelInfoGetAttribute_string"), GetText);
  table.Set(SlotOf("KernelInfoGetAttribute_tensor"), GetTensor);
  table.Set(SlotOf("KernelInfoGetAttributeArray_float"), GetList<float>);
  table.Set(SlotOf("KernelInfoGetAttributeArray_int64"), GetList<int64_t>);
  table.Set(SlotOf("KernelInfoGetConstantInput_tensor"), GetConstant);
  table.Set(SlotOf("KernelInfo_GetInputCount"), Count<&OrtKernelInfo::inputs>);
  table.Set(SlotOf("KernelInfo_GetOutputCount"), Count<&OrtKernelInfo::outputs>);
  table.Set(SlotOf("KernelInfo_GetInputTypeInfo"), TypeAt<&OrtKernelInfo::inputs>);
  table.Set(SlotOf("KernelInfo_GetOutputTypeInfo"), TypeAt<&OrtKernelInfo::outputs>);
  table.Set(SlotOf("KernelInfo_GetNodeName"), MemberText<&OrtKernelInfo::name>);
  table.Set(SlotOf("KernelInfo_GetOperatorDomain"), MemberText<&OrtKernelInfo::domain>);
  table.Set(SlotOf("KernelInfo_GetOperatorType"), MemberText<&OrtKernelInfo::op_type>);
  table.Set(
      SlotOf("KernelInfo_GetOperatorSinceVersion"), +[](const OrtKernelInfo* info, int* out) {
        return info == nullptr ? Give<int>(nullptr, 0) : Give(out, info->version);
      });
  table.Set(SlotOf("KernelInfo_GetLogger"), GetLogger);
  table.Set(SlotOf("KernelInfoGetAllocator"), GetAllocator);
  table.Set(SlotOf("CopyKernelInfo"), Copy);
  table.Set(
      SlotOf("ReleaseKernelInfo"), +[](OrtKernelInfo* info) { delete info; });
}

}  // namespace sardonyx::ort
