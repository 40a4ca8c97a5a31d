// RNN, GRU and LSTM: the reference kernel against equations worked by hand, and every kernel in
// float against the reference in double.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

using Attributes = std::map<std::string, Attribute>;

template <typename T>
Tensor Convert(const Tensor& from) {
  Tensor to = *Tensor::Create(kTypeOf<T>, from.shape());
  for (int64_t i = 0; i < from.size(); ++i) {
    to.data<T>()[i] = static_cast<T>(from.data<float>()[i]);
  }
  return to;
}

Tensor Random(const Shape& shape, int seed) {
  Tensor tensor = *Tensor::Create(DataType::kFloat, shape);
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-0.6f, 0.6f);
  for (float& x : tensor.span<float>()) x = uniform(generator);
  return tensor;
}

struct Case {
  std::string op, direction;
  int64_t steps, batch, input, hidden;
  bool all_inputs = false, lengths = false, batch_first = false;
  Attributes extra = {};
};

std::vector<Value> Inputs(const Case& c) {
  const int64_t directions = c.direction == "bidirectional" ? 2 : 1;
  const int64_t gates = c.op == "RNN" ? 1 : c.op == "GRU" ? 3 : 4;
  const Shape state =
      c.batch_first ? Shape{c.batch, directions, c.hidden} : Shape{directions, c.batch, c.hidden};
  std::vector<Value> inputs = {
      Random(c.batch_first ? Shape{c.batch, c.steps, c.input} : Shape{c.steps, c.batch, c.input},
             1),
      Random({directions, gates * c.hidden, c.input}, 2),
      Random({directions, gates * c.hidden, c.hidden}, 3)};
  inputs.resize(c.op == "LSTM" ? 8 : 6);
  if (c.all_inputs) {
    inputs[3] = Random({directions, 2 * gates * c.hidden}, 4);
    inputs[5] = Random(state, 5);
    if (c.op == "LSTM") {
      inputs[6] = Random(state, 6);
      inputs[7] = Random({directions, 3 * c.hidden}, 7);
    }
  }
  if (c.lengths) {
    std::vector<int32_t> lengths(c.batch);
    for (int64_t i = 0; i < c.batch; ++i) lengths[i] = static_cast<int32_t>(i % (c.steps + 1));
    inputs[4] = Tensor::Of<int32_t>({c.batch}, lengths);
  }
  return inputs;
}

TEST_CASE("recurrent kernels agree with the reference in double", "[rnn]") {
  const Attribute before{int64_t{1}};
  const Attribute parametric{std::vector<std::string>{"HardSigmoid", "softsign", "ScaledTanh"}};
  std::vector<Case> cases;
  for (const char* op : {"RNN", "GRU", "LSTM"}) {
    for (const char* direction : {"forward", "reverse", "bidirectional"}) {
      cases.push_back({op, direction, 5, 3, 4, 7});
      cases.push_back({op, direction, 6, 4, 3, 5, true, true});
      cases.push_back({op, direction, 4, 2, 17, 33, true, false, true});
      cases.push_back({op, direction, 4, 3, 2, 3, true, true, true});
    }
    cases.push_back({op, "forward", 3, 2, 4, 6, true, false, false, {{"clip", {0.25f}}}});
    cases.push_back({op, "forward", 1, 1, 1, 1});
    cases.push_back({op, "forward", 0, 2, 3, 4, true});
    cases.push_back({op, "forward", 2, 2, 0, 4, true});
  }
  cases.push_back(
      {"GRU", "bidirectional", 5, 3, 4, 7, true, false, false, {{"linear_before_reset", before}}});
  cases.push_back(
      {"GRU", "reverse", 5, 3, 4, 7, true, true, false, {{"linear_before_reset", before}}});
  cases.push_back({"LSTM", "forward", 5, 3, 4, 7, true, false, false, {{"input_forget", before}}});
  cases.push_back({"LSTM",
                   "forward",
                   5,
                   3,
                   4,
                   7,
                   true,
                   false,
                   false,
                   {{"activations", parametric},
                    {"activation_alpha", {std::vector<float>{0.3f, 1.5f}}},
                    {"activation_beta", {std::vector<float>{0.4f, 0.5f}}}}});
  for (const Case& c : cases) {
    Attributes attributes = c.extra;
    attributes["direction"] = {c.direction};
    attributes["hidden_size"] = {c.hidden};
    attributes["layout"] = {int64_t{c.batch_first}};
    const std::vector<Value> inputs = Inputs(c);
    std::vector<Value> wide = inputs;
    for (size_t i = 0; i < wide.size(); ++i) {
      if (i != 4 && wide[i].is_tensor()) wide[i] = Convert<double>(inputs[i].tensor());
    }
    const int outputs = c.op == "LSTM" ? 3 : 2;
    const auto expected = RunOp(c.op, 14, attributes, wide, outputs);
    INFO(c.op << " " << c.direction << " " << c.steps << "x" << c.batch << "x" << c.input << " "
              << c.hidden << " lengths " << c.lengths << " layout " << c.batch_first << " "
              << expected.status().ToString());
    REQUIRE(expected.ok());
    for (const KernelDef& kernel : FindOp("", c.op)->kernels) {
      INFO(kernel.name);
      const auto got = RunOp(c.op, 14, attributes, inputs, outputs, std::string(kernel.name), 2);
      INFO(got.status().ToString());
      REQUIRE(got.ok());
      for (int o = 0; o < outputs; ++o) {
        const Tensor &y = (*got)[o].tensor(), &y64 = (*expected)[o].tensor();
        REQUIRE(y.shape() == y64.shape());
        double error = 0, size = 0;
        for (int64_t i = 0; i < y.size(); ++i) {
          error = std::max(error, std::abs(y.data<float>()[i] - y64.data<double>()[i]));
          size = std::max(size, std::abs(y64.data<double>()[i]));
        }
        CHECK(error <= 5e-6 * size);
      }
    }
  }
}

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST_CASE("one step of each cell follows its equation", "[rnn]") {
  const Tensor x = Tensor::Of<double>({1, 1, 1}, {0.5});
  const Tensor h = Tensor::Of<double>({1, 1, 1}, {0.25});
  const double w[] = {0.1, 0.2, 0.3, 0.4}, r[] = {-0.5, 0.6, 0.7, -0.8};
  const auto sum = [&](int gate, double state) { return w[gate] * 0.5 + r[gate] * state; };
  {
    const auto y = RunOp("RNN", 14, {},
                         {x, Tensor::Of<double>({1, 1, 1}, {w[0]}),
                          Tensor::Of<double>({1, 1, 1}, {r[0]}), Value(), Value(), h});
    REQUIRE(y.ok());
    CHECK((*y)[0].tensor().data<double>()[0] == Approx(std::tanh(sum(0, 0.25))));
  }
  {
    const auto y = RunOp("GRU", 14, {},
                         {x, Tensor::Of<double>({1, 3, 1}, {w[0], w[1], w[2]}),
                          Tensor::Of<double>({1, 3, 1}, {r[0], r[1], r[2]}), Value(), Value(), h});
    REQUIRE(y.ok());
    const double z = Sigmoid(sum(0, 0.25)), reset = Sigmoid(sum(1, 0.25));
    const double candidate = std::tanh(sum(2, reset * 0.25));
    CHECK((*y)[0].tensor().data<double>()[0] == Approx((1 - z) * candidate + z * 0.25));
  }
  {
    const auto y = RunOp("LSTM", 14, {},
                         {x, Tensor::Of<double>({1, 4, 1}, {w[0], w[1], w[2], w[3]}),
                          Tensor::Of<double>({1, 4, 1}, {r[0], r[1], r[2], r[3]}), Value(), Value(),
                          h, Tensor::Of<double>({1, 1, 1}, {2.0})},
                         3);
    REQUIRE(y.ok());
    const double cell = Sigmoid(sum(2, 0.25)) * 2 + Sigmoid(sum(0, 0.25)) * std::tanh(sum(3, 0.25));
    CHECK((*y)[2].tensor().data<double>()[0] == Approx(cell));
    CHECK((*y)[0].tensor().data<double>()[0] == Approx(Sigmoid(sum(1, 0.25)) * std::tanh(cell)));
  }
}

TEST_CASE("recurrent operators refuse what does not fit", "[rnn]") {
  const Case c{"LSTM", "forward", 2, 2, 3, 4, true, true};
  const auto fails = [&](int changed, Value value, const Attributes& attributes = {}) {
    std::vector<Value> inputs = Inputs(c);
    if (changed >= 0) inputs[changed] = std::move(value);
    return !RunOp("LSTM", 14, attributes, inputs, 3).ok();
  };
  CHECK_FALSE(fails(-1, {}));
  CHECK(fails(0, Random({2, 2, 5}, 1)));
  CHECK(fails(1, Random({1, 15, 3}, 1)));
  CHECK(fails(2, Random({1, 16, 5}, 1)));
  CHECK(fails(3, Random({1, 16}, 1)));
  CHECK(fails(4, Tensor::Of<int32_t>({2}, {3, 1})));
  CHECK(fails(4, Tensor::Of<int32_t>({2}, {-1, 1})));
  CHECK(fails(4, Tensor::Of<int32_t>({3}, {1, 1, 1})));
  CHECK(fails(5, Random({1, 3, 4}, 1)));
  CHECK(fails(7, Random({1, 8}, 1)));
  CHECK(fails(-1, {}, {{"hidden_size", {int64_t{5}}}}));
  CHECK(fails(-1, {}, {{"direction", {std::string("both")}}}));
  CHECK(fails(-1, {}, {{"activations", {std::vector<std::string>{"Tanh"}}}}));
  CHECK(fails(-1, {}, {{"activations", {std::vector<std::string>{"Tanh", "Tanh", "Cos"}}}}));
  CHECK(fails(-1, {}, {{"layout", {int64_t{2}}}}));
  CHECK(fails(-1, {}, {{"direction", {std::string("bidirectional")}}}));
}

}  // namespace
}  // namespace sardonyx
