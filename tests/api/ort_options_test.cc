// What sessions of onnxruntime's interface are made with: loggers, traces, initializers.
#include <filesystem>
#include <fstream>

#include "nlohmann/json.hpp"
#include "tests/api/ort_table.h"
#include "tests/cli/program.h"

namespace sardonyx::ort {
namespace {

// ---- Messages ------------------------------------------------------------------------------

struct Message {
  int severity;
  std::string category, id, text;
};
using Messages = std::vector<Message>;

void Note(void* param, int severity, const char* category, const char* id, const char*,
          const char* text) {
  static_cast<Messages*>(param)->push_back({severity, category, id, text});
}

/// An environment whose messages are kept, and a session of DoubleModel in it.
struct Noted {
  explicit Noted(int severity, OrtSessionOptions* options = nullptr) {
    const OrtLoggingFunction note = Note;
    REQUIRE(Outcome(Call<SlotOf("CreateEnvWithCustomLogger")>(note, static_cast<void*>(&messages),
                                                              severity, "env", &env))
                .code == kOk);
    const std::string model = DoubleModel();
    REQUIRE(
        Outcome(Call<SlotOf("CreateSessionFromArray")>(env, static_cast<const void*>(model.data()),
                                                       model.size(), options, &session))
            .code == kOk);
  }
  ~Noted() {
    Call<SlotOf("ReleaseSession"), void>(session);
    Call<SlotOf("ReleaseEnv"), void>(env);
  }
  /// Runs on a matrix, which the model does not take.
  void Fail(OrtRunOptions* options = nullptr) {
    std::vector<float> data(4);
    OrtValue *x = Loaded().Borrow(data, {2, 2}), *y = nullptr;
    const OrtValue* inputs[] = {x};
    const char *in = "x", *out = "y";
    CHECK(Outcome(Call<SlotOf("Run")>(session, options, &in, &inputs[0], size_t{1}, &out, size_t{1},
                                      &y))
              .code == kInvalidArgument);
    Release(x);
  }

  Messages messages;
  OrtEnv* env = nullptr;
  OrtSession* session = nullptr;
};

TEST_CASE("A custom logger hears of loading and of failures", "[api][ort]") {
  Noted noted(kInfo);
  REQUIRE(noted.messages.size() == 1);
  CHECK(noted.messages[0].severity == kInfo);
  CHECK(noted.messages[0].id == "env");
  CHECK_THAT(noted.messages[0].text, Catch::Contains("is ready"));
  noted.Fail();
  REQUIRE(noted.messages.size() == 2);
  CHECK(noted.messages[1].severity == kError);
  CHECK_THAT(noted.messages[1].text, Catch::Contains("expected float[N]"));

  OrtSession* none = nullptr;
  Outcome(Call<SlotOf("CreateSession")>(noted.env, "no-such-model.onnx",
                                        static_cast<OrtSessionOptions*>(nullptr), &none));
  REQUIRE(noted.messages.size() == 3);
  CHECK_THAT(noted.messages[2].text, Catch::Contains("no-such-model.onnx"));
}

TEST_CASE("Severity and names of messages are the session's and the run's", "[api][ort]") {
  const OrtOptions options;
  CHECK(Outcome(Call<SlotOf("SetSessionLogSeverityLevel")>(options.get(), int{kFatal})).code ==
        kOk);
  CHECK(Outcome(Call<SlotOf("SetSessionLogId")>(options.get(), "session")).code == kOk);
  Noted noted(kVerbose, options.get());
  noted.Fail();
  CHECK(noted.messages.empty());
  OrtRunOptions* run = nullptr;
  REQUIRE(Outcome(Call<SlotOf("CreateRunOptions")>(&run)).code == kOk);
  CHECK(Outcome(Call<SlotOf("RunOptionsSetRunLogSeverityLevel")>(run, int{kVerbose})).code == kOk);
  CHECK(Outcome(Call<SlotOf("RunOptionsSetRunTag")>(run, "seventh")).code == kOk);
  noted.Fail(run);
  Call<SlotOf("ReleaseRunOptions"), void>(run);
  REQUIRE(noted.messages.size() == 1);
  CHECK(noted.messages[0].id == "session/seventh");
}

TEST_CASE("A session may have a logger of its own", "[api][ort]") {
  Messages own;
  const OrtOptions options;
  const OrtLoggingFunction note = Note;
  REQUIRE(
      Outcome(Call<SlotOf("SetUserLoggingFunction")>(options.get(), note, static_cast<void*>(&own)))
          .code == kOk);
  Noted noted(kInfo, options.get());
  CHECK(noted.messages.empty());
  CHECK(own.size() == 1);
  REQUIRE(Outcome(Call<SlotOf("UpdateEnvWithCustomLogLevel")>(noted.env, int{kFatal})).code == kOk);
}

TEST_CASE("A logger that throws does no harm", "[api][ort]") {
  const OrtLoggingFunction throws = [](void*, int, const char*, const char*, const char*,
                                       const char*) { throw std::runtime_error("no paper"); };
  OrtEnv* env = nullptr;
  REQUIRE(Outcome(Call<SlotOf("CreateEnvWithCustomLogger")>(throws, static_cast<void*>(nullptr),
                                                            int{kVerbose}, "env", &env))
              .code == kOk);
  OrtSession* session = nullptr;
  CHECK(Outcome(Call<SlotOf("CreateSession")>(env, "no-such-model.onnx",
                                              static_cast<OrtSessionOptions*>(nullptr), &session))
            .code == kNoSuchFile);
  Call<SlotOf("ReleaseEnv"), void>(env);
}

// ---- Traces --------------------------------------------------------------------------------

nlohmann::json ReadJson(const std::string& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file, nullptr, false);
}

int LayersIn(const nlohmann::json& trace) {
  int layers = 0;
  for (const auto& event : trace) layers += event.value("cat", "") == "Node" ? 1 : 0;
  return layers;
}

TEST_CASE("A profiled session writes a trace when it is asked to end it", "[api][ort]") {
  const TemporaryFolder folder;
  const OrtOptions options;
  const std::string prefix = folder.path() + "/trace";
  REQUIRE(Outcome(Call<SlotOf("EnableProfiling")>(options.get(), prefix.c_str())).code == kOk);
  Loaded loaded(DoubleModel(), options.get());
  std::vector<float> data = {1};
  OrtValue* x = loaded.Borrow(data, {1});
  for (int i = 0; i < 2; ++i) {
    OrtValue* y = nullptr;
    REQUIRE(loaded.Run(x, &y).code == kOk);
    Release(y);
  }
  uint64_t start = 0;
  const OrtSession* session = loaded.session;
  CHECK(Outcome(Call<SlotOf("SessionGetProfilingStartTimeNs")>(session, &start)).code == kOk);
  CHECK(start > 0);
  OrtAllocator* allocator = nullptr;
  REQUIRE(Outcome(Call<SlotOf("GetAllocatorWithDefaultOptions")>(&allocator)).code == kOk);
  const auto end = [&] {
    char* path = nullptr;
    CHECK(Outcome(Call<SlotOf("SessionEndProfiling")>(loaded.session, allocator, &path)).code ==
          kOk);
    const std::string copy = path;
    allocator->Free(allocator, path);
    return copy;
  };
  const std::string path = end();
  CHECK_THAT(path, Catch::StartsWith(prefix + "_20") && Catch::EndsWith(".json"));
  CHECK(LayersIn(ReadJson(path)) == 2);
  CHECK(end() == path);
  OrtValue* y = nullptr;
  CHECK(loaded.Run(x, &y).code == kOk);
  Release(y);
  Release(x);
}

TEST_CASE("A run may have a trace of its own", "[api][ort]") {
  const TemporaryFolder folder;
  OrtRunOptions* run = nullptr;
  REQUIRE(Outcome(Call<SlotOf("CreateRunOptions")>(&run)).code == kOk);
  const std::string prefix = folder.path() + "/run";
  REQUIRE(Outcome(Call<SlotOf("RunOptionsEnableProfiling")>(run, prefix.c_str())).code == kOk);
  Loaded loaded;
  std::vector<float> data = {1};
  OrtValue *x = loaded.Borrow(data, {1}), *y = nullptr;
  const OrtValue* inputs[] = {x};
  const char *in = "x", *out = "y";
  CHECK(Outcome(Call<SlotOf("Run")>(loaded.session, run, &in, &inputs[0], size_t{1}, &out,
                                    size_t{1}, &y))
            .message == "");
  Call<SlotOf("ReleaseRunOptions"), void>(run);
  Release(x);
  Release(y);
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    files.push_back(entry.path().string());
  }
  REQUIRE(files.size() == 1);
  CHECK(LayersIn(ReadJson(files[0])) == 1);
}

// ---- Initializers --------------------------------------------------------------------------

/// y = x + w, w of 2 elements in an external file or not.
std::string SumModel(bool external) {
  wire::ModelProto model = NewModel();
  wire::GraphProto& graph = *model.mutable_graph();
  AddInput(&graph, "x", {2});
  wire::TensorProto& w = *graph.add_initializer();
  w.set_name("w");
  w.set_data_type(1);
  w.add_dims(2);
  if (external) {
    w.set_data_location(wire::TensorProto::EXTERNAL);
    auto* entry = w.add_external_data();
    entry->set_key("location");
    entry->set_value("weights.bin");
  } else {
    w.add_float_data(1);
    w.add_float_data(2);
  }
  AddNode(&graph, "Add", {"x", "w"}, {"y"});
  AddOutput(&graph, "y");
  return model.SerializeAsString();
}

std::vector<float> Sum(Loaded& loaded) {
  std::vector<float> zeros(2, 0);
  OrtValue *x = loaded.Borrow(zeros, {2}), *y = nullptr;
  const Outcome ran = loaded.Run(x, &y);
  UNSCOPED_INFO(ran.message);
  const std::vector<float> sum = y == nullptr ? std::vector<float>() : FloatsOf(y, 2);
  Release(x);
  Release(y);
  return sum;
}

TEST_CASE("Tensors of the application's stand in for initializers", "[api][ort]") {
  const bool external = GENERATE(false, true);
  Loaded plain;
  std::vector<float> weights = {30, 40};
  OrtValue* w = plain.Borrow(weights, {2});
  const OrtValue* value = w;
  const OrtOptions options;
  if (external) {
    const char* name = "w";
    CHECK_THAT(Loaded(SumModel(true)).loading.message, Catch::Contains("weights.bin"));
    CHECK(Outcome(Call<SlotOf("AddExternalInitializers")>(options.get(), &name, &value, size_t{1}))
              .code == kOk);
  } else {
    CHECK(Outcome(Call<SlotOf("AddInitializer")>(options.get(), "w", value)).code == kOk);
  }
  Loaded loaded(SumModel(external), options.get());
  CHECK(loaded.loading.message == "");
  CHECK(Sum(loaded) == weights);
  Release(w);
}

TEST_CASE("External data in memory are copied while a session is made", "[api][ort]") {
  const OrtOptions options;
  std::vector<float> weights = {5, 6};
  const char* name = "weights.bin";
  char* buffer = reinterpret_cast<char*>(weights.data());
  const size_t size = 8;
  REQUIRE(Outcome(Call<SlotOf("AddExternalInitializersFromFilesInMemory")>(
                      options.get(), &name, &buffer, &size, size_t{1}))
              .code == kOk);
  Loaded loaded(SumModel(true), options.get());
  CHECK(loaded.loading.message == "");
  weights = {0, 0};
  CHECK(Sum(loaded) == std::vector<float>{5, 6});
}

TEST_CASE("Memory that a deleter takes back", "[api][ort]") {
  static int freed = 0;
  OrtAllocator deleter = {.version = kVersion, .Free = [](OrtAllocator*, void*) { ++freed; }};
  Loaded loaded;
  std::vector<float> data = {1, 2};
  const int64_t dims[] = {2};
  OrtValue *x = nullptr, *y = nullptr;
  const auto make = [&](size_t bytes) {
    return Outcome(Call<SlotOf("CreateTensorWithDataAndDeleterAsOrtValue")>(
        &deleter, static_cast<void*>(data.data()), bytes, &dims[0], size_t{1}, 1, &x));
  };
  CHECK(make(7).code == kInvalidArgument);
  CHECK(freed == 0);
  REQUIRE(make(8).message == "");
  CHECK(loaded.Run(x, &y).code == kOk);
  size_t bytes = 0;
  const OrtValue* made = y;
  CHECK(Outcome(Call<SlotOf("GetTensorSizeInBytes")>(made, &bytes)).code == kOk);
  CHECK(bytes == 8);
  Release(y);
  CHECK(freed == 0);
  Release(x);
  CHECK(freed == 1);
}

}  // namespace
}  // namespace sardonyx::ort
