// Attention's masks and caches on cases small enough to see through, and what it refuses.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

using Attributes = std::map<std::string, Attribute>;

/// All keys score alike, so that a row of Y is the mean of the values it may see.
std::vector<float> Means(const Attributes& attributes, std::vector<Value> more = {},
                         int64_t rows = 3, int64_t columns = 4) {
  const Tensor q = *Tensor::Create(DataType::kFloat, {1, 1, rows, 2});
  const Tensor k = *Tensor::Create(DataType::kFloat, {1, 1, columns, 2});
  Tensor v = *Tensor::Create(DataType::kFloat, {1, 1, columns, 1});
  for (int64_t i = 0; i < columns; ++i) v.data<float>()[i] = static_cast<float>(i);
  std::vector<Value> inputs = {q, k, v};
  inputs.insert(inputs.end(), more.begin(), more.end());
  const auto y = RunOp("Attention", 25, attributes, inputs);
  INFO(y.status().ToString());
  REQUIRE(y.ok());
  const auto span = (*y)[0].tensor().span<float>();
  return {span.begin(), span.end()};
}

TEST_CASE("Attention masks what its attributes say", "[attention]") {
  using Floats = std::vector<float>;
  const Attribute yes{int64_t{1}};
  CHECK(Means({}) == Floats{1.5f, 1.5f, 1.5f});
  CHECK(Means({{"is_causal", yes}}) == Floats{0, 0.5f, 1});
  CHECK(Means({{"left_window_size", {int64_t{0}}}, {"right_window_size", {int64_t{1}}}}) ==
        Floats{0.5f, 1.5f, 2.5f});
  const Tensor mask = Tensor::Of<bool>(
      {3, 4}, {true, false, false, true, false, false, false, false, false, true, true, false});
  CHECK(Means({}, {mask}) == Floats{1.5f, 0, 1.5f});
  CHECK(Means({}, {Tensor::Of<bool>({3, 2}, {true, true, true, true, false, true})}) ==
        Floats{0.5f, 0.5f, 1});
  CHECK(Means({}, {Value(), Value(), Value(), Tensor::Of<int64_t>({1}, {2})}) ==
        Floats{0.5f, 0.5f, 0.5f});
  CHECK(Means({{"is_causal", yes}}, {Value(), Value(), Value(), Tensor::Of<int64_t>({1}, {4})}) ==
        Floats{0.5f, 1, 1.5f});
  CHECK(Means({{"is_causal", yes}}, {Value(), Value(), Value(), Tensor::Of<int64_t>({1}, {2})}) ==
        Floats{0, 0, 0.5f});
}

TEST_CASE("Attention rounds scores to the softmax precision, and takes values of another type",
          "[attention]") {
  // Scores 1 and 1 + 2^-9, which float16 tells apart and bfloat16 does not.
  const Tensor q = Tensor::Of<float>({1, 1, 1, 1}, {1}),
               k = Tensor::Of<float>({1, 1, 2, 1}, {0, 0});
  const Tensor v = Tensor::Of<double>({1, 1, 2, 1}, {0, 1});
  const Tensor mask = Tensor::Of<float>({1, 2}, {1, 1.001953125f});
  const auto probability = [&](DataType precision) {
    const auto y =
        RunOp("Attention", 24, {{"softmax_precision", {static_cast<int64_t>(precision)}}},
              {q, k, v, mask});
    REQUIRE(y.ok());
    CHECK((*y)[0].tensor().type() == DataType::kFloat);
    return (*y)[0].tensor().data<float>()[0];
  };
  CHECK(probability(DataType::kFloat) == 0.50048828125f);
  CHECK(probability(DataType::kFloat16) == 0.50048828125f);
  CHECK(probability(DataType::kBFloat16) == 0.5f);
  CHECK_FALSE(RunOp("Attention", 24, {{"softmax_precision", {int64_t{7}}}}, {q, k, v}).ok());
}

TEST_CASE("Attention refuses what does not fit", "[attention]") {
  const auto fails = [](const Shape& q, const Shape& k, const Shape& v,
                        const Attributes& attributes = {}, std::vector<Value> more = {}) {
    std::vector<Value> inputs = {*Tensor::Create(DataType::kFloat, q),
                                 *Tensor::Create(DataType::kFloat, k),
                                 *Tensor::Create(DataType::kFloat, v)};
    inputs.insert(inputs.end(), more.begin(), more.end());
    return !RunOp("Attention", 24, attributes, inputs).ok();
  };
  const Attributes heads = {{"q_num_heads", {int64_t{4}}}, {"kv_num_heads", {int64_t{2}}}};
  CHECK_FALSE(fails({1, 3, 8}, {1, 5, 4}, {1, 5, 6}, heads));
  CHECK_FALSE(fails({1, 4, 3, 2}, {1, 2, 5, 2}, {1, 2, 5, 3}));
  CHECK(fails({1, 3, 8}, {1, 5, 4}, {1, 5, 6}));
  CHECK(fails({1, 3, 9}, {1, 5, 4}, {1, 5, 6}, heads));
  CHECK(fails({1, 3, 8}, {1, 5, 6}, {1, 5, 6}, heads));
  CHECK(fails({1, 3, 8}, {1, 5, 4}, {1, 4, 6}, heads));
  CHECK(fails({1, 3, 8}, {2, 5, 4}, {2, 5, 6}, heads));
  CHECK(fails({1, 3, 3, 2}, {1, 2, 5, 2}, {1, 2, 5, 3}));
  CHECK(fails({1, 3, 3, 2}, {1, 0, 5, 2}, {1, 0, 5, 3}));
  CHECK(fails({3, 2}, {5, 2}, {5, 2}));
  const Shape q{1, 1, 3, 2}, k{1, 1, 5, 2};
  CHECK(fails(q, k, k, {}, {*Tensor::Create(DataType::kFloat, {3, 6})}));
  CHECK(fails(q, k, k, {}, {*Tensor::Create(DataType::kFloat, {2, 5})}));
  CHECK(fails(q, k, k, {}, {Value(), *Tensor::Create(DataType::kFloat, {1, 1, 2, 2})}));
  CHECK(fails(q, k, k, {}, {Value(), Value(), Value(), Tensor::Of<int64_t>({1}, {6})}));
  CHECK(fails(q, k, k, {}, {Value(), Value(), Value(), Tensor::Of<int64_t>({1}, {-1})}));
  CHECK(fails(q, k, k, {{"q_num_heads", {int64_t{-1}}}}));
  CHECK(fails(q, k, k, {{"qk_matmul_output_mode", {int64_t{4}}}}));
}

TEST_CASE("RotaryEmbedding refuses positions that its caches lack", "[attention]") {
  const Tensor x = *Tensor::Create(DataType::kFloat, {1, 1, 2, 4});
  const Tensor cache = *Tensor::Create(DataType::kFloat, {3, 2});
  const auto ok = [&](int64_t position) {
    return RunOp("RotaryEmbedding", 23, {},
                 {x, cache, cache, Tensor::Of<int64_t>({1, 2}, {0, position})})
        .ok();
  };
  CHECK(ok(2));
  CHECK_FALSE(ok(3));
  CHECK_FALSE(ok(-1));
}

}  // namespace
}  // namespace sardonyx
