// The C interface: what it is for.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/api/c_models.h"

namespace sardonyx {
namespace {

TEST_CASE("A model from memory tells its inputs, outputs and metadata", "[api]") {
  const CLoaded model(DoubleModel());
  REQUIRE(model.words == "");
  CHECK(C().input_count(model.session) == 1);
  CHECK(C().output_count(model.session) == 1);
  const SardonyxPort* x = C().input(model.session, 0);
  CHECK(std::string(x->name) == "x");
  CHECK(x->type.kind == SARDONYX_TENSOR);
  CHECK(x->type.element_type == 1);
  REQUIRE(x->type.rank == 1);
  CHECK(x->type.dims[0] == -1);
  CHECK(std::string(x->type.symbols[0]) == "N");
  CHECK(x->may_be_left_out == 0);
  const SardonyxMetadata* metadata = C().metadata(model.session);
  CHECK(std::string(metadata->producer_name) == "tests");
  CHECK(metadata->model_version == 7);
  CHECK(metadata->opset == 21);
  REQUIRE(metadata->custom_count == 1);
  CHECK(std::string(metadata->custom_keys[0]) == "colour");
  CHECK(std::string(metadata->custom_values[0]) == "red");
}

TEST_CASE("Inputs and outputs go by position, by name, and into tensors that are there", "[api]") {
  const CLoaded model(DoubleModel());
  std::vector<float> in = {1, 2, 3}, out(3);
  const CValue x = Borrowed(in, {3});
  SardonyxValue* y = nullptr;
  REQUIRE(RunOne(model.session, x.get(), &y) == "");
  CHECK(FloatsOf(Hold(y).get()) == std::vector<float>{2, 4, 6});

  const char *x_name = "x", *y_name = "y";
  const SardonyxValue* inputs[] = {x.get()};
  y = nullptr;
  REQUIRE(WordsOf(C().run(model.session, nullptr, &x_name, inputs, 1, &y_name, &y, 1)) == "");
  CHECK(FloatsOf(Hold(y).get()) == std::vector<float>{2, 4, 6});

  const CValue place = Borrowed(out, {3});
  y = place.get();
  REQUIRE(RunOne(model.session, x.get(), &y) == "");
  CHECK(y == place.get());
  CHECK(out == std::vector<float>{2, 4, 6});
}

TEST_CASE("A profile names each layer of every run, and ends once", "[api]") {
  const TemporaryFolder folder;
  SardonyxOptions* options = nullptr;
  REQUIRE(WordsOf(C().create_options(&options)) == "");
  REQUIRE(WordsOf(C().set_option(options, "profile", (folder.path() + "/runs").c_str())) == "");
  const CLoaded model(DoubleModel(), options);
  C().release_options(options);
  std::vector<float> in = {1, 2, 3};
  const CValue x = Borrowed(in, {3});
  for (int i = 0; i < 2; ++i) {
    SardonyxValue* y = nullptr;
    REQUIRE(RunOne(model.session, x.get(), &y) == "");
    C().release_value(y);
  }
  const char *path = nullptr, *again = nullptr;
  REQUIRE(WordsOf(C().end_profiling(model.session, &path)) == "");
  std::ifstream file(path);
  const auto events = nlohmann::json::parse(file);
  REQUIRE(events.size() == 2);
  CHECK(events[1]["args"]["op_name"] == "Add");
  CHECK(events[1]["ts"] >= events[0]["ts"]);
  CHECK(events[0]["dur"] >= 0);
  REQUIRE(WordsOf(C().end_profiling(model.session, &again)) == "");
  CHECK(path == again);

  const CLoaded plain(DoubleModel());
  REQUIRE(WordsOf(C().end_profiling(plain.session, &path)) == "");
  CHECK(std::string(path) == "");
  CHECK(WordsOf(C().end_profiling(nullptr, &path)) != "");
  CHECK(WordsOf(C().end_profiling(plain.session, nullptr)) != "");
}

TEST_CASE("Borrowed memory is given back when nobody reads it any more", "[api]") {
  const CLoaded model(DoubleModel());
  std::vector<float> in = {1};
  const int64_t dims[] = {1};
  const SardonyxTensor tensor = {1, 1, dims, in.data()};
  int released = 0;
  SardonyxValue* value = nullptr;
  const auto count = [](void* user) { ++*static_cast<int*>(user); };
  REQUIRE(WordsOf(C().borrow_tensor(&tensor, 4, count, &released, &value)) == "");
  CValue x = Hold(value);
  SardonyxValue* y = nullptr;
  REQUIRE(RunOne(model.session, x.get(), &y) == "");
  C().release_value(y);
  CHECK(released == 0);
  x.reset();
  CHECK(released == 1);
}

TEST_CASE("Strings, sequences and maps cross", "[api]") {
  const int64_t dims[] = {2};
  SardonyxValue* made = nullptr;
  REQUIRE(WordsOf(C().create_tensor(8, 1, dims, &made)) == "");
  const CValue keys = Hold(made);
  REQUIRE(WordsOf(C().set_string(keys.get(), 0, "a\0b", 3)) == "");
  const char* text = nullptr;
  size_t length = 0;
  REQUIRE(WordsOf(C().string(keys.get(), 0, &text, &length)) == "");
  CHECK(std::string(text, length) == std::string("a\0b", 3));

  std::vector<float> data = {1, 2};
  const CValue tensor = Borrowed(data, {2});
  const SardonyxValue* elements[] = {tensor.get(), tensor.get()};
  REQUIRE(WordsOf(C().create_sequence(elements, 2, &made)) == "");
  const CValue sequence = Hold(made);
  CHECK(C().kind(sequence.get()) == SARDONYX_SEQUENCE);
  CHECK(C().element_count(sequence.get()) == 2);
  REQUIRE(WordsOf(C().element(sequence.get(), 1, &made)) == "");
  CHECK(FloatsOf(Hold(made).get()) == data);

  REQUIRE(WordsOf(C().create_map(keys.get(), elements, 2, &made)) == "");
  const CValue map = Hold(made);
  CHECK(C().kind(map.get()) == SARDONYX_MAP);
  REQUIRE(WordsOf(C().map_keys(map.get(), &made)) == "");
  CHECK(C().element_count(Hold(made).get()) == 2);
}

TEST_CASE("Options go by name", "[api]") {
  SardonyxOptions* options = nullptr;
  REQUIRE(WordsOf(C().create_options(&options)) == "");
  const auto set = [&](const char* name, const char* value) {
    return WordsOf(C().set_option(options, name, value));
  };
  CHECK(set("threads", "1") == "");
  CHECK(set("backend", "reference") == "");
  CHECK(set("accuracy", "strict") == "");
  CHECK(set("dimension.N", "3") == "");
  CHECK(set("memory_limit", "100000000") == "");
  CHECK(set("tune_seconds", "0.01") == "");
  CHECK_THAT(set("tune_seconds", "-1"), Catch::Contains("is no number of seconds"));
  CHECK(set("thread", "1") == "there is no option 'thread'; did you mean 'threads'?");
  CHECK_THAT(set("threads", "many"), Catch::Contains("threads: 'many' is no number from 0 to"));
  CHECK_THAT(set("backend", "gpu"), Catch::Contains("there is no backend 'gpu'"));
  CHECK_THAT(set("plan", "no-such-file"), Catch::Contains("cannot read"));
  {
    const CLoaded model(DoubleModel(), options);
    REQUIRE(model.words == "");
    CHECK(C().input(model.session, 0)->type.dims[0] == 3);
  }
  CHECK(set("limit.nodes", "0") == "");
  CHECK_THAT(CLoaded(DoubleModel(), options).words, Catch::Contains("nodes"));
  C().release_options(options);
}

TEST_CASE("A run is cancelled, ends at its deadline, and shows what it computes", "[api]") {
  const CLoaded model(DoubleModel());
  SardonyxRun* run = nullptr;
  REQUIRE(WordsOf(C().create_run(&run)) == "");
  std::vector<float> in = {1};
  const CValue x = Borrowed(in, {1});
  SardonyxValue* y = nullptr;

  REQUIRE(WordsOf(C().cancel(run, 1)) == "");
  SardonyxStatus* status = nullptr;
  const SardonyxValue* inputs[] = {x.get()};
  status = C().run(model.session, run, nullptr, inputs, 1, nullptr, &y, 1);
  REQUIRE(status != nullptr);
  CHECK(C().status_code(status) == SARDONYX_CANCELLED);
  C().release_status(status);
  CHECK(y == nullptr);
  REQUIRE(WordsOf(C().cancel(run, 0)) == "");

  REQUIRE(WordsOf(C().set_time_limit(run, 1e-9)) == "");
  CHECK_THAT(RunOne(model.session, x.get(), &y, run), Catch::Contains("time limit"));
  REQUIRE(WordsOf(C().set_time_limit(run, 0)) == "");

  std::vector<std::string> seen;
  const SardonyxObserver note = [](void* user, const char* name, const SardonyxValue* value) {
    if (FloatsOf(value).size() == 1) static_cast<std::vector<std::string>*>(user)->push_back(name);
    return 0;
  };
  REQUIRE(WordsOf(C().set_observer(run, note, &seen)) == "");
  CHECK(RunOne(model.session, x.get(), &y, run) == "");
  C().release_value(y);
  CHECK(seen == std::vector<std::string>{"y"});
  y = nullptr;
  const SardonyxObserver stop = [](void*, const char*, const SardonyxValue*) { return 1; };
  REQUIRE(WordsOf(C().set_observer(run, stop, nullptr)) == "");
  CHECK_THAT(RunOne(model.session, x.get(), &y, run), Catch::Contains("observer"));
  C().release_run(run);
}

TEST_CASE("Large tensors go in and out without a copy", "[api]") {
  // Where there is memory for one more tensor at the most, none can be copied.
  constexpr int64_t kElements = int64_t{1} << 22;
  constexpr size_t kBytes = kElements * sizeof(float);
  SardonyxOptions* options = nullptr;
  REQUIRE(WordsOf(C().create_options(&options)) == "");
  const bool own_output = GENERATE(false, true);
  const std::string limit = std::to_string(own_output ? kBytes + 100'000 : 100'000);
  REQUIRE(WordsOf(C().set_option(options, "memory_limit", limit.c_str())) == "");
  const CLoaded model(DoubleModel(), options);
  C().release_options(options);
  REQUIRE(model.words == "");
  std::vector<float> in(kElements, 3);
  const CValue x = Borrowed(in, {kElements});
  if (own_output) {
    SardonyxValue* y = nullptr;
    REQUIRE(RunOne(model.session, x.get(), &y) == "");
    CHECK(FloatsOf(Hold(y).get())[kElements - 1] == 6);
    return;
  }
  const std::unique_ptr<float[], void (*)(void*)> out(
      static_cast<float*>(std::aligned_alloc(64, kBytes)), std::free);
  const SardonyxTensor tensor = {1, 1, &kElements, out.get()};
  SardonyxValue* y = nullptr;
  REQUIRE(WordsOf(C().borrow_tensor(&tensor, kBytes, nullptr, nullptr, &y)) == "");
  const CValue place = Hold(y);
  REQUIRE(RunOne(model.session, x.get(), &y) == "");
  CHECK(out[kElements - 1] == 6);
}

TEST_CASE("An output that lies over an input is right", "[api]") {
  const CLoaded model(DoubleModel());
  const std::unique_ptr<float[], void (*)(void*)> data(
      static_cast<float*>(std::aligned_alloc(64, 256)), std::free);
  std::fill_n(data.get(), 64, 1.0f);
  const int64_t dims[] = {32};
  const SardonyxTensor first = {1, 1, dims, data.get()}, second = {1, 1, dims, data.get() + 16};
  SardonyxValue *x = nullptr, *y = nullptr;
  REQUIRE(WordsOf(C().borrow_tensor(&first, 128, nullptr, nullptr, &x)) == "");
  REQUIRE(WordsOf(C().borrow_tensor(&second, 128, nullptr, nullptr, &y)) == "");
  const CValue input = Hold(x), place = Hold(y);
  REQUIRE(RunOne(model.session, x, &y) == "");
  CHECK(std::vector<float>(data.get() + 16, data.get() + 48) == std::vector<float>(32, 2));
}

}  // namespace
}  // namespace sardonyx
