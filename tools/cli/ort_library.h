// onnxruntime's C interface, loaded at run time: declarations of our own for the part that is used.
//
// The library exports OrtGetApiBase; what it returns gives a table of functions, whose order is
// fixed for all versions. Functions that can fail return a status object, null where all is well.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "runtime/base/status.h"

namespace sardonyx {

/// Places in the table of functions.
enum class OrtSlot {
  kGetErrorMessage = 2,
  kCreateEnv = 3,
  kCreateSession = 7,
  kCreateSessionFromArray = 8,
  kRun = 9,
  kCreateSessionOptions = 10,
  kSetIntraOpNumThreads = 24,
  kSessionGetInputCount = 30,
  kSessionGetOutputCount = 31,
  kSessionGetInputTypeInfo = 33,
  kSessionGetOutputTypeInfo = 34,
  kSessionGetInputName = 36,
  kSessionGetOutputName = 37,
  kCreateTensorAsOrtValue = 48,
  kCreateTensorWithDataAsOrtValue = 49,
  kGetTensorMutableData = 51,
  kFillStringTensor = 52,
  kGetStringTensorDataLength = 53,
  kGetStringTensorContent = 54,
  kCastTypeInfoToTensorInfo = 55,
  kGetTensorElementType = 60,
  kGetDimensionsCount = 61,
  kGetDimensions = 62,
  kGetSymbolicDimensions = 63,
  kGetTensorTypeAndShape = 65,
  kGetValueType = 67,
  kCreateCpuMemoryInfo = 69,
  kAllocatorFree = 76,
  kGetAllocatorWithDefaultOptions = 78,
  kReleaseEnv = 92,
  kReleaseStatus = 93,
  kReleaseMemoryInfo = 94,
  kReleaseSession = 95,
  kReleaseValue = 96,
  kReleaseTypeInfo = 98,
  kReleaseTensorTypeAndShapeInfo = 99,
  kReleaseSessionOptions = 100,
};

/// The library. Objects that it makes are void* here. Stays loaded until the process ends, as its
/// threads may.
class OrtLibrary {
 public:
  /// Errors: no such library, or one without this interface.
  static StatusOr<OrtLibrary> Open(const std::string& path);

  const std::string& version() const { return version_; }

  /// Calls a function that returns a status. Arguments are passed as they are: their types must be
  /// those that it declares.
  template <typename... Args>
  Status Call(OrtSlot slot, Args... args) const {
    using Function = void* (*)(Args...);
    return ToStatus(reinterpret_cast<Function>(table_[static_cast<int>(slot)])(args...));
  }

  /// Owns an object that the function at `release` ends.
  template <OrtSlot release>
  class Handle {
   public:
    explicit Handle(const OrtLibrary& library) : library_(&library) {}
    Handle(Handle&& other) noexcept
        : library_(other.library_), object_(std::exchange(other.object_, nullptr)) {}
    Handle& operator=(Handle&& other) noexcept {
      std::swap(library_, other.library_);
      std::swap(object_, other.object_);
      return *this;
    }
    ~Handle() {
      if (object_ != nullptr) library_->Release(release, object_);
    }
    void* get() const { return object_; }
    /// For functions that make one.
    void** out() { return &object_; }

   private:
    const OrtLibrary* library_;
    void* object_ = nullptr;
  };

 private:
  OrtLibrary() = default;
  void Release(OrtSlot slot, void* object) const {
    reinterpret_cast<void (*)(void*)>(table_[static_cast<int>(slot)])(object);
  }
  Status ToStatus(void* status) const;

  void* const* table_ = nullptr;
  std::string version_;
};

}  // namespace sardonyx
