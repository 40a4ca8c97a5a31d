// Operators of an application's own: from its own code and from a shared library.
#include <algorithm>
#include <catch2/catch.hpp>

#include "ops/custom/custom.h"
#include "runtime/session/session.h"
#include "tests/cli/program.h"
#include "tests/graph_builder.h"

namespace sardonyx {
namespace {

constexpr const char* kDomain = "com.example";

/// x -> op -> y, with x a float tensor of N elements.
std::shared_ptr<const Model> OneNode(const std::string& op,
                                     std::map<std::string, Attribute> attributes = {}) {
  GraphBuilder builder;
  builder.Input("x", Type::Tensor(DataType::kFloat, SymbolicShape{Dim("N")}));
  builder.Node(op, {"x"}, {"y"}, std::move(attributes), kDomain);
  builder.Output("y");
  auto model = builder.model();
  model->opsets[kDomain] = 1;
  return model;
}

StatusOr<std::vector<float>> RunOn(const std::shared_ptr<const Model>& model, CustomOps ops,
                                   std::vector<float> x) {
  SX_ASSIGN_OR_RETURN(auto session, Session::Create(model, {.custom_ops = std::move(ops)}));
  const Shape shape{static_cast<int64_t>(x.size())};
  SX_ASSIGN_OR_RETURN(const std::vector<Value> outputs,
                      session->Run({{"x", Tensor::Of<float>(shape, x)}}));
  const auto y = outputs[0].tensor().span<float>();
  return std::vector<float>(y.begin(), y.end());
}

/// Positive(x): the positive elements, as many as there are. What is left out is taken from Api().
struct Positive {
  static int Infer(const SardonyxOpHost* host, SardonyxOpCall* call, const void*) {
    const int64_t unknown = -1;
    host->set_output_type(call, 0, 1, 1, &unknown);
    return 0;
  }
  static int Run(const SardonyxOpHost* host, SardonyxOpCall* call, const void*) {
    SardonyxTensor x, y;
    if (!host->input(call, 0, &x)) return 1;
    const float* from = static_cast<const float*>(x.data);
    std::vector<float> kept;
    std::copy_if(from, from + x.dims[0], std::back_inserter(kept), [](float v) { return v > 0; });
    const int64_t count = static_cast<int64_t>(kept.size());
    if (!host->allocate_output(call, 0, 1, 1, &count, &y)) return 1;
    std::copy(kept.begin(), kept.end(), static_cast<float*>(y.data));
    return 0;
  }
  static SardonyxCustomOp Api() {
    return {.abi = SARDONYX_CUSTOM_OP_ABI,
            .domain = kDomain,
            .name = "Positive",
            .since_version = 1,
            .min_inputs = 1,
            .max_inputs = 1,
            .min_outputs = 1,
            .max_outputs = 1,
            .infer = Infer,
            .run = Run};
  }
};

TEST_CASE("An application's own code is an operator, with a shape that the run decides",
          "[custom]") {
  const auto op = MakeCustomOp(Positive::Api());
  REQUIRE(op.ok());
  const auto result = RunOn(OneNode("Positive"), {*op}, {-1, 2, 0, 3.5f});
  REQUIRE(result.ok());
  CHECK(*result == std::vector<float>{2, 3.5f});
  CHECK(RunOn(OneNode("Positive"), {*op}, {})->empty());
}

TEST_CASE("A model that needs a custom operator names it where it is missing", "[custom]") {
  const auto op = MakeCustomOp(Positive::Api());
  const Status status = RunOn(OneNode("Positiv"), {*op}, {1}).status();
  CHECK(status.message() ==
        "node 'Positiv_0' (com.example.Positiv, #0): operator 'Positiv' of domain 'com.example' is "
        "not "
        "supported; did you mean 'Positive'?");
}

TEST_CASE("A custom operator that does not do its duty is an error, and no crash", "[custom]") {
  const auto message = [](const SardonyxCustomOp& api) {
    const auto op = MakeCustomOp(api);
    if (!op.ok()) return std::string(op.status().message());
    return std::string(RunOn(OneNode("Positive"), {*op}, {1}).status().message());
  };
  SardonyxCustomOp api = Positive::Api();
  api.run = [](const SardonyxOpHost*, SardonyxOpCall*, const void*) { return 0; };
  CHECK_THAT(message(api), Catch::Contains("did not make its output 0"));
  api.run = [](const SardonyxOpHost*, SardonyxOpCall*, const void*) { return 7; };
  CHECK_THAT(message(api), Catch::Contains("failed without saying why (7)"));
  api.run = [](const SardonyxOpHost* host, SardonyxOpCall* call, const void*) {
    const int64_t absurd[] = {int64_t{1} << 40, int64_t{1} << 40};
    SardonyxTensor y;
    return host->allocate_output(call, 0, 1, 2, absurd, &y) ? 0 : 1;
  };
  CHECK_THAT(message(api), Catch::Contains("node 'Positive_0' (com.example.Positive, #0)"));
  api.infer = [](const SardonyxOpHost* host, SardonyxOpCall* call, const void*) {
    host->set_output_type(call, 0, 99, -1, nullptr);
    return 0;
  };
  CHECK_THAT(message(api), Catch::Contains("element type 99"));
  api.abi = 2;
  CHECK_THAT(message(api), Catch::Contains("ABI 2"));
  api = Positive::Api();
  api.run = nullptr;
  CHECK_THAT(message(api), Catch::Contains("lacks its infer or run function"));
}

TEST_CASE("The example's library gives Clamp", "[custom]") {
  const auto ops = LoadCustomOps(SARDONYX_CUSTOM_OP_EXAMPLE);
  REQUIRE(ops.ok());
  const auto result = RunOn(OneNode("Clamp", {{"high", {2.0f}}}), *ops, {-1, 0.5f, 7});
  REQUIRE(result.ok());
  CHECK(*result == std::vector<float>{0, 0.5f, 2});
  CHECK_THAT(std::string(RunOn(OneNode("Clamp", {{"low", {2.0f}}}), *ops, {1}).status().message()),
             Catch::Contains("low is greater than high"));
  CHECK_THAT(
      std::string(RunOn(OneNode("Clamp", {{"hight", {2.0f}}}), *ops, {1}).status().message()),
      Catch::Contains("hight"));
}

TEST_CASE("The command line takes libraries of operators", "[custom][cli]") {
  wire::ModelProto model = NewModel();
  auto* opset = model.add_opset_import();
  opset->set_domain(kDomain);
  opset->set_version(1);
  AddInput(model.mutable_graph(), "x", {3});
  AddNode(model.mutable_graph(), "Clamp", {"x"}, {"y"}, kDomain);
  AddOutput(model.mutable_graph(), "y");
  const TemporaryFolder folder;
  folder.Write("clamp.onnx", model.SerializeAsString());
  const std::string path = folder.path() + "/clamp.onnx";
  const ProgramResult result = RunProgram(
      {"run", path, "--custom-ops", SARDONYX_CUSTOM_OP_EXAMPLE, "-i", "x==-1 0.5 7", "-o", "y=-"});
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Catch::Contains("0.5"));
  CHECK(RunProgram({"check", path, "--custom-ops", SARDONYX_CUSTOM_OP_EXAMPLE}).status == 0);
  CHECK(RunProgram({"check", path}).status == 1);
  CHECK(RunProgram({"run", path, "--custom-ops", "no-such-library.so"}).status == 2);
}

TEST_CASE("A library without operators is an error", "[custom]") {
  CHECK_THAT(std::string(LoadCustomOps("no-such-library.so").status().message()),
             Catch::Contains("no-such-library.so"));
  CHECK_THAT(std::string(LoadCustomOps("libm.so.6").status().message()),
             Catch::Contains("cannot load"));
}

}  // namespace
}  // namespace sardonyx
