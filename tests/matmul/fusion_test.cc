// What MatMul and Gemm absorb: the same results with and without the rewrites, on every backend.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "runtime/session/session.h"

namespace sardonyx {
namespace {

Tensor Random(const Shape& shape, int seed) {
  Tensor tensor = *Tensor::Create(DataType::kFloat, shape);
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (float& x : tensor.span<float>()) x = uniform(generator);
  return tensor;
}

constexpr int kOpset = 20;

/// A model that grows node by node at the end of a chain that begins with input "x".
class Chain {
 public:
  explicit Chain(const Shape& input) : model_(std::make_shared<Model>()) {
    model_->ir_version = 8;
    model_->opsets[""] = kOpset;
    last_ = graph().AddValue("x", Type::Tensor(DataType::kFloat, input));
    graph().inputs = {last_};
  }

  Graph& graph() { return model_->graph; }
  ValueId last() const { return last_; }
  ValueId Constant(Tensor tensor) {
    return graph().AddConstant(graph().FreshName("c"), std::move(tensor));
  }
  /// Adds a node whose inputs are those given, kLast standing for the end of the chain.
  static constexpr ValueId kLast = -2;
  void Add(const std::string& op, std::vector<ValueId> inputs,
           std::map<std::string, Attribute> attributes = {}) {
    Node node{.name = op, .op_type = op, .version = kOpset};
    node.index = static_cast<int>(graph().nodes.size());
    node.attributes = std::move(attributes);
    for (ValueId& input : inputs) input = input == kLast ? last_ : input;
    node.inputs = std::move(inputs);
    last_ = graph().AddValue(graph().FreshName("y"));
    node.outputs = {last_};
    graph().nodes.push_back(std::move(node));
  }
  void Output(ValueId value) { graph().outputs.push_back(value); }

  /// The first output, and how many layers the plan has.
  std::pair<Tensor, size_t> Run(BackendChoice backend, bool optimize, const Tensor& x) const {
    auto session =
        Session::Create(model_, {.backend = backend, .threads = 2, .optimize = optimize});
    INFO(session.status().ToString());
    REQUIRE(session.ok());
    auto outputs = (*session)->Run({{"x", x}});
    INFO(outputs.status().ToString());
    REQUIRE(outputs.ok());
    const auto report = (*session)->Describe();
    REQUIRE(report.ok());
    return {(*outputs)[0].tensor(), report->layers.size()};
  }

 private:
  std::shared_ptr<Model> model_;
  ValueId last_ = kNoValue;
};

/// Compares every backend's results after rewriting with the reference's before it.
void CheckLayers(Chain& chain, const Shape& input, size_t layers) {
  const Tensor x = Random(input, 9);
  const auto [expected, plain] = chain.Run(BackendChoice::kReference, false, x);
  CHECK(plain == chain.graph().nodes.size());
  for (const BackendChoice backend : {BackendChoice::kAuto, BackendChoice::kReference,
                                      BackendChoice::kNative, BackendChoice::kOneDnn}) {
    const auto [y, fused] = chain.Run(backend, true, x);
    INFO(Name(backend));
    CHECK(fused == layers);
    REQUIRE(y.shape() == expected.shape());
    double error = 0, size = 0;
    for (int64_t i = 0; i < y.size(); ++i) {
      error = std::max<double>(error, std::abs(y.data<float>()[i] - expected.data<float>()[i]));
      size = std::max<double>(size, std::abs(expected.data<float>()[i]));
    }
    CHECK(error <= 5e-6 * size);
  }
}

TEST_CASE("MatMul absorbs a bias and an activation", "[matmul]") {
  const std::map<std::string, std::map<std::string, Attribute>> activations = {
      {"Relu", {}},
      {"Sigmoid", {}},
      {"Tanh", {}},
      {"LeakyRelu", {{"alpha", {0.25f}}}},
      {"HardSigmoid", {{"alpha", {0.3f}}, {"beta", {0.4f}}}}};
  for (const Shape& input : {Shape{5, 19}, Shape{2, 3, 19}, Shape{19}}) {
    for (const auto& [activation, attributes] : activations) {
      Chain chain(input);
      chain.Add("MatMul", {Chain::kLast, chain.Constant(Random({19, 21}, 1))});
      chain.Add("Add", {chain.Constant(Random({21}, 2)), Chain::kLast});
      chain.Add(activation, {Chain::kLast}, attributes);
      chain.Output(chain.last());
      INFO(activation << " " << input.ToString());
      CheckLayers(chain, input, 1);
    }
  }
}

TEST_CASE("Gemm absorbs an activation", "[matmul]") {
  Chain chain({4, 9});
  chain.Add("Gemm",
            {Chain::kLast, chain.Constant(Random({11, 9}, 1)), chain.Constant(Random({11}, 2))},
            {{"transB", {int64_t{1}}}, {"alpha", {0.5f}}, {"beta", {2.0f}}});
  chain.Add("Clip", {Chain::kLast, chain.Constant(Tensor::Scalar<float>(-0.5f)),
                     chain.Constant(Tensor::Scalar<float>(0.75f))});
  chain.Output(chain.last());
  CheckLayers(chain, {4, 9}, 1);
}

TEST_CASE("MatMul and Gemm absorb Gelu", "[matmul]") {
  for (const char* approximate : {"none", "tanh"}) {
    const std::map<std::string, Attribute> attributes = {
        {"approximate", {std::string(approximate)}}};
    Chain chain({7, 19});
    chain.Add("MatMul", {Chain::kLast, chain.Constant(Random({19, 50}, 1))});
    chain.Add("Gelu", {Chain::kLast}, attributes);
    chain.Add("Gemm", {Chain::kLast, chain.Constant(Random({50, 21}, 2))});
    chain.Add("Gelu", {Chain::kLast}, attributes);
    chain.Output(chain.last());
    INFO(approximate);
    CheckLayers(chain, {7, 19}, 2);
  }
}

TEST_CASE("MatMul absorbs a tensor added to its result", "[matmul]") {
  for (const Shape& input : {Shape{5, 19}, Shape{2, 3, 19}, Shape{19}}) {
    for (const bool bias : {false, true}) {
      Chain chain(input);
      const ValueId x = chain.last();
      chain.Add("MatMul", {Chain::kLast, chain.Constant(Random({19, 19}, 1))});
      if (bias) chain.Add("Add", {Chain::kLast, chain.Constant(Random({19}, 2))});
      chain.Add("Add", {x, Chain::kLast});
      chain.Add("Relu", {Chain::kLast});
      chain.Output(chain.last());
      INFO(input.ToString() << " bias " << bias);
      CheckLayers(chain, input, 1);
    }
  }
  Chain chain({3, 4, 5});  // as many products as matrices
  chain.Add("MatMul", {Chain::kLast, chain.Constant(Random({3, 5, 5}, 1))});
  chain.Add("Add", {Chain::kLast, chain.Constant(Random({3, 4, 5}, 2))});
  chain.Output(chain.last());
  CheckLayers(chain, {3, 4, 5}, 1);
}

TEST_CASE("Gemm absorbs a tensor added to its result, behind views too", "[matmul]") {
  const auto sizes = [](std::vector<int64_t> list) {
    Tensor tensor = *Tensor::Create(DataType::kInt64, Shape{static_cast<int64_t>(list.size())});
    std::copy(list.begin(), list.end(), tensor.data<int64_t>());
    return tensor;
  };
  for (const bool bias : {false, true}) {
    Chain chain({6, 8});
    std::vector<ValueId> inputs{Chain::kLast, chain.Constant(Random({8, 8}, 1))};
    if (bias) inputs.push_back(chain.Constant(Random({8}, 2)));
    const ValueId x = chain.last();
    chain.Add("Gemm", inputs, {{"alpha", {0.5f}}});
    chain.Add("Add", {Chain::kLast, x});
    chain.Add("Gemm", inputs);
    chain.Output(chain.last());
    CheckLayers(chain, {6, 8}, 2);
  }
  Chain chain({6, 8});
  chain.Add("Gemm", {Chain::kLast, chain.Constant(Random({8, 8}, 1))});
  chain.Add("Reshape", {Chain::kLast, chain.Constant(sizes({6, 1, 8}))});
  chain.Add("Reshape", {Chain::kLast, chain.Constant(sizes({1, 6, 8}))});
  chain.Add("Add", {chain.Constant(Random({1, 6, 8}, 2)), Chain::kLast});
  chain.Add("Relu", {Chain::kLast});
  chain.Output(chain.last());
  CheckLayers(chain, {6, 8}, 4);  // the product, two views, Relu
}

TEST_CASE("what is no residual is not absorbed", "[matmul]") {
  {  // C has rows of its own, or is scaled
    for (const float beta : {1.0f, 2.0f}) {
      Chain chain({6, 8});
      const ValueId c = chain.Constant(Random(beta == 1 ? Shape{6, 8} : Shape{8}, 2));
      chain.Add("Gemm", {Chain::kLast, chain.Constant(Random({8, 8}, 1)), c}, {{"beta", {beta}}});
      chain.Add("Add", {Chain::kLast, chain.Constant(Random({6, 8}, 3))});
      chain.Output(chain.last());
      CheckLayers(chain, {6, 8}, 2);
    }
  }
  {  // one row of the product is added to each of x
    Chain chain({6, 8});
    const ValueId x = chain.last();
    chain.Add("MatMul", {chain.Constant(Random({1, 6}, 1)), Chain::kLast});
    chain.Add("Add", {Chain::kLast, x});
    chain.Output(chain.last());
    CheckLayers(chain, {6, 8}, 2);
  }
  {  // the view is an output as well
    Chain chain({6, 8});
    const ValueId x = chain.last();
    chain.Add("Gemm", {Chain::kLast, chain.Constant(Random({8, 8}, 1))});
    chain.Add("Flatten", {Chain::kLast});
    const ValueId view = chain.last();
    chain.Add("Sub", {view, x});
    chain.Add("Add", {Chain::kLast, view});
    chain.Output(chain.last());
    CheckLayers(chain, {6, 8}, 3);
  }
}

TEST_CASE("what others read, or what is no bias, is not absorbed", "[matmul]") {
  {  // the product is an output as well
    Chain chain({3, 4});
    chain.Add("MatMul", {Chain::kLast, chain.Constant(Random({4, 5}, 1))});
    const ValueId product = chain.last();
    chain.Add("Relu", {Chain::kLast});
    chain.Output(chain.last());
    chain.Output(product);
    CheckLayers(chain, {3, 4}, 2);
  }
  {  // one number for each row
    Chain chain({3, 4});
    chain.Add("MatMul", {Chain::kLast, chain.Constant(Random({4, 5}, 1))});
    chain.Add("Add", {Chain::kLast, chain.Constant(Random({3, 1}, 2))});
    chain.Output(chain.last());
    CheckLayers(chain, {3, 4}, 2);
  }
  {  // a bias that makes the result larger
    Chain chain({1, 4});
    chain.Add("MatMul", {Chain::kLast, chain.Constant(Random({4, 5}, 1))});
    chain.Add("Add", {Chain::kLast, chain.Constant(Random({2, 1, 5}, 2))});
    chain.Output(chain.last());
    CheckLayers(chain, {1, 4}, 2);
  }
  {  // added to itself
    Chain chain({3, 4});
    chain.Add("MatMul", {Chain::kLast, chain.Constant(Random({4, 5}, 1))});
    chain.Add("Add", {Chain::kLast, Chain::kLast});
    chain.Output(chain.last());
    CheckLayers(chain, {3, 4}, 2);
  }
  {  // an activation before the bias
    Chain chain({3, 4});
    chain.Add("MatMul", {Chain::kLast, chain.Constant(Random({4, 5}, 1))});
    chain.Add("Relu", {Chain::kLast});
    chain.Add("Add", {Chain::kLast, chain.Constant(Random({5}, 2))});
    chain.Output(chain.last());
    CheckLayers(chain, {3, 4}, 2);
  }
  {  // a vector on the right: the result has no columns
    Chain chain({5, 4});
    chain.Add("MatMul", {Chain::kLast, chain.Constant(Random({4}, 1))});
    chain.Add("Add", {Chain::kLast, chain.Constant(Random({1}, 2))});
    chain.Output(chain.last());
    CheckLayers(chain, {5, 4}, 2);
  }
}

}  // namespace
}  // namespace sardonyx
