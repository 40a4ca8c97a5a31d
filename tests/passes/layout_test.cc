// The choice of layouts: what moves to channels-last, and that results stay the same.
#include <catch2/catch.hpp>

#include "runtime/session/session.h"
#include "tests/graph_builder.h"
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

using Perm = std::vector<int64_t>;

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

/// Two convolutions, one of them with 3x3 kernels, and a slice, put one behind another.
GraphBuilder WithJoin() {
  GraphBuilder builder = WithConv();
  builder.Constant("w1", SmallIntegers({20, 16, 1, 1}, 2));
  builder.Constant("w3", SmallIntegers({24, 16, 3, 3}, 4));
  builder.Constant("starts", Tensor::Of<int64_t>({1}, {5}));
  builder.Constant("ends", Tensor::Of<int64_t>({1}, {12}));
  builder.Constant("axes", Tensor::Of<int64_t>({1}, {1}));
  builder.Node("Conv", {"c", "w1"}, {"one"});
  builder.Node("Conv", {"c", "w3"}, {"three"}, {{"pads", IntsAttribute({1, 1, 1, 1})}});
  builder.Node("Slice", {"c", "starts", "ends", "axes"}, {"part"});
  builder.Node("Concat", {"one", "part", "three"}, {"j"}, {{"axis", IntAttribute(1)}});
  builder.Node("MaxPool", {"j"}, {"p"}, {{"kernel_shape", IntsAttribute({2, 2})}});
  builder.Output("p");
  return builder;
}

TEST_CASE("What is joined is computed in its place, and observers see it as it is", "[layout]") {
  const GraphBuilder builder = WithJoin();
  CHECK(CheckAgainstReference(builder) == std::vector<std::string>{"Transpose", "Conv", "Conv",
                                                                   "Conv", "Slice", "Concat",
                                                                   "MaxPool", "Transpose"});
  std::map<std::string, Tensor> seen[2];
  for (const BackendChoice backend : {BackendChoice::kReference, BackendChoice::kNative}) {
    auto session = Session::Create(builder.model(), {.backend = backend});
    REQUIRE(session.ok());
    const auto watch = [&](const LayerOutput& output) -> Status {
      SX_ASSIGN_OR_RETURN(const Tensor tensor, InModelLayout(output));
      auto& here = seen[backend == BackendChoice::kNative];
      SX_ASSIGN_OR_RETURN(here[std::string(output.name)], tensor.Clone());
      return absl::OkStatus();
    };
    const std::map<std::string, Value> inputs = {{"x", SmallIntegers({2, 16, 9, 8}, 3)}};
    REQUIRE((*session)->Run(inputs, {.observer = watch}).ok());
  }
  for (const char* name : {"one", "three", "part", "j"}) {
    CAPTURE(name);
    REQUIRE(seen[1].count(name) == 1);
    CHECK(NormwiseError(seen[1][name], seen[0][name]) < 1e-5);
  }
}

TEST_CASE("What others read as well stays by itself when it is joined", "[layout]") {
  GraphBuilder builder = WithJoin();
  builder.Node("Sin", {"one"}, {"s"});
  builder.Output("s");
  builder.Output("three");
  builder.Node("Concat", {"part", "part"}, {"twice"}, {{"axis", IntAttribute(1)}});
  builder.Output("twice");
  CheckAgainstReference(builder);
}

/// Channels in `groups`, shuffled as ShuffleNet's export has it.
GraphBuilder WithShuffle(const Tensor& split, const Perm& perm) {
  GraphBuilder builder = WithConv();
  builder.Constant("split", split);
  builder.Constant("whole", Tensor::Of<int64_t>({4}, {2, 16, 9, 8}));
  builder.Node("Reshape", {"c", "split"}, {"g"});
  builder.Node("Transpose", {"g"}, {"t"}, {{"perm", {perm}}});
  builder.Node("Reshape", {"t", "whole"}, {"r"});
  builder.Node("MaxPool", {"r"}, {"p"}, {{"kernel_shape", IntsAttribute({2, 2})}});
  builder.Output("p");
  return builder;
}

TEST_CASE("A shuffle of channels is one node, which stays channels-last", "[layout]") {
  for (const Ints& groups : {Ints{2, 2, 8, 9, 8}, Ints{2, 8, 2, 9, 8}, Ints{2, 16, 1, 9, 8}}) {
    const Tensor split = Tensor::Of<int64_t>({5}, groups);
    CHECK(CheckAgainstReference(WithShuffle(split, {0, 2, 1, 3, 4})) ==
          std::vector<std::string>{"Transpose", "Conv", "Transpose", "MaxPool", "Transpose"});
  }
}

TEST_CASE("Other transpositions between reshapes are no shuffles", "[layout]") {
  const auto reshapes = [](const std::vector<std::string>& ops) {
    return std::count(ops.begin(), ops.end(), "Reshape");
  };
  const Tensor halves = Tensor::Of<int64_t>({5}, {2, 2, 8, 9, 8});
  CHECK(reshapes(CheckAgainstReference(WithShuffle(halves, {0, 2, 1, 4, 3}))) == 2);
  const Tensor lines = Tensor::Of<int64_t>({5}, {2, 4, 36, 1, 8});
  CHECK(reshapes(CheckAgainstReference(WithShuffle(lines, {0, 2, 1, 3, 4}))) == 2);
  GraphBuilder read_twice = WithShuffle(halves, {0, 2, 1, 3, 4});
  read_twice.Output("g");
  CHECK(reshapes(CheckAgainstReference(read_twice)) == 2);
}

}  // namespace
}  // namespace sardonyx
