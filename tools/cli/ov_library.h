// OpenVINO's C interface, loaded at run time: declarations of our own for the part that is used.
//
// The library exports its functions by name. Those that can fail return a number, 0 where all is
// well, and give what they make through their last argument.
#pragma once

#include <memory>
#include <string>

#include "runtime/base/status.h"
#include "runtime/base/tensor.h"

namespace sardonyx {

/// The library. Stays loaded until the process ends, as its threads may.
class OvLibrary {
 public:
  /// An object of the library's.
  using Object = std::unique_ptr<void, void (*)(void*)>;

  /// A shape as the library takes it.
  struct Dims {
    int64_t rank = 0;
    int64_t* dims = nullptr;
  };

  /// Errors: no such library, or one with another interface.
  static StatusOr<OvLibrary> Open(const std::string& path);

  /// Calls a function that returns a number. Arguments are passed as they are: their types must be
  /// those that it declares.
  template <typename... Args>
  Status Call(const char* name, Args... args) const {
    void* const function = Find(name);
    if (function == nullptr) return Missing(name);
    return ToStatus(reinterpret_cast<int (*)(Args...)>(function)(args...));
  }

  /// Calls `name` for an object that the function `free` ends.
  template <typename... Args>
  StatusOr<Object> Make(const char* free, const char* name, Args... args) const {
    void* object = nullptr;
    SX_RETURN_IF_ERROR(Call(name, args..., &object));
    return Own(free, object);
  }

  /// A model for the CPU, computed in float32 where it is float32, by that many threads (0: all).
  StatusOr<Object> Compile(const void* core, const void* model, int threads) const;

 private:
  OvLibrary() = default;
  Object Own(const char* free, void* object) const;
  void* Find(const char* name) const;
  Status Missing(const char* name) const;
  Status ToStatus(int code) const;
  Status CheckElementTypes() const;

  void* handle_ = nullptr;
  std::string version_;
};

/// A tensor for OpenVINO, which borrows its elements. Errors: an element type that the two hold
/// differently.
StatusOr<OvLibrary::Object> ToOv(const OvLibrary& library, const Tensor& tensor);

/// A copy of one of OpenVINO's. Errors: as above.
StatusOr<Tensor> FromOv(const OvLibrary& library, const void* tensor);

}  // namespace sardonyx
