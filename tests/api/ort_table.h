// onnxruntime's interface as the tests here use it: by its table alone.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "api/ort/slots.h"
#include "api/ort/types.h"
#include "tests/api/c_models.h"

namespace sardonyx::ort {

inline const void* const* Slots() {
  return static_cast<const void* const*>(OrtGetApiBase()->GetApi(kVersion));
}

/// Calls the function of that place.
template <size_t kSlot, typename Result = OrtStatus*, typename... Args>
Result Call(Args... args) {
  using Function = Result (*)(Args...);
  return reinterpret_cast<Function>(const_cast<void*>(Slots()[kSlot]))(args...);
}

inline constexpr std::nullptr_t kNone = nullptr;

/// A status as its code and message, released.
struct Outcome {
  Outcome() = default;
  Outcome(OrtStatus* status) {
    if (status == nullptr) return;
    code = Call<SlotOf("GetErrorCode"), int>(status);
    message = Call<SlotOf("GetErrorMessage"), const char*>(status);
    Call<SlotOf("ReleaseStatus"), void>(status);
  }
  int code = kOk;
  std::string message;
};

/// Options of a session, released at the end.
class OrtOptions {
 public:
  OrtOptions() { Outcome(Call<SlotOf("CreateSessionOptions")>(&options_)); }
  ~OrtOptions() { Call<SlotOf("ReleaseSessionOptions"), void>(options_); }
  OrtOptions(const OrtOptions&) = delete;
  OrtOptions& operator=(const OrtOptions&) = delete;
  OrtSessionOptions* get() const { return options_; }

 private:
  OrtSessionOptions* options_ = nullptr;
};

/// An environment that keeps quiet, and a session of a model from x to y in it.
struct Loaded {
  explicit Loaded(const std::string& model = DoubleModel(), OrtSessionOptions* options = nullptr) {
    REQUIRE(Outcome(Call<SlotOf("CreateEnv")>(kFatal, "test", &env)).code == kOk);
    loading = Call<SlotOf("CreateSessionFromArray")>(env, static_cast<const void*>(model.data()),
                                                     model.size(), options, &session);
    REQUIRE(Outcome(Call<SlotOf("CreateCpuMemoryInfo")>(0, 0, &memory)).code == kOk);
  }
  ~Loaded() {
    Call<SlotOf("ReleaseMemoryInfo"), void>(memory);
    Call<SlotOf("ReleaseSession"), void>(session);
    Call<SlotOf("ReleaseEnv"), void>(env);
  }
  OrtValue* Borrow(std::vector<float>& data, std::vector<int64_t> dims) {
    OrtValue* value = nullptr;
    const OrtMemoryInfo* info = memory;
    Outcome made = Call<SlotOf("CreateTensorWithDataAsOrtValue")>(
        info, static_cast<void*>(data.data()), data.size() * sizeof(float),
        static_cast<const int64_t*>(dims.data()), dims.size(), 1, &value);
    CHECK(made.message == "");
    return value;
  }
  Outcome Run(const OrtValue* x, OrtValue** y, const char* output = "y") {
    const char* input = "x";
    return Call<SlotOf("Run")>(session, static_cast<OrtRunOptions*>(nullptr), &input, &x, size_t{1},
                               &output, size_t{1}, y);
  }

  Outcome loading;
  OrtEnv* env = nullptr;
  OrtSession* session = nullptr;
  OrtMemoryInfo* memory = nullptr;
};

inline void Release(OrtValue* value) { Call<SlotOf("ReleaseValue"), void>(value); }

/// The elements of a tensor of floats.
inline std::vector<float> FloatsOf(OrtValue* value, size_t count) {
  void* data = nullptr;
  if (Outcome(Call<SlotOf("GetTensorMutableData")>(value, &data)).code != kOk) return {};
  const auto* floats = static_cast<const float*>(data);
  return std::vector<float>(floats, floats + count);
}

}  // namespace sardonyx::ort
