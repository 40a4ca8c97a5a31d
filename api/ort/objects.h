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

/// Where messages go: to an application's function, or to stderr.
struct OrtLogger {
  OrtLoggingFunction function = nullptr;
  void* param = nullptr;
  int severity = sardonyx::ort::kWarning;  // the least that is told
  std::string id;

  void Log(int level, const char* category, const char* place, const std::string& message) const;
};

struct OrtEnv {
  OrtLogger logger;
};

struct OrtCustomOpDomain {
  struct Contents {
    std::string name;
    std::vector<const OrtCustomOp*> ops;
  };
  std::shared_ptr<Contents> contents;  // which options that it was added to keep
};

struct OrtSessionOptions {
  sardonyx::LoadOptions load;
  std::map<std::string, std::string> config;
  int severity = -1;   // of messages; -1: the environment's
  std::string log_id;  // "": the environment's
  OrtLoggingFunction log_function = nullptr;
  void* log_param = nullptr;
  std::vector<std::shared_ptr<const OrtCustomOpDomain::Contents>> domains;
  std::vector<std::shared_ptr<void>> libraries;  // whose code the domains' operators are
};

struct OrtRunOptions {
  mutable sardonyx::StopSwitch stop;
  std::string tag;
  int log_severity = -1, log_verbosity = 0;  // -1: the session's
  std::map<std::string, std::string> config;
  std::optional<std::string> trace_prefix;  // where the run's own trace goes
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

/// A session that is ready to run, and what it tells of itself.
struct OpenSession {
  OpenSession(std::shared_ptr<LoadedModel> model, std::shared_ptr<const OrtLogger> logger)
      : model(std::move(model)), logger(std::move(logger)) {}

  std::shared_ptr<LoadedModel> model;
  std::shared_ptr<const OrtLogger> logger;
};

using Sessions = Handles<OrtSession, OpenSession>;
Sessions& AllSessions();

/// The session, or an error where it is null or was released.
StatusOr<std::shared_ptr<OpenSession>> FindOpen(const OrtSession* handle);
StatusOr<std::shared_ptr<LoadedModel>> FindSession(const OrtSession* handle);

/// The operators of the options' domains, which log to `logger`. Errors: what they say of
/// themselves makes no sense.
StatusOr<CustomOps> MakeCustomOps(const OrtSessionOptions& options,
                                  std::shared_ptr<const OrtLogger> logger);

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

/// The table of functions, as applications get it.
const void* TheApi();

OrtStatus* NewStatus(int code, absl::string_view message);
/// The other way round; `status` (null: OK) is released.
Status FromOrt(OrtStatus* status);
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
void AddMemoryFunctions(Table& table);
void AddEnvFunctions(Table& table);
void AddCustomOpFunctions(Table& table);
void AddKernelInfoFunctions(Table& table);
void AddKernelContextFunctions(Table& table);
void AddInferContextFunctions(Table& table);
void AddOptionFunctions(Table& table);
void AddSessionFunctions(Table& table);
void AddRunFunctions(Table& table);
void AddBindingFunctions(Table& table);
void AddValueFunctions(Table& table);
void AddTypeFunctions(Table& table);

}  // namespace sardonyx::ort
