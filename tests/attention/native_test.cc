// attention.native against the reference kernel: blocks and panels that do not come out even,
// groups of heads, caches, masks and windows.
#include <catch2/catch.hpp>

#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

struct Case {
  int64_t batch, heads, key_heads, rows, keys, past, size, value_size;
};

/// The same elements as bool: whether each is above zero.
Tensor Above(const Tensor& x) {
  Tensor result = *Tensor::Create(DataType::kBool, x.shape());
  for (int64_t i = 0; i < x.size(); ++i) result.data<bool>()[i] = x.data<float>()[i] > 0;
  return result;
}

std::vector<Value> InputsOf(const Case& c, const Value& mask) {
  const auto tensor = [&](int64_t heads, int64_t length, int64_t size, uint32_t seed) {
    return SmallIntegers({c.batch, heads, length, size}, seed);
  };
  std::vector<Value> inputs = {tensor(c.heads, c.rows, c.size, 1),
                               tensor(c.key_heads, c.keys, c.size, 2),
                               tensor(c.key_heads, c.keys, c.value_size, 3), mask};
  if (c.past > 0) {
    inputs.push_back(tensor(c.key_heads, c.past, c.size, 4));
    inputs.push_back(tensor(c.key_heads, c.past, c.value_size, 5));
  }
  return inputs;
}

void Check(const Attributes& attributes, const std::vector<Value>& inputs) {
  const auto expected = RunOp("Attention", 25, attributes, inputs, 3);
  INFO(expected.status().ToString());
  REQUIRE(expected.ok());
  for (int threads : {1, 3}) {
    const auto found = RunOp("Attention", 25, attributes, inputs, 3, "attention.native", threads);
    INFO(found.status().ToString());
    REQUIRE(found.ok());
    for (size_t i = 0; i < 3; ++i) {
      CHECK((*found)[i].tensor().shape() == (*expected)[i].tensor().shape());
      CHECK(NormwiseError((*found)[i].tensor(), (*expected)[i].tensor()) < 2e-6);
    }
  }
}

TEST_CASE("attention.native gives what the reference gives", "[attention]") {
  const Case cases[] = {{1, 1, 1, 1, 1, 0, 1, 1},     {2, 3, 3, 50, 33, 0, 16, 16},
                        {1, 6, 2, 7, 31, 0, 64, 40},  {2, 4, 1, 1, 5, 67, 24, 17},
                        {1, 2, 2, 100, 64, 0, 8, 33}, {1, 2, 1, 5, 40, 3, 5, 3}};
  const Attribute yes{int64_t{1}}, two{int64_t{2}}, far{std::numeric_limits<int64_t>::max()};
  const std::vector<Attributes> variants = {{},
                                            {{"is_causal", yes}},
                                            {{"softcap", {1.5f}}},
                                            {{"left_window_size", two}, {"right_window_size", yes}},
                                            {{"left_window_size", far}, {"right_window_size", far}},
                                            {{"is_causal", yes}, {"left_window_size", two}}};
  for (const Case& c : cases) {
    INFO("rows " << c.rows << ", keys " << c.keys << ", past " << c.past);
    const Shape whole{c.batch, c.heads, c.rows, c.past + c.keys};
    const Tensor bias = SmallIntegers(whole, 6);
    const Tensor shared = SmallIntegers({1, 1, c.rows, c.past + c.keys}, 7);
    for (Attributes attributes : variants) {
      attributes["scale"] = {0.11f};
      for (const Value& mask : {Value(), Value(bias), Value(Above(bias)), Value(Above(shared))}) {
        Check(attributes, InputsOf(c, mask));
      }
    }
  }
}

TEST_CASE("attention.native knows heads side by side, and keys that are no keys", "[attention]") {
  const Attribute four{int64_t{4}}, two{int64_t{2}};
  const Attributes heads = {{"q_num_heads", four}, {"kv_num_heads", two}};
  const Tensor q = SmallIntegers({2, 9, 4 * 6}, 1), k = SmallIntegers({2, 21, 2 * 6}, 2);
  const Tensor v = SmallIntegers({2, 21, 2 * 10}, 3);
  Check(heads, {q, k, v});
  const Case c{2, 2, 2, 6, 20, 0, 8, 8};
  std::vector<Value> inputs = InputsOf(c, Value());
  inputs.resize(7);
  for (const std::vector<int64_t>& lengths :
       std::vector<std::vector<int64_t>>{{20, 20}, {3, 0}, {7, 19}}) {
    inputs[6] = Tensor::Of<int64_t>({2}, lengths);
    for (const Attributes& attributes :
         std::vector<Attributes>{{}, {{"is_causal", Attribute{int64_t{1}}}}}) {
      const auto expected = RunOp("Attention", 25, attributes, inputs);
      const auto found = RunOp("Attention", 25, attributes, inputs, 1, "attention.native", 2);
      INFO(found.status().ToString());
      REQUIRE(expected.ok());
      REQUIRE(found.ok());
      CHECK(NormwiseError((*found)[0].tensor(), (*expected)[0].tensor()) < 2e-6);
    }
  }
  inputs[6] = Tensor::Of<int64_t>({2}, {21, 1});
  CHECK_FALSE(RunOp("Attention", 25, {}, inputs, 1, "attention.native").ok());
}

}  // namespace
}  // namespace sardonyx
