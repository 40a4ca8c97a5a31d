#include "tools/cli/ort_library.h"

#include <dlfcn.h>

namespace sardonyx {
namespace {

// The version of the interface that is asked for. The functions used here are older than it, and
// every library since gives it.
constexpr uint32_t kInterface = 11;

struct ApiBase {
  void* const* (*get_api)(uint32_t version);
  const char* (*get_version)();
};

}  // namespace

StatusOr<OrtLibrary> OrtLibrary::Open(const std::string& path) {
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return InvalidArgument("onnxruntime cannot be loaded: ", dlerror());
  const auto get_base = reinterpret_cast<const ApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"));
  const ApiBase* base = get_base == nullptr ? nullptr : get_base();
  if (base == nullptr) return InvalidArgument("'", path, "' is not onnxruntime's library");
  OrtLibrary library;
  library.version_ = base->get_version();
  library.table_ = base->get_api(kInterface);
  if (library.table_ == nullptr) {
    return InvalidArgument("onnxruntime ", library.version_, " at '", path, "' is too old");
  }
  return library;
}

Status OrtLibrary::ToStatus(void* status) const {
  if (status == nullptr) return absl::OkStatus();
  const auto message = reinterpret_cast<const char* (*)(const void*)>(
      table_[static_cast<int>(OrtSlot::kGetErrorMessage)]);
  Status result = InvalidArgument("onnxruntime ", version_, ": ", message(status));
  Release(OrtSlot::kReleaseStatus, status);
  return result;
}

}  // namespace sardonyx
