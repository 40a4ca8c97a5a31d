// What crosses onnxruntime's C interface: declarations of our own, with the numbers and layouts
// that programs compiled against its header rely on.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

struct OrtStatus;
struct OrtEnv;
struct OrtSession;
struct OrtSessionOptions;
struct OrtRunOptions;
struct OrtValue;
struct OrtMemoryInfo;
struct OrtTypeInfo;
struct OrtTensorTypeAndShapeInfo;
struct OrtMapTypeInfo;
struct OrtSequenceTypeInfo;
struct OrtOptionalTypeInfo;
struct OrtModelMetadata;
struct OrtIoBinding;

/// Memory of an application's or of the library's. Members past Info are asked for by version.
struct OrtAllocator {
  uint32_t version;
  void* (*Alloc)(OrtAllocator* self, size_t size);
  void (*Free)(OrtAllocator* self, void* memory);
  const OrtMemoryInfo* (*Info)(const OrtAllocator* self);
  void* (*Reserve)(OrtAllocator* self, size_t size);
  OrtStatus* (*GetStats)(const OrtAllocator* self, void** stats);
  void* (*AllocOnStream)(OrtAllocator* self, size_t size, void* stream);
};

struct OrtApiBase {
  const void* (*GetApi)(uint32_t version);
  const char* (*GetVersionString)();
};

/// What the library exports.
[[gnu::visibility("default")]] const OrtApiBase* OrtGetApiBase();
[[gnu::visibility("default")]] OrtStatus* OrtSessionOptionsAppendExecutionProvider_CPU(
    OrtSessionOptions* options, int use_arena);

using OrtLoggingFunction = void (*)(void* param, int severity, const char* category,
                                    const char* log_id, const char* place, const char* message);
using OrtRunAsyncCallback = void (*)(void* user, OrtValue** outputs, size_t count,
                                     OrtStatus* status);
}

namespace sardonyx::ort {

inline constexpr uint32_t kVersion = 31;
inline constexpr const char* kVersionString = "1.31.0";

enum ErrorCode {
  kOk = 0,
  kFail = 1,
  kInvalidArgument = 2,
  kNoSuchFile = 3,
  kRuntimeException = 6,
  kInvalidProtobuf = 7,
  kNotImplemented = 9,
  kInvalidGraph = 10,
};

enum Kind {
  kUnknown = 0,
  kTensor = 1,
  kSequence = 2,
  kMap = 3,
  kOptional = 6,
};

}  // namespace sardonyx::ort
