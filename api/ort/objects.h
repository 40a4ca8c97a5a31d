// What the handles of onnxruntime's C interface stand for.
#pragma once

#include <exception>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "api/handles.h"
#include "api/load.h"
#include "api/ort/slots.h"
#include "api/ort/types.h"
#include "api/run_control.h"

struct OrtStatus {
  int code;
  std::string message;
};

struct OrtMemoryInfo {
  std::string name;
  int allocator_type, id, mem_type;

  friend bool operator==(const OrtMemoryInfo&, const OrtMemoryInfo&) = default;
};

struct OrtEnv {
  int log_level;
};

struct OrtSessionOptions {
  sardonyx::LoadOptions load;
  std::map<std::string, std::string> config;
};

struct OrtRunOptions {
  mutable sardonyx::StopSwitch stop;
  std::string tag;
  int log_severity = 2, log_verbosity = 0;
  std::map<std::string, std::string> config;
};

struct OrtValue {
  sardonyx::Value value;
};

struct OrtTensorTypeAndShapeInfo {
  int element_type = 0;
  bool has_shape = true;
  std::vector<int64_t> dims;  // -1: not known
  std::vector<std::string> symbols;
};

struct OrtTypeInfo {
  sardonyx::Type type;
  OrtTensorTypeAndShapeInfo tensor;  // where it is one
};

struct OrtModelMetadata {
  sardonyx::Metadata metadata;
};

namespace sardonyx::ort {

using Sessions = Handles<OrtSession, LoadedModel>;
Sessions& AllSessions();

/// The session, or an error where it is null or was released.
StatusOr<std::shared_ptr<LoadedModel>> FindSession(const OrtSession* handle);

/// The library's allocator, and what its memory is: always the same objects.
OrtAllocator* DefaultAllocator();
const OrtMemoryInfo* CpuMemory();
/// An error where it is other memory than the CPU's.
Status CheckIsCpu(const OrtMemoryInfo& info);

/// A copy of `text` in the allocator's memory.
StatusOr<char*> CopyText(OrtAllocator* allocator, absl::string_view text);

OrtTensorTypeAndShapeInfo DescribeTensor(const Type& type);
OrtTypeInfo* Describe(const Type& type);

/// Runs with outputs[i] null for a new value, otherwise a tensor that is written into.
Status Run(OrtSession* session, const OrtRunOptions* options, const char* const* input_names,
           const OrtValue* const* inputs, size_t input_count, const char* const* output_names,
           size_t output_count, OrtValue** outputs);

OrtStatus* NewStatus(int code, absl::string_view message);
/// Null for OK.
OrtStatus* ToOrt(const Status& status);

/// The outcome of `function`, which returns a Status; an exception is one too.
template <typename Function>
OrtStatus* Guarded(Function&& function) {
  try {
    return ToOrt(function());
  } catch (const std::bad_alloc&) {
    return ToOrt(LimitExceeded("out of memory"));
  } catch (const std::exception& error) {
    return NewStatus(kRuntimeException, error.what());
  } catch (...) {
    return NewStatus(kRuntimeException, "an exception of an unknown type");
  }
}

/// `function` on arguments of which none is null.
template <typename Function, typename... Pointers>
OrtStatus* Guarded(Function&& function, const Pointers*... pointers) {
  return Guarded([&]() -> Status {
    if (((pointers == nullptr) || ...)) return InvalidArgument("an argument is null");
    return function();
  });
}

/// Puts `value` where the caller wants it.
template <typename T, typename U>
OrtStatus* Give(T* place, U&& value) {
  return Guarded(
      [&] {
        *place = std::forward<U>(value);
        return absl::OkStatus();
      },
      place);
}

/// The function table that is being filled.
class Table {
 public:
  template <typename Function>
  void Set(size_t slot, Function* function) {
    slots_[slot] = reinterpret_cast<const void*>(function);
  }
  const void* const* slots() const { return slots_; }

 private:
  const void* slots_[kSlotCount] = {};
};

// The functions, by file.
void AddBaseFunctions(Table& table);
void AddOptionFunctions(Table& table);
void AddSessionFunctions(Table& table);
void AddRunFunctions(Table& table);
void AddBindingFunctions(Table& table);
void AddValueFunctions(Table& table);
void AddTypeFunctions(Table& table);

}  // namespace sardonyx::ort
