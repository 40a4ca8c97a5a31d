// What an application brings along: memory, threads, weights.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "tests/api/c_models.h"

namespace sardonyx {
namespace {

/// Options, released at the end.
class COptions {
 public:
  COptions() { WordsOf(C().create_options(&options_)); }
  ~COptions() { C().release_options(options_); }
  COptions(const COptions&) = delete;
  COptions& operator=(const COptions&) = delete;
  operator SardonyxOptions*() const { return options_; }

 private:
  SardonyxOptions* options_ = nullptr;
};

constexpr int64_t kSide = 64;

/// y = x W + b, with a weight of kSide x kSide that is `weight` everywhere, and b of 1.
wire::ModelProto Linear(float weight) {
  wire::ModelProto model = NewModel();
  wire::GraphProto& graph = *model.mutable_graph();
  AddInput(&graph, "x", {-1, kSide});
  const auto add = [&](const char* name, std::vector<int64_t> dims, float value) {
    int64_t count = 1;
    for (int64_t dim : dims) count *= dim;
    const std::vector<float> data(count, value);
    wire::TensorProto& tensor = *graph.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(1);
    for (int64_t dim : dims) tensor.add_dims(dim);
    tensor.set_raw_data(data.data(), data.size() * sizeof(float));
  };
  add("W", {kSide, kSide}, weight);
  add("b", {kSide}, 1);
  AddNode(&graph, "MatMul", {"x", "W"}, {"xW"})->set_name("product");
  AddNode(&graph, "Add", {"xW", "b"}, {"y"});
  AddOutput(&graph, "y");
  return model;
}

/// The first element of y for an x of ones.
float Answer(SardonyxSession* session, SardonyxRun* run = nullptr) {
  std::vector<float> ones(4 * kSide, 1);
  const CValue x = Borrowed(ones, {4, kSide});
  SardonyxValue* y = nullptr;
  const std::string words = RunOne(session, x.get(), &y, run);
  UNSCOPED_INFO(words);
  const CValue held = Hold(y);
  return words.empty() ? FloatsOf(y)[0] : -1;
}

// ---- Weights -------------------------------------------------------------------------------

TEST_CASE("A tensor stands in for an initializer of its type and shape", "[api]") {
  std::vector<float> weights(kSide * kSide, 5), few(kSide, 5);
  const CValue w = Borrowed(weights, {kSide, kSide}), other = Borrowed(few, {kSide});
  const COptions options;
  REQUIRE(WordsOf(C().set_initializer(options, "W", w.get())) == "");
  REQUIRE(WordsOf(C().set_initializer(options, "no such name", other.get())) == "");
  wire::ModelProto proto = Linear(2);
  SECTION("in the file") {}
  SECTION("in another file that is not there") {
    wire::TensorProto& tensor = *proto.mutable_graph()->mutable_initializer(0);
    tensor.clear_raw_data();
    tensor.set_data_location(wire::TensorProto::EXTERNAL);
    auto* entry = tensor.add_external_data();
    entry->set_key("location");
    entry->set_value("nowhere.bin");
  }
  const CLoaded model(proto.SerializeAsString(), options);
  CHECK(model.words == "");
  CHECK(Answer(model.session) == 5 * kSide + 1);
  REQUIRE(WordsOf(C().set_initializer(options, "W", other.get())) == "");
  CHECK_THAT(CLoaded(proto.SerializeAsString(), options).words,
             Catch::Contains("the tensor given for it is float[64], the model's is float[64,64]"));
}

void CountRelease(void* user) { ++*static_cast<int*>(user); }

TEST_CASE("External data may be in memory", "[api]") {
  wire::ModelProto proto = Linear(2);
  wire::TensorProto& tensor = *proto.mutable_graph()->mutable_initializer(0);
  const std::string bytes = tensor.raw_data();
  tensor.clear_raw_data();
  tensor.set_data_location(wire::TensorProto::EXTERNAL);
  auto* entry = tensor.add_external_data();
  entry->set_key("location");
  entry->set_value("weights.bin");
  int released = 0;
  {
    const COptions options;
    CHECK_THAT(CLoaded(proto.SerializeAsString(), options).words, Catch::Contains("weights.bin"));
    REQUIRE(WordsOf(C().set_file(options, "weights.bin", bytes.data(), bytes.size(), CountRelease,
                                 &released)) == "");
    const CLoaded model(proto.SerializeAsString(), options);
    REQUIRE(model.words == "");
    CHECK(Answer(model.session) == 2 * kSide + 1);
    CHECK(released == 0);
    REQUIRE(WordsOf(C().set_file(options, "weights.bin", bytes.data(), 10, nullptr, nullptr)) ==
            "");
    CHECK_THAT(CLoaded(proto.SerializeAsString(), options).words, Catch::Contains("which has 10"));
  }
  CHECK(released == 1);
}

TEST_CASE("A model in mapped memory keeps its weights there", "[api]") {
  // The weight of bytes needs no alignment, so it stays: what is changed there shows.
  wire::ModelProto proto = NewModel();
  wire::GraphProto& graph = *proto.mutable_graph();
  AddInput(&graph, "x", {-1});
  wire::TensorProto& weight = *graph.add_initializer();
  weight.set_name("w");
  weight.set_data_type(3);
  weight.add_dims(100'000);
  weight.set_raw_data(std::string(100'000, 7));
  AddNode(&graph, "Cast", {"w"}, {"wide"});
  wire::AttributeProto& to = *graph.mutable_node(0)->add_attribute();
  to.set_name("to");
  to.set_type(wire::AttributeProto::INT);
  to.set_i(1);
  AddNode(&graph, "Add", {"x", "wide"}, {"y"});
  AddOutput(&graph, "y");
  std::string bytes = proto.SerializeAsString();
  SardonyxSession* session = nullptr;
  int released = 0;
  const COptions options;
  REQUIRE(WordsOf(C().set_option(options, "optimize", "false")) == "");
  const auto load = [&](size_t size) {
    return WordsOf(
        C().load_mapped(bytes.data(), size, nullptr, CountRelease, &released, options, &session));
  };
  CHECK_THAT(load(20), Catch::Contains("not a valid ONNX model"));
  CHECK(released == 0);
  REQUIRE(load(bytes.size()) == "");
  std::vector<float> zero(1, 0);
  const CValue x = Borrowed(zero, {1});
  const auto first = [&] {
    SardonyxValue* y = nullptr;
    CHECK(RunOne(session, x.get(), &y) == "");
    return FloatsOf(Hold(y).get())[0];
  };
  CHECK(first() == 7);
  std::memset(bytes.data() + bytes.find(std::string(100'000, 7)), 9, 100'000);
  CHECK(first() == 9);
  CHECK(released == 0);
  C().release_session(session);
  CHECK(released == 1);
}

}  // namespace
}  // namespace sardonyx
