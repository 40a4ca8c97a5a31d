// The choice of layouts: what moves to channels-last, and that results stay the same.
#include <catch2/catch.hpp>

#include "runtime/session/session.h"
#include "tests/graph_builder.h"
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

struct Outcome {
  std::vector<Tensor> outputs;
  std::vector<std::string> ops;
};

Outcome RunOn(const GraphBuilder& builder, BackendChoice backend) {
  auto session = Session::Create(builder.model(), {.backend = backend, .threads = 2});
  INFO(session.status().ToString());
  REQUIRE(session.ok());
  Outcome outcome;
  const auto report = (*session)->Describe();
  REQUIRE(report.ok());
  for (const LayerReport& layer : report->layers) outcome.ops.push_back(layer.op);
  const auto outputs = (*session)->Run({{"x", SmallIntegers({2, 16, 9, 8}, 3)}});
  INFO(outputs.status().ToString());
  REQUIRE(outputs.ok());
  for (const Value& output : *outputs) outcome.outputs.push_back(output.tensor());
  return outcome;
}

/// Native kernels give what the reference gives; the layers of the native run.
std::vector<std::string> CheckAgainstReference(const GraphBuilder& builder) {
  const Outcome expected = RunOn(builder, BackendChoice::kReference);
  const Outcome native = RunOn(builder, BackendChoice::kNative);
  REQUIRE(native.outputs.size() == expected.outputs.size());
  for (size_t i = 0; i < native.outputs.size(); ++i) {
    CHECK(native.outputs[i].shape() == expected.outputs[i].shape());
    CHECK(NormwiseError(native.outputs[i], expected.outputs[i]) < 1e-5);
  }
  return native.ops;
}

GraphBuilder WithConv() {
  GraphBuilder builder;
  builder.Input("x", Type::Tensor(DataType::kFloat, Shape{2, 16, 9, 8}));
  builder.Constant("w", SmallIntegers({16, 16, 3, 3}, 1));
  builder.Node("Conv", {"x", "w"}, {"c"}, {{"pads", IntsAttribute({1, 1, 1, 1})}});
  return builder;
}

TEST_CASE("A chain moves as a whole, with a transposition at either end", "[layout]") {
  GraphBuilder builder = WithConv();
  builder.Constant("scale", SmallIntegers({16, 1, 1}, 5));
  builder.Node("MaxPool", {"c"}, {"p"}, {{"kernel_shape", IntsAttribute({2, 2})}});
  builder.Node("Sigmoid", {"p"}, {"s"});
  builder.Node("Mul", {"s", "scale"}, {"m"});
  builder.Node("Concat", {"m", "p"}, {"j"}, {{"axis", IntAttribute(1)}});
  builder.Node("GlobalAveragePool", {"j"}, {"y"});
  builder.Output("y");
  CHECK(CheckAgainstReference(builder) ==
        std::vector<std::string>{"Transpose", "Conv", "MaxPool", "Sigmoid", "Mul", "Concat",
                                 "GlobalAveragePool", "Transpose"});
}

TEST_CASE("An observer sees what moved under its own name, and can have it in ONNX's layout",
          "[layout]") {
  GraphBuilder builder = WithConv();
  builder.Node("MaxPool", {"c"}, {"p"}, {{"kernel_shape", IntsAttribute({2, 2})}});
  builder.Output("p");
  const std::map<std::string, Value> inputs = {{"x", SmallIntegers({2, 16, 9, 8}, 3)}};
  std::map<std::string, Tensor> seen[2];
  int moved[2] = {0, 0};
  for (const BackendChoice backend : {BackendChoice::kReference, BackendChoice::kNative}) {
    const int side = backend == BackendChoice::kNative;
    auto session = Session::Create(builder.model(), {.backend = backend});
    REQUIRE(session.ok());
    const auto watch = [&](const LayerOutput& output) -> Status {
      moved[side] += output.channels_last;
      SX_ASSIGN_OR_RETURN(const Tensor tensor, InModelLayout(output));
      SX_ASSIGN_OR_RETURN(seen[side][std::string(output.name)], tensor.Clone());
      return absl::OkStatus();
    };
    REQUIRE((*session)->Run(inputs, {.observer = watch}).ok());
  }
  CHECK(moved[0] == 0);
  CHECK(moved[1] == 3);  // the input, and what either layer computes
  for (const auto& [name, tensor] : seen[0]) {
    CAPTURE(name);
    REQUIRE(seen[1].count(name) == 1);
    REQUIRE(seen[1][name].shape() == tensor.shape());
    CHECK(NormwiseError(seen[1][name], tensor) < 1e-5);
  }
}

TEST_CASE("What cannot move gets ONNX's layout, once", "[layout]") {
  GraphBuilder builder = WithConv();
  builder.Constant("shape", Tensor::Of<int64_t>({2}, {2, -1}));
  builder.Node("Reshape", {"c", "shape"}, {"y"});
  builder.Node("Softmax", {"c"}, {"z"}, {{"axis", IntAttribute(-1)}});
  builder.Node("Relu", {"c"}, {"r"});
  for (const char* name : {"y", "z", "r", "c"}) builder.Output(name);
  const std::vector<std::string> ops = CheckAgainstReference(builder);
  // The input, the convolution's result and Relu's.
  CHECK(std::count(ops.begin(), ops.end(), "Transpose") == 3);
}

TEST_CASE("Constants that vary along one axis move with the node that reads them", "[layout]") {
  for (const Shape& shape : {Shape{16, 1, 1}, Shape{9, 1}, Shape{8}, Shape{1}, Shape{}}) {
    GraphBuilder builder = WithConv();
    builder.Constant("k", SmallIntegers(shape, 5));
    builder.Node("Sin", {"c"}, {"s"});
    builder.Node("Add", {"k", "s"}, {"y"});
    builder.Output("y");
    CHECK(CheckAgainstReference(builder) ==
          std::vector<std::string>{"Transpose", "Conv", "Sin", "Add", "Transpose"});
  }
}

}  // namespace
}  // namespace sardonyx
