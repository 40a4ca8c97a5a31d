#include <catch2/catch.hpp>
#include <cmath>

#include "ops/random/philox.h"
#include "tests/test_ops.h"

namespace sardonyx {
namespace {

TEST_CASE("Philox gives the words that its authors published", "[random]") {
  // The known answer of the Random123 distribution for philox4x32-10 on zeros.
  CHECK(Philox(0).At(0) == std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
}

struct Moments {
  double mean = 0, variance = 0, low = 0, high = 0;
};

Moments MomentsOf(const Tensor& tensor) {
  const std::vector<double> values = *ToDoubles(tensor);
  Moments m{.low = values[0], .high = values[0]};
  for (double v : values) {
    m.mean += v / static_cast<double>(values.size());
    m.low = std::min(m.low, v);
    m.high = std::max(m.high, v);
  }
  for (double v : values) {
    m.variance += (v - m.mean) * (v - m.mean) / static_cast<double>(values.size());
  }
  return m;
}

TEST_CASE("distributions have their moments", "[random]") {
  const Attribute shape{std::vector<int64_t>{100, 400}}, seed{7.0f};
  const auto uniform =
      RunOp("RandomUniform", 22,
            {{"shape", shape}, {"low", {-1.0f}}, {"high", {3.0f}}, {"seed", seed}}, {});
  REQUIRE(uniform.ok());
  const Moments u = MomentsOf((*uniform)[0].tensor());
  CHECK(u.mean == Approx(1.0).margin(0.03));
  CHECK(u.variance == Approx(16.0 / 12).margin(0.03));
  CHECK(u.low >= -1);
  CHECK(u.high <= 3);
  const auto normal =
      RunOp("RandomNormal", 22,
            {{"shape", shape}, {"mean", {5.0f}}, {"scale", {2.0f}}, {"seed", seed}}, {});
  REQUIRE(normal.ok());
  const Moments n = MomentsOf((*normal)[0].tensor());
  CHECK(n.mean == Approx(5.0).margin(0.05));
  CHECK(n.variance == Approx(4.0).margin(0.1));
  const auto coin = RunOp("Bernoulli", 22, {{"dtype", {int64_t{9}}}},
                          {Tensor::Of<float>({20000}, std::vector<float>(20000, 0.3f))});
  REQUIRE(coin.ok());
  REQUIRE((*coin)[0].tensor().type() == DataType::kBool);
  int heads = 0;
  for (bool head : (*coin)[0].tensor().span<bool>()) heads += head;
  CHECK(heads == Approx(6000).margin(300));
  const float never = -std::numeric_limits<float>::infinity();
  const auto draws =
      RunOp("Multinomial", 22, {{"sample_size", {int64_t{20000}}}},
            {Tensor::Of<float>({2, 3}, {0.0f, std::log(2.0f), 0.0f, never, 0.0f, never})});
  REQUIRE(draws.ok());
  int counts[3] = {};
  const int32_t* chosen = (*draws)[0].tensor().data<int32_t>();
  for (int i = 0; i < 20000; ++i) ++counts[chosen[i]];
  CHECK(counts[1] == Approx(10000).margin(400));
  CHECK(counts[0] == Approx(5000).margin(300));
  for (int i = 20000; i < 40000; ++i) REQUIRE(chosen[i] == 1);
}

TEST_CASE("a seed fixes the numbers, whatever the threads", "[random]") {
  const std::map<std::string, Attribute> seeded = {{"shape", {std::vector<int64_t>{50000}}},
                                                   {"seed", {1.5f}}};
  const auto one = RunOp("RandomNormal", 22, seeded, {}, 1, "", 1);
  const auto four = RunOp("RandomNormal", 22, seeded, {}, 1, "", 4);
  REQUIRE(one.ok());
  REQUIRE(four.ok());
  for (int i = 0; i < 50000; ++i) {
    REQUIRE((*one)[0].tensor().data<float>()[i] == (*four)[0].tensor().data<float>()[i]);
  }
  const auto like = RunOp("RandomUniformLike", 22, {{"dtype", {int64_t{11}}}},
                          {Tensor::Of<int32_t>({2, 3}, {0, 0, 0, 0, 0, 0})});
  REQUIRE(like.ok());
  CHECK((*like)[0].tensor().type() == DataType::kDouble);
  CHECK((*like)[0].tensor().shape() == Shape({2, 3}));
}

TEST_CASE("Dropout keeps everything, or draws as NumPy does", "[random]") {
  const Tensor x = Tensor::Of<float>({5}, {1, 2, 3, 4, 5});
  for (int opset : {6, 7, 10, 13}) {
    const auto y = RunOp("Dropout", opset, {}, {x}, 2);
    REQUIRE(y.ok());
    for (int i = 0; i < 5; ++i) {
      CHECK((*y)[0].tensor().data<float>()[i] == x.data<float>()[i]);
      if (opset < 10) {
        CHECK((*y)[1].tensor().data<float>()[i] == 1.0f);
      } else {
        CHECK((*y)[1].tensor().data<bool>()[i]);
      }
    }
  }
  // numpy.random.RandomState(0).uniform(0, 1, 5) = .549, .715, .603, .545, .424
  const auto y = RunOp("Dropout", 22, {{"seed", {int64_t{0}}}},
                       {x, Tensor::Scalar(0.6f), Tensor::Scalar(true)}, 2);
  REQUIRE(y.ok());
  const bool kept[] = {false, true, true, false, false};
  for (int i = 0; i < 5; ++i) {
    CHECK((*y)[1].tensor().data<bool>()[i] == kept[i]);
    CHECK((*y)[0].tensor().data<float>()[i] == Approx(kept[i] ? x.data<float>()[i] / 0.4f : 0.0f));
  }
  CHECK_FALSE(RunOp("Dropout", 22, {}, {x, Tensor::Scalar(1.0f), Tensor::Scalar(true)}).ok());
  CHECK_FALSE(RunOp("Dropout", 22, {}, {x, Tensor::Scalar(-0.5f), Tensor::Scalar(true)}).ok());
  CHECK_FALSE(RunOp("Dropout", 10, {{"ratio", {2.0f}}}, {x}).ok());
  CHECK_FALSE(RunOp("Dropout", 22, {}, {Tensor::Scalar<int32_t>(1)}).ok());
}

TEST_CASE("a Dropout that does not train is removed", "[random]") {
  const auto removed = [](std::optional<bool> training, bool mask_read, bool is_output) {
    Graph graph;
    const Type type = Type::Tensor(DataType::kFloat, Shape({2}));
    const ValueId x = graph.AddValue("x", type), y = graph.AddValue("y", type);
    const ValueId mask = graph.AddValue("mask", Type::Tensor(DataType::kBool, Shape({2})));
    const ValueId z = graph.AddValue("z", type);
    graph.inputs = {x};
    graph.outputs = {is_output ? y : z};
    if (mask_read) graph.outputs.push_back(mask);
    Node dropout{.op_type = "Dropout", .version = 13, .inputs = {x}, .outputs = {y, mask}};
    if (training) {
      dropout.inputs = {x, kNoValue, graph.AddConstant("t", Tensor::Scalar(*training))};
    }
    dropout.op = FindOp("", "Dropout");
    graph.nodes = {dropout, Node{.op_type = "Neg", .version = 13, .inputs = {y}, .outputs = {z}}};
    const auto applied =
        dropout.op->rewrites[0].apply(graph, 0, graph.Producers(), graph.UseCounts());
    REQUIRE(applied.ok());
    CHECK(*applied == graph.nodes[0].removed);
    if (*applied) CHECK(graph.nodes[1].inputs == std::vector<ValueId>{x});
    return *applied;
  };
  CHECK(removed(std::nullopt, false, false));
  CHECK(removed(false, false, false));
  CHECK_FALSE(removed(true, false, false));
  CHECK_FALSE(removed(std::nullopt, true, false));
  CHECK_FALSE(removed(std::nullopt, false, true));
}

TEST_CASE("random operators refuse what makes no sense", "[random]") {
  const auto shape = [](std::vector<int64_t> dims) { return Attribute{std::move(dims)}; };
  CHECK_FALSE(RunOp("RandomNormal", 22, {}, {}).ok());
  CHECK_FALSE(RunOp("RandomNormal", 22, {{"shape", shape({-1})}}, {}).ok());
  CHECK_FALSE(
      RunOp("RandomNormal", 22, {{"shape", shape({int64_t{1} << 40, int64_t{1} << 40})}}, {}).ok());
  CHECK_FALSE(RunOp("RandomNormal", 22, {{"shape", shape({2})}, {"dtype", {int64_t{6}}}}, {}).ok());
  const Tensor logits = Tensor::Of<float>({1, 2}, {0, 0});
  CHECK_FALSE(RunOp("Multinomial", 22, {{"sample_size", {int64_t{0}}}}, {logits}).ok());
  CHECK_FALSE(RunOp("Multinomial", 22, {}, {Tensor::Of<float>({1, 0}, {})}).ok());
  CHECK_FALSE(RunOp("Multinomial", 22, {{"dtype", {int64_t{1}}}}, {logits}).ok());
}

}  // namespace
}  // namespace sardonyx
