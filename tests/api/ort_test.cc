// The library in onnxruntime's place, by its table alone: what is there, what is not, and misuse.
// Programs that nobody here wrote are in tests/embedding.
#include <catch2/catch.hpp>
#include <cstring>
#include <future>

#include "absl/strings/match.h"
#include "tests/api/ort_table.h"

namespace sardonyx::ort {
namespace {

TEST_CASE("One table for versions 1 to 31, all of its 428 places filled", "[api][ort]") {
  const OrtApiBase& base = *OrtGetApiBase();
  CHECK(base.GetApi(0) == nullptr);
  CHECK(base.GetApi(32) == nullptr);
  for (uint32_t version = 1; version <= 31; ++version) CHECK(base.GetApi(version) == Slots());
  CHECK(std::string(base.GetVersionString()).substr(0, 5) == "1.31.");
  for (size_t i = 0; i < kSlotCount; ++i) CHECK(Slots()[i] != nullptr);
  // Places that clients rely on, as numbers.
  CHECK(kSlots[9] == "Run");
  CHECK(kSlots[78] == "GetAllocatorWithDefaultOptions");
  CHECK(kSlots[414] == "GetTensorElementTypeAndShapeDataReference");
}

TEST_CASE("What is not implemented says so by name", "[api][ort]") {
  const Outcome outcome = Call<SlotOf("CreateOpAttr")>();
  CHECK(outcome.code == kNotImplemented);
  CHECK_THAT(outcome.message, Catch::Contains("CreateOpAttr"));
  CHECK(Call<SlotOf("GetTrainingApi"), const void*>(31u) == nullptr);
  CHECK(Call<SlotOf("GetModelEditorApi"), const void*>() == nullptr);
}

TEST_CASE("Profiling that nobody asked for has no file", "[api][ort]") {
  const Loaded loaded;
  OrtAllocator* allocator = nullptr;
  REQUIRE(Outcome(Call<SlotOf("GetAllocatorWithDefaultOptions")>(&allocator)).code == kOk);
  char* path = nullptr;
  REQUIRE(Outcome(Call<SlotOf("SessionEndProfiling")>(loaded.session, allocator, &path)).code ==
          kOk);
  CHECK(std::string(path) == "");
  allocator->Free(allocator, path);
  uint64_t start = 1;
  REQUIRE(Outcome(Call<SlotOf("SessionGetProfilingStartTimeNs")>(loaded.session, &start)).code ==
          kOk);
  CHECK(start == 0);
}

TEST_CASE("A run, by the table", "[api][ort]") {
  Loaded loaded;
  std::vector<float> in = {1, 2}, out(2);
  OrtValue *x = loaded.Borrow(in, {2}), *y = nullptr, *place = loaded.Borrow(out, {2});
  REQUIRE(loaded.Run(x, &y).message == "");
  void* data = nullptr;
  REQUIRE(Outcome(Call<SlotOf("GetTensorMutableData")>(y, &data)).code == kOk);
  CHECK(static_cast<float*>(data)[1] == 4);
  OrtValue* written = place;
  REQUIRE(loaded.Run(x, &written).code == kOk);
  CHECK(out == std::vector<float>{2, 4});
  for (OrtValue* value : {x, y, place}) Release(value);
  Release(nullptr);
}

TEST_CASE("A run in a thread of its own calls back", "[api][ort]") {
  Loaded loaded;
  std::vector<float> in = {1};
  OrtValue *x = loaded.Borrow(in, {1}), *y = nullptr;
  const OrtValue* inputs[] = {x};
  const char *input = "x", *output = "y";
  std::promise<std::string> done;
  const OrtRunAsyncCallback tell = [](void* user, OrtValue**, size_t, OrtStatus* status) {
    static_cast<std::promise<std::string>*>(user)->set_value(Outcome(status).message);
  };
  const Outcome begun = Call<SlotOf("RunAsync")>(
      loaded.session, static_cast<OrtRunOptions*>(nullptr), &input, &inputs[0], size_t{1}, &output,
      size_t{1}, &y, tell, static_cast<void*>(&done));
  REQUIRE(begun.message == "");
  CHECK(done.get_future().get() == "");
  REQUIRE(y != nullptr);
  Release(x);
  Release(y);
}

TEST_CASE("Errors have the codes that programs look at", "[api][ort]") {
  Loaded loaded;
  OrtSession* session = nullptr;
  OrtSessionOptions* options = nullptr;
  const auto load = [&](const char* path) {
    return Outcome(Call<SlotOf("CreateSession")>(loaded.env, path, options, &session));
  };
  CHECK(load("no-such-model.onnx").code == kNoSuchFile);
  CHECK(load(SARDONYX_SOURCE_DIR "/README.md").code == kInvalidProtobuf);
  CHECK(load(nullptr).code == kInvalidArgument);
  CHECK(session == nullptr);

  std::vector<float> in = {1, 2};
  OrtValue *matrix = loaded.Borrow(in, {1, 2}), *x = loaded.Borrow(in, {2}), *y = nullptr;
  CHECK(loaded.Run(matrix, &y).code == kInvalidArgument);
  CHECK(loaded.Run(x, &y, "z").code == kInvalidArgument);
  CHECK(loaded.Run(nullptr, &y).code == kInvalidArgument);
  CHECK(y == nullptr);
  const int64_t dims[] = {3};
  const OrtMemoryInfo* info = loaded.memory;
  CHECK(Outcome(Call<SlotOf("CreateTensorWithDataAsOrtValue")>(info, static_cast<void*>(in.data()),
                                                               in.size() * sizeof(float), &dims[0],
                                                               size_t{1}, 1, &y))
            .code == kInvalidArgument);
  Release(matrix);
  Release(x);

  REQUIRE(Outcome(Call<SlotOf("CreateSessionOptions")>(&options)).code == kOk);
  const char* const* none = nullptr;
  CHECK(Outcome(Call<SlotOf("SessionOptionsAppendExecutionProvider")>(options, "CUDA", none, none,
                                                                      size_t{0}))
            .code == kInvalidArgument);
  CHECK(Outcome(Call<SlotOf("AddFreeDimensionOverrideByName")>(options, "unknown", int64_t{2}))
            .code == kOk);
  CHECK(Outcome(Call<SlotOf("AddSessionConfigEntry")>(options, "sardonyx.backend", "gpu")).code ==
        kInvalidArgument);
  CHECK(Outcome(Call<SlotOf("AddSessionConfigEntry")>(options, "session.anything", "1")).code ==
        kOk);
  Call<SlotOf("ReleaseSessionOptions"), void>(options);
}

TEST_CASE("A session of onnxruntime's interface that was released is known as such", "[api][ort]") {
  Loaded loaded;
  Call<SlotOf("ReleaseSession"), void>(loaded.session);
  std::vector<float> in = {1};
  OrtValue *x = loaded.Borrow(in, {1}), *y = nullptr;
  CHECK(loaded.Run(x, &y).code == kInvalidArgument);
  Release(x);
}

TEST_CASE("Every function with a status takes nulls", "[api][ort]") {
  // As many arguments as any has; what returns no status is not tried.
  for (size_t i = 0; i < kSlotCount; ++i) {
    const absl::string_view name = kSlots[i];
    const bool status_less = absl::StartsWith(name, "Release") || absl::StartsWith(name, "Clear") ||
                             absl::StrContains(name, "KeyValuePair") || name == "CreateStatus" ||
                             name == "GetErrorCode" || name == "GetErrorMessage" ||
                             name == "GetBuildInfoString" || name == "MemoryInfoGetDeviceType" ||
                             name == "RunOptionsSetSyncStream" ||
                             name == "CreateTensorTypeAndShapeInfo";  // makes one for any `out`
    if (status_less) continue;
    using Function =
        void* (*)(void*, void*, void*, void*, void*, void*, void*, void*, void*, void*);
    const auto function = reinterpret_cast<Function>(const_cast<void*>(Slots()[i]));
    INFO(name);
    void* result = function(kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone);
    const bool narrow = name == "TensorTypeAndShape_HasShape";  // a bool, not a status
    if (!narrow) Outcome(static_cast<OrtStatus*>(result));
  }
}

TEST_CASE("The default allocator is always the same and knows its memory", "[api][ort]") {
  OrtAllocator *first = nullptr, *second = nullptr;
  REQUIRE(Outcome(Call<SlotOf("GetAllocatorWithDefaultOptions")>(&first)).code == kOk);
  REQUIRE(Outcome(Call<SlotOf("GetAllocatorWithDefaultOptions")>(&second)).code == kOk);
  CHECK(first == second);
  void* memory = first->Alloc(first, 100);
  REQUIRE(memory != nullptr);
  std::memset(memory, 1, 100);
  first->Free(first, memory);
  const OrtMemoryInfo* info = nullptr;
  const OrtAllocator* constant = first;
  REQUIRE(Outcome(Call<SlotOf("AllocatorGetInfo")>(constant, &info)).code == kOk);
  CHECK(info == first->Info(first));
  const char* name = nullptr;
  REQUIRE(Outcome(Call<SlotOf("MemoryInfoGetName")>(info, &name)).code == kOk);
  CHECK(std::string(name) == "Cpu");
}

}  // namespace
}  // namespace sardonyx::ort
