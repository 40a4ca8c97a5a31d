// LayerNormalization as exporters write it before opset 17 becomes one node, with the same results.
#include <catch2/catch.hpp>

#include "runtime/session/session.h"
#include "tests/graph_builder.h"
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

constexpr int64_t kColumns = 21;

/// What may be unlike a layer normalization.
struct Pattern {
  int opset = 14;
  bool multiplies = false, bias = true;
  int64_t axis = -1, keepdims = 1;
  float power = 2;
  Shape scale = {kColumns}, bias_shape = {kColumns};
  bool deviation_is_output = false, other_mean = false, divides_other = false;
};

std::string Mean(GraphBuilder& b, const Pattern& p, const std::string& x, const std::string& name) {
  std::map<std::string, Attribute> attributes = {{"keepdims", IntAttribute(p.keepdims)}};
  std::vector<std::string> inputs = {x};
  if (p.opset >= 18) {
    inputs.push_back(b.Constant(name + ".axes", Tensor::Of<int64_t>({1}, {p.axis})));
  } else {
    attributes["axes"] = IntsAttribute({p.axis});
  }
  b.Node("ReduceMean", inputs, {name}, attributes);
  return name;
}

GraphBuilder Build(const Pattern& p) {
  GraphBuilder b(p.opset);
  const std::string x = b.Input("x", Type::Tensor(DataType::kFloat, Shape{3, 5, kColumns}));
  const std::string y = b.Input("other", Type::Tensor(DataType::kFloat, Shape{3, 5, kColumns}));
  b.Node("Sub", {x, Mean(b, p, p.other_mean ? y : x, "mean")}, {"centred"});
  if (p.multiplies) {
    b.Node("Mul", {"centred", "centred"}, {"square"});
  } else {
    b.Node("Pow", {"centred", b.Constant("power", Tensor::Scalar(p.power))}, {"square"});
  }
  Mean(b, p, "square", "variance");
  b.Node("Add", {"variance", b.Constant("epsilon", Tensor::Scalar(1e-3f))}, {"positive"});
  b.Node("Sqrt", {"positive"}, {"deviation"});
  b.Node("Div", {p.divides_other ? y : "centred", "deviation"}, {"normal"});
  b.Node("Mul", {b.Constant("scale", SmallIntegers(p.scale, 1)), "normal"}, {"scaled"});
  if (p.bias) {
    b.Node("Add", {"scaled", b.Constant("bias", SmallIntegers(p.bias_shape, 2))}, {"y"});
  }
  b.Output(p.bias ? "y" : "scaled");
  if (p.deviation_is_output) b.Output("deviation");
  return b;
}

/// Compares the results with those of the graph as it is; the number of layers.
size_t Check(const Pattern& p) {
  const auto model = Build(p).model();
  std::map<std::string, Value> inputs;
  uint32_t seed = 3;
  for (const char* name : {"x", "other"}) {
    inputs[name] = SmallIntegers({3, 5, kColumns}, ++seed);
  }
  Tensor expected;
  size_t layers = 0;
  for (const auto& [backend, optimize] : {std::pair(BackendChoice::kReference, false),
                                          {BackendChoice::kReference, true},
                                          {BackendChoice::kAuto, true}}) {
    const auto session =
        Session::Create(model, {.backend = backend, .threads = 1, .optimize = optimize});
    INFO(session.status().ToString());
    REQUIRE(session.ok());
    const auto outputs = (*session)->Run(inputs);
    INFO(outputs.status().ToString());
    REQUIRE(outputs.ok());
    if (!optimize) {
      expected = (*outputs)[0].tensor();
      continue;
    }
    REQUIRE((*outputs)[0].tensor().shape() == expected.shape());
    CHECK(NormwiseError((*outputs)[0].tensor(), expected) < 2e-6);
    const auto report = (*session)->Describe();
    REQUIRE(report.ok());
    layers = report->layers.size();
  }
  return layers;
}

TEST_CASE("layer normalization is found in its parts", "[norm]") {
  for (const int opset : {11, 14, 18}) {
    for (const bool multiplies : {false, true}) {
      CHECK(Check({.opset = opset, .multiplies = multiplies}) == 1);
    }
    CHECK(Check({.opset = opset, .bias = false}) == 1);
    CHECK(Check({.opset = opset, .axis = 2}) == 1);
    CHECK(Check({.opset = opset, .bias_shape = {1}}) == 2);  // the last Add stays
  }
}

TEST_CASE("what is no layer normalization stays", "[norm]") {
  CHECK(Check({.power = 4}) == 9);
  CHECK(Check({.axis = 1}) == 9);
  CHECK(Check({.scale = {1}}) == 9);
  CHECK(Check({.scale = {5, 1}}) == 9);
  CHECK(Check({.deviation_is_output = true}) == 9);
  CHECK(Check({.other_mean = true}) == 9);
  CHECK(Check({.divides_other = true}) == 9);
}

}  // namespace
}  // namespace sardonyx
