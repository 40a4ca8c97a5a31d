// The C interface used wrongly: a status, and never a crash.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <thread>

#include "tests/api/c_models.h"

namespace sardonyx {
namespace {

TEST_CASE("A table newer than known is null, older ones are there", "[api]") {
  CHECK(sardonyx_api(SARDONYX_API_VERSION + 1) == nullptr);
  CHECK(sardonyx_api(~0u) == nullptr);
  REQUIRE(sardonyx_api(1) != nullptr);
  CHECK(C().size == sizeof(SardonyxApi));
  // No member of the table is missing.
  const auto* slots = reinterpret_cast<void* const*>(&C());
  for (size_t i = 2; i < sizeof(SardonyxApi) / sizeof(void*); ++i) CHECK(slots[i] != nullptr);
}

TEST_CASE("Null in any place is an error that says which", "[api]") {
  const CLoaded model(DoubleModel());
  SardonyxValue* value = nullptr;
  CHECK(WordsOf(C().create_options(nullptr)) == "options is null");
  CHECK(WordsOf(C().set_option(nullptr, "threads", "1")) == "options is null");
  CHECK(WordsOf(C().add_custom_op(nullptr, nullptr)) == "options is null");
  CHECK(WordsOf(C().load_file(nullptr, nullptr, nullptr)) == "path is null");
  CHECK(WordsOf(C().load_file("x", nullptr, nullptr)) == "session is null");
  CHECK(WordsOf(C().load_bytes(nullptr, 3, nullptr, nullptr, nullptr)) == "bytes is null");
  CHECK(C().input_count(nullptr) == 0);
  CHECK(C().input(nullptr, 0) == nullptr);
  CHECK(C().input(model.session, 9) == nullptr);
  CHECK(C().metadata(nullptr) == nullptr);
  CHECK(WordsOf(C().create_tensor(1, 1, nullptr, &value)) == "dims is null");
  CHECK(WordsOf(C().create_tensor(1, 0, nullptr, nullptr)) == "value is null");
  CHECK(WordsOf(C().borrow_tensor(nullptr, 0, nullptr, nullptr, &value)) == "tensor is null");
  CHECK(WordsOf(C().create_sequence(nullptr, 1, &value)) == "elements is null");
  CHECK(WordsOf(C().create_map(nullptr, nullptr, 0, &value)) == "keys is null");
  CHECK(C().kind(nullptr) == SARDONYX_NONE);
  CHECK(C().element_count(nullptr) == 0);
  SardonyxTensor tensor;
  CHECK(WordsOf(C().tensor(nullptr, &tensor)) == "value is null");
  CHECK(WordsOf(C().string(nullptr, 0, nullptr, nullptr)) == "text is null");
  CHECK(WordsOf(C().element(nullptr, 0, &value)) == "value is null");
  CHECK(WordsOf(C().map_keys(nullptr, &value)) == "value is null");
  CHECK(WordsOf(C().cancel(nullptr, 1)) == "run is null");
  CHECK(WordsOf(C().run(model.session, nullptr, nullptr, nullptr, 1, nullptr, &value, 1)) ==
        "inputs is null");
  const char* no_name = nullptr;
  const SardonyxValue* no_input = nullptr;
  CHECK(WordsOf(C().run(model.session, nullptr, &no_name, &no_input, 1, nullptr, &value, 1)) ==
        "the name of input 0 is null");
  CHECK_THAT(RunOne(model.session, nullptr, &value),
             Catch::Contains("'x'") && Catch::Contains("is missing"));
  CHECK(WordsOf(C().set_initializer(nullptr, nullptr, nullptr)) == "options is null");
  CHECK(WordsOf(C().set_file(nullptr, nullptr, nullptr, 0, nullptr, nullptr)) == "options is null");
  CHECK(WordsOf(C().load_mapped(nullptr, 1, nullptr, nullptr, nullptr, nullptr, nullptr)) ==
        "bytes is null");
  CHECK(WordsOf(C().create_profile(nullptr)) == "profile is null");
  CHECK(WordsOf(C().set_profile(nullptr, nullptr)) == "run is null");
  CHECK(C().profile_size(nullptr) == 0);
  CHECK(WordsOf(C().profile_layer(nullptr, 0, nullptr)) == "profile is null");
  CHECK(WordsOf(C().write_trace(nullptr, "x")) == "profile is null");
  C().release_profile(nullptr);
  CHECK(C().status_code(nullptr) == SARDONYX_INVALID_ARGUMENT);
  CHECK(std::string(C().status_message(nullptr)) == "status is null");
  C().release_status(nullptr);
  C().release_options(nullptr);
  C().release_session(nullptr);
  C().release_value(nullptr);
  C().release_run(nullptr);
}

TEST_CASE("Tensors that cannot be are refused before memory is asked for", "[api]") {
  SardonyxValue* value = nullptr;
  const int64_t negative[] = {-1}, huge[] = {int64_t{1} << 40, int64_t{1} << 40}, three[] = {3};
  CHECK_THAT(WordsOf(C().create_tensor(99, 0, nullptr, &value)), Catch::Contains("99"));
  CHECK_THAT(WordsOf(C().create_tensor(1, -1, nullptr, &value)), Catch::Contains("rank is -1"));
  CHECK_THAT(WordsOf(C().create_tensor(1, 1 << 30, three, &value)), Catch::Contains("rank"));
  CHECK_THAT(WordsOf(C().create_tensor(1, 1, negative, &value)), Catch::Contains("negative"));
  CHECK_THAT(WordsOf(C().create_tensor(1, 2, huge, &value)), Catch::Contains("too large"));
  float data[3];
  const SardonyxTensor small = {1, 1, three, data}, none = {1, 1, three, nullptr},
                       strings = {8, 1, three, data};
  CHECK_THAT(WordsOf(C().borrow_tensor(&small, 11, nullptr, nullptr, &value)),
             Catch::Contains("takes 12 bytes, there are 11"));
  CHECK_THAT(WordsOf(C().borrow_tensor(&none, 12, nullptr, nullptr, &value)),
             Catch::Contains("data is null"));
  CHECK_THAT(WordsOf(C().borrow_tensor(&strings, 12, nullptr, nullptr, &value)),
             Catch::Contains("strings"));
  CHECK(value == nullptr);
}

TEST_CASE("Inputs and outputs that do not fit are errors, and the session goes on", "[api]") {
  const CLoaded model(DoubleModel());
  std::vector<float> data = {1, 2, 3, 4};
  const CValue x = Borrowed(data, {4}), matrix = Borrowed(data, {2, 2});
  SardonyxValue* y = nullptr;
  CHECK_THAT(RunOne(model.session, matrix.get(), &y), Catch::Contains("float[2,2], expected"));
  const int64_t dims[] = {4};
  SardonyxValue* integers = nullptr;
  REQUIRE(WordsOf(C().create_tensor(7, 1, dims, &integers)) == "");
  const CValue held = Hold(integers);
  CHECK_THAT(RunOne(model.session, integers, &y), Catch::Contains("int64[4], expected float[N]"));
  const char* wrong = "z";
  const SardonyxValue* inputs[] = {x.get(), x.get()};
  CHECK_THAT(WordsOf(C().run(model.session, nullptr, &wrong, inputs, 1, nullptr, &y, 1)),
             Catch::Contains("no input 'z'"));
  CHECK_THAT(WordsOf(C().run(model.session, nullptr, nullptr, inputs, 2, nullptr, &y, 1)),
             Catch::Contains("1 inputs, there is none at 1"));
  SardonyxValue* outputs[] = {nullptr, nullptr};
  const char* twice[] = {"y", "y"};
  CHECK_THAT(WordsOf(C().run(model.session, nullptr, nullptr, inputs, 1, twice, outputs, 2)),
             Catch::Contains("asked for twice"));
  SardonyxValue* place = matrix.get();
  CHECK_THAT(RunOne(model.session, x.get(), &place),
             Catch::Contains("float[4], the tensor for it float[2,2]"));
  CHECK(y == nullptr);
  REQUIRE(RunOne(model.session, x.get(), &y) == "");
  CHECK(FloatsOf(Hold(y).get()) == std::vector<float>{2, 4, 6, 8});
}

TEST_CASE("A session that was released is known as such", "[api]") {
  SardonyxSession* session = nullptr;
  const std::string bytes = DoubleModel();
  REQUIRE(WordsOf(C().load_bytes(bytes.data(), bytes.size(), nullptr, nullptr, &session)) == "");
  C().release_session(session);
  C().release_session(session);
  std::vector<float> data = {1};
  const CValue x = Borrowed(data, {1});
  SardonyxValue* y = nullptr;
  CHECK(RunOne(session, x.get(), &y) == "the session is null or was released");
  CHECK(C().input_count(session) == 0);
  CHECK(C().metadata(session) == nullptr);
}

TEST_CASE("Threads share a session, which is released while they run", "[api]") {
  SardonyxSession* session = nullptr;
  const std::string bytes = DoubleModel();
  REQUIRE(WordsOf(C().load_bytes(bytes.data(), bytes.size(), nullptr, nullptr, &session)) == "");
  std::atomic<int> right{0}, refused{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::vector<float> data(100, static_cast<float>(t));
      const CValue x = Borrowed(data, {100});
      for (int i = 0; i < 10'000; ++i) {
        SardonyxValue* y = nullptr;
        const std::string words = RunOne(session, x.get(), &y);
        if (!words.empty()) {
          ++(words == "the session is null or was released" ? refused : wrong);
          break;
        }
        const CValue held = Hold(y);
        ++(FloatsOf(y) == std::vector<float>(100, 2.0f * t) ? right : wrong);
      }
    });
  }
  while (right < 100) std::this_thread::yield();
  C().release_session(session);
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(right >= 100);
}

TEST_CASE("What a custom operator throws is an error of the run", "[api]") {
  SardonyxCustomOp op = {};
  op.abi = SARDONYX_CUSTOM_OP_ABI;
  op.domain = "com.example";
  op.name = "Thrower";
  op.since_version = 1;
  op.min_inputs = op.max_inputs = op.min_outputs = op.max_outputs = 1;
  op.infer = [](const SardonyxOpHost* host, SardonyxOpCall* call, const void*) {
    const int64_t dims[] = {100'000};
    host->set_output_type(call, 0, 1, 1, dims);
    return 0;
  };
  const bool in_parallel = GENERATE(false, true);
  if (in_parallel) {
    op.run = [](const SardonyxOpHost* host, SardonyxOpCall* call, const void*) {
      const auto body = [](void*, int64_t, int64_t) { throw std::runtime_error("oh"); };
      return host->parallel_for(call, 100'000, 1000, body, nullptr) != 0 ? 0 : 1;
    };
  } else {
    op.run = [](const SardonyxOpHost*, SardonyxOpCall*, const void*) -> int {
      throw std::runtime_error("oh");
    };
  }
  wire::ModelProto proto = NewModel();
  auto* opset = proto.add_opset_import();
  opset->set_domain(op.domain);
  opset->set_version(1);
  AddInput(proto.mutable_graph(), "x", {-1});
  AddNode(proto.mutable_graph(), op.name, {"x"}, {"y"}, op.domain);
  AddOutput(proto.mutable_graph(), "y");
  SardonyxOptions* options = nullptr;
  REQUIRE(WordsOf(C().create_options(&options)) == "");
  REQUIRE(WordsOf(C().add_custom_op(options, &op)) == "");
  const CLoaded model(proto.SerializeAsString(), options);
  C().release_options(options);
  REQUIRE(model.words == "");
  std::vector<float> data = {1};
  const CValue x = Borrowed(data, {1});
  for (int i = 0; i < 2; ++i) {
    SardonyxValue* y = nullptr;
    CHECK_THAT(RunOne(model.session, x.get(), &y), Catch::Contains("threw an exception: oh"));
  }
}

TEST_CASE("A child of fork runs and releases its parent's session", "[api]") {
  const CLoaded model(DoubleModel());
  std::vector<float> data = {1, 2};
  const CValue x = Borrowed(data, {2});
  const auto right = [&] {
    SardonyxValue* y = nullptr;
    if (!RunOne(model.session, x.get(), &y).empty()) return false;
    return FloatsOf(Hold(y).get()) == std::vector<float>{2, 4};
  };
  REQUIRE(right());
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(60);
    const bool ran = right();
    C().release_session(model.session);
    _exit(ran ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(right());
}

}  // namespace
}  // namespace sardonyx
