#include "tools/cli/ov_library.h"

#include <dlfcn.h>

#include <algorithm>
#include <iterator>

namespace sardonyx {
namespace {

struct ElementType {
  int number;  // OpenVINO's
  DataType type;
};

// As ov_common.h numbers them since release 2025.0. Elements of less than a byte are packed there.
constexpr ElementType kElementTypes[] = {
    {1, DataType::kBool},   {2, DataType::kBFloat16}, {3, DataType::kFloat16},
    {4, DataType::kFloat},  {5, DataType::kDouble},   {7, DataType::kInt8},
    {8, DataType::kInt16},  {9, DataType::kInt32},    {10, DataType::kInt64},
    {16, DataType::kUInt8}, {17, DataType::kUInt16},  {18, DataType::kUInt32},
    {19, DataType::kUInt64}};

}  // namespace

StatusOr<OvLibrary> OvLibrary::Open(const std::string& path) {
  OvLibrary library;
  library.handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library.handle_ == nullptr) return InvalidArgument("openvino cannot be loaded: ", dlerror());
  if (library.Find("ov_core_create") == nullptr) {
    return InvalidArgument("'", path, "' is not openvino's C library");
  }
  struct Version {
    const char* build = nullptr;
    const char* description = nullptr;
  } version;
  SX_RETURN_IF_ERROR(library.Call("ov_get_openvino_version", &version));
  library.version_ = version.build == nullptr ? "" : version.build;
  reinterpret_cast<void (*)(Version*)>(library.Find("ov_version_free"))(&version);
  SX_RETURN_IF_ERROR(library.CheckElementTypes());
  return library;
}

/// Earlier releases numbered them in another way, which shows in the sizes of elements.
Status OvLibrary::CheckElementTypes() const {
  int64_t one = 1;
  for (const auto& [number, type] : kElementTypes) {
    size_t bytes = 0;
    const StatusOr<Object> tensor =
        Make("ov_tensor_free", "ov_tensor_create", number, Dims{1, &one});
    if (tensor.ok()) {
      SX_RETURN_IF_ERROR(
          Call("ov_tensor_get_byte_size", static_cast<const void*>(tensor->get()), &bytes));
    }
    if (bytes != ElementSize(type)) {
      return InvalidArgument("openvino ", version_, " is too old or too new: its element type ",
                             number, " has ", bytes, " bytes, expected ", Name(type));
    }
  }
  return absl::OkStatus();
}

StatusOr<OvLibrary::Object> OvLibrary::Compile(const void* core, const void* model,
                                               int threads) const {
  using Function = int (*)(const void*, const void*, const char*, size_t, void**, ...);
  const auto compile = reinterpret_cast<Function>(Find("ov_core_compile_model"));
  if (compile == nullptr) return Missing("ov_core_compile_model");
  const std::string count = absl::StrCat(threads);
  const size_t words = threads > 0 ? 4 : 2;  // keys and values
  void* compiled = nullptr;
  SX_RETURN_IF_ERROR(
      ToStatus(compile(core, model, "CPU", words, &compiled, "INFERENCE_PRECISION_HINT", "f32",
                       "INFERENCE_NUM_THREADS", count.c_str())));
  return Own("ov_compiled_model_free", compiled);
}

OvLibrary::Object OvLibrary::Own(const char* free, void* object) const {
  return {object, reinterpret_cast<void (*)(void*)>(Find(free))};
}

void* OvLibrary::Find(const char* name) const { return dlsym(handle_, name); }

Status OvLibrary::Missing(const char* name) const {
  return InvalidArgument("openvino ", version_, " has no function ", name);
}

Status OvLibrary::ToStatus(int code) const {
  if (code == 0) return absl::OkStatus();
  const auto last = reinterpret_cast<const char* (*)()>(Find("ov_get_last_err_msg"));
  const auto general = reinterpret_cast<const char* (*)(int)>(Find("ov_get_error_info"));
  const char* message = last == nullptr ? nullptr : last();
  if (message == nullptr || *message == '\0') message = general == nullptr ? "" : general(code);
  return InvalidArgument("openvino ", version_, ": ", message);
}

StatusOr<OvLibrary::Object> ToOv(const OvLibrary& library, const Tensor& tensor) {
  const auto* const found =
      std::find_if(std::begin(kElementTypes), std::end(kElementTypes),
                   [&](const ElementType& entry) { return entry.type == tensor.type(); });
  if (found == std::end(kElementTypes)) {
    return Unimplemented("elements of type ", Name(tensor.type()),
                         " do not pass between openvino and this program");
  }
  Ints dims(tensor.shape().begin(), tensor.shape().end());
  const OvLibrary::Dims shape{tensor.rank(), dims.data()};
  if (tensor.size() == 0) {
    return library.Make("ov_tensor_free", "ov_tensor_create", found->number, shape);
  }
  Tensor shared = tensor;  // openvino does not write to inputs
  return library.Make("ov_tensor_free", "ov_tensor_create_from_host_ptr", found->number, shape,
                      shared.raw());
}

StatusOr<Tensor> FromOv(const OvLibrary& library, const void* tensor) {
  int number = 0;
  SX_RETURN_IF_ERROR(library.Call("ov_tensor_get_element_type", tensor, &number));
  const auto* const found =
      std::find_if(std::begin(kElementTypes), std::end(kElementTypes),
                   [&](const ElementType& entry) { return entry.number == number; });
  if (found == std::end(kElementTypes)) {
    return Unimplemented("elements of openvino's type ", number, " are not taken from it");
  }
  OvLibrary::Dims dims;
  SX_RETURN_IF_ERROR(library.Call("ov_tensor_get_shape", tensor, &dims));
  const Shape shape(absl::MakeConstSpan(dims.dims, static_cast<size_t>(dims.rank)));
  SX_RETURN_IF_ERROR(library.Call("ov_shape_free", &dims));
  SX_ASSIGN_OR_RETURN(Tensor copy, Tensor::Create(found->type, shape));
  void* data = nullptr;
  SX_RETURN_IF_ERROR(library.Call("ov_tensor_data", tensor, &data));
  if (copy.size() > 0) copy.CopyFrom(Tensor::Borrow(found->type, shape, data, nullptr));
  return copy;
}

}  // namespace sardonyx
