// What Conv absorbs computes the same, in one layer, on every backend.
#include <catch2/catch.hpp>

#include "runtime/session/session.h"
#include "tests/op_outcome.h"
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

/// A model that is built node by node, its only input "x".
class Builder {
 public:
  explicit Builder(const Shape& x) {
    model_->opsets[""] = 17;
    const ValueId id = model_->graph.AddValue("x", Type::Tensor(DataType::kFloat, x));
    model_->graph.inputs = {id};
    names_["x"] = id;
  }
  Builder& Constant(const std::string& name, Tensor tensor) {
    names_[name] = model_->graph.AddConstant(name, std::move(tensor));
    return *this;
  }
  Builder& Node(const std::string& op, const std::vector<std::string>& inputs,
                const std::string& output, const Attributes& attributes = {}) {
    sardonyx::Node node{.name = output, .op_type = op, .version = 17};
    node.index = static_cast<int>(model_->graph.nodes.size());
    for (const std::string& input : inputs) {
      node.inputs.push_back(input.empty() ? kNoValue : names_.at(input));
    }
    names_[output] = model_->graph.AddValue(output);
    node.outputs = {names_[output]};
    node.attributes = attributes;
    model_->graph.nodes.push_back(std::move(node));
    return *this;
  }
  std::shared_ptr<const Model> Output(const std::vector<std::string>& outputs) {
    for (const std::string& output : outputs) {
      model_->graph.outputs.push_back(names_.at(output));
    }
    return model_;
  }

 private:
  std::shared_ptr<Model> model_ = std::make_shared<Model>();
  std::map<std::string, ValueId> names_;
};

const Attributes kSame = {{"pads", IntsAttribute({1, 1, 1, 1})}};

Builder WithConv(bool bias = true) {
  Builder builder({2, 3, 6, 7});
  builder.Constant("w", SmallIntegers({3, 3, 3, 3}, 1)).Constant("b", SmallIntegers({3}, 2));
  builder.Node("Conv",
               bias ? std::vector<std::string>{"x", "w", "b"} : std::vector<std::string>{"x", "w"},
               "c", kSame);
  return builder;
}

/// Optimized on every backend, `model` gives what it gives as it stands, in `layers` layers.
void Check(const std::shared_ptr<const Model>& model, const std::vector<std::string>& layers) {
  const std::map<std::string, Value> inputs = {{"x", SmallIntegers({2, 3, 6, 7}, 3)}};
  auto plain = Session::Create(
      model, {.backend = BackendChoice::kReference, .threads = 1, .optimize = false});
  INFO(plain.status().ToString());
  REQUIRE(plain.ok());
  const auto expected = (*plain)->Run(inputs);
  INFO(expected.status().ToString());
  REQUIRE(expected.ok());
  for (const BackendChoice backend : {BackendChoice::kReference, BackendChoice::kNative,
                                      BackendChoice::kOneDnn, BackendChoice::kAuto}) {
    INFO(Name(backend));
    auto session = Session::Create(model, {.backend = backend, .threads = 2});
    INFO(session.status().ToString());
    REQUIRE(session.ok());
    const auto report = (*session)->Describe();
    REQUIRE(report.ok());
    std::vector<std::string> ops;
    for (const LayerReport& layer : report->layers) {
      if (layer.name.rfind("layout of ", 0) != 0) ops.push_back(layer.op);
    }
    CHECK(ops == layers);
    for (int run = 0; run < 2; ++run) {
      const auto outputs = (*session)->Run(inputs);
      INFO(outputs.status().ToString());
      REQUIRE(outputs.ok());
      for (size_t i = 0; i < expected->size(); ++i) {
        CHECK(NormwiseError((*outputs)[i].tensor(), (*expected)[i].tensor()) <= 5e-5);
      }
    }
  }
}

Builder& BatchNorm(Builder& builder, const std::string& from, const std::string& to) {
  builder.Constant("scale", FloatTensor({3}, {1.5f, -2, 0.25f}))
      .Constant("shift", SmallIntegers({3}, 5));
  builder.Constant("mean", SmallIntegers({3}, 6))
      .Constant("variance", FloatTensor({3}, {4, 0.3f, 2}));
  return builder.Node("BatchNormalization", {from, "scale", "shift", "mean", "variance"}, to);
}

TEST_CASE("Conv absorbs BatchNormalization", "[conv][rewrites]") {
  for (const bool bias : {true, false}) {
    Builder builder = WithConv(bias);
    Check(BatchNorm(builder, "c", "y").Output({"y"}), {"Conv"});
  }
}

TEST_CASE("Conv absorbs arithmetic by channel", "[conv][rewrites]") {
  Builder builder = WithConv();
  builder.Constant("two", FloatTensor({}, {2})).Constant("k", FloatTensor({3, 1, 1}, {1, 2, 4}));
  builder.Constant("m", FloatTensor({1, 3, 1, 1}, {5, 6, 7}));
  builder.Node("Mul", {"c", "k"}, "d").Node("Sub", {"m", "d"}, "e").Node("Div", {"e", "two"}, "f");
  Check(builder.Node("Add", {"two", "f"}, "y").Output({"y"}), {"Conv"});
  Builder other = WithConv();
  // Varies along the columns, not the channels.
  other.Constant("columns", FloatTensor({7}, {1, 2, 3, 4, 5, 6, 7}));
  Check(other.Node("Mul", {"c", "columns"}, "y").Output({"y"}), {"Conv", "Mul"});
}

TEST_CASE("Conv and AveragePool absorb zeros padded before them", "[conv][pool][rewrites]") {
  const auto padded = [](std::vector<int64_t> pads, const std::string& op,
                         const Attributes& attributes, const std::string& mode = "constant") {
    Builder builder({2, 3, 6, 7});
    builder.Constant("pads", Longs(std::move(pads)).tensor());
    builder.Node("Pad", {"x", "pads"}, "p", {{"mode", {mode}}});
    if (op == "Conv") {
      builder.Constant("w", SmallIntegers({3, 3, 3, 3}, 1));
      return builder.Node(op, {"p", "w"}, "y", attributes).Output({"y"});
    }
    return builder.Node(op, {"p"}, "y", attributes).Output({"y"});
  };
  const Attributes window = {{"kernel_shape", IntsAttribute({3, 3})}};
  Attributes pads = window, ceil = window, counted = window;
  counted["pads"] = pads["pads"] = IntsAttribute({0, 2, 1, 0});
  counted["count_include_pad"] = {int64_t{1}};
  ceil["ceil_mode"] = {int64_t{1}};
  ceil["strides"] = IntsAttribute({2, 2});
  const std::vector<std::string> both = {"Pad", "AveragePool"};
  Check(padded({0, 0, 1, 2, 0, 0, 3, 0}, "Conv", kSame), {"Conv"});
  Check(padded({0, 0, 1, 2, 0, 0, 3, 0}, "Conv", {{"auto_pad", {std::string("VALID")}}}), {"Conv"});
  Check(padded({0, 0, 1, 2, 0, 0, 3, 0}, "AveragePool", window), {"AveragePool"});
  Check(padded({0, 0, 5, 7, 0, 0, 5, 6}, "AveragePool", window), {"AveragePool"});
  Check(padded({0, 0, 1, 0, 0, 0, 0, 1}, "AveragePool", counted), {"AveragePool"});
  // Not where the sums would be others.
  Check(padded({0, 0, 1, 0, 0, 0, 0, 1}, "AveragePool", pads), both);
  Check(padded({0, 0, 1, 0, 0, 0, 0, 1}, "AveragePool", ceil), both);
  Check(padded({0, 0, 1, 1, 0, 0, 1, 1}, "AveragePool", window, "reflect"), both);
  Check(padded({0, 0, -1, 0, 0, 0, 0, 1}, "AveragePool", window), both);
  Check(padded({1, 0, 0, 0, 0, 0, 0, 1}, "AveragePool", window), both);
  Check(padded({0, 0, 1, 0, 0, 0, 0, 1}, "Conv", {{"auto_pad", {std::string("SAME_UPPER")}}}),
        {"Pad", "Conv"});
}

TEST_CASE("Conv absorbs activations", "[conv][rewrites]") {
  for (const char* op : {"Relu", "LeakyRelu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh"}) {
    INFO(op);
    Check(WithConv().Node(op, {"c"}, "y").Output({"y"}), {"Conv"});
  }
  Builder builder = WithConv();
  builder.Constant("low", FloatTensor({}, {0})).Constant("high", FloatTensor({}, {6}));
  Check(builder.Node("Clip", {"c", "low", "high"}, "y").Output({"y"}), {"Conv"});
  Check(WithConv().Node("Sigmoid", {"c"}, "s").Node("Mul", {"c", "s"}, "y").Output({"y"}),
        {"Conv"});
}

TEST_CASE("Conv absorbs a residual block", "[conv][rewrites]") {
  Builder builder = WithConv();
  BatchNorm(builder, "c", "d").Node("Relu", {"d"}, "e");
  builder.Constant("w2", SmallIntegers({3, 3, 3, 3}, 8)).Node("Conv", {"e", "w2"}, "f", kSame);
  builder.Node("Add", {"x", "f"}, "g");
  Check(builder.Node("Relu", {"g"}, "y").Output({"y"}), {"Conv", "Conv"});
}

TEST_CASE("Conv absorbs the sum of two convolutions", "[conv][rewrites]") {
  Builder builder = WithConv();
  builder.Constant("w1", SmallIntegers({3, 3, 1, 1}, 9)).Node("Conv", {"x", "w1"}, "d");
  builder.Node("Add", {"c", "d"}, "e");
  Check(builder.Node("Relu", {"e"}, "y").Output({"y"}), {"Conv", "Conv"});
}

TEST_CASE("Conv leaves what others read", "[conv][rewrites]") {
  Check(WithConv().Node("Relu", {"c"}, "y").Output({"y", "c"}), {"Conv", "Relu"});
  Builder builder = WithConv();
  builder.Node("Relu", {"c"}, "d").Node("Abs", {"c"}, "e");
  Check(builder.Output({"d", "e"}), {"Conv", "Relu", "Abs"});
}

}  // namespace
}  // namespace sardonyx
