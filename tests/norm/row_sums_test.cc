// Layer normalization of sums, as com.microsoft has it.
#include <catch2/catch.hpp>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

const Attributes kExact = {{"epsilon", {0.0f}}};

TEST_CASE("SkipLayerNormalization normalizes a sum and gives it", "[norm]") {
  const Value x = Reals({1, 2, 2}, {3, -1, 0, 4}), skip = Reals({2, 2}, {-1, 5, 1, 2});  // 2 4, 1 6
  const Value ones = Reals({2}, {1, 1}), tens = Reals({2}, {10, 20});
  const OpCase cases[] = {
      Contrib("SkipLayerNormalization", kExact, {x, skip, ones}, "[1,2,2] -1 1 -1 1"),
      Contrib("SkipLayerNormalization", kExact, {x, skip, tens, ones},
              "[1,2,2] -9 21 -9 21; [1,2,1] 3 3.5; [1,2,1] 1 0.4; [1,2,2] 2 4 1 6", 4),
      Contrib("SkipLayerNormalization", kExact, {x, skip, ones, Value(), tens},
              "[1,2,2] -1 1 -1 1; [1,2,1] 18 18.5; [1,2,1] 0.166667 0.133333; [1,2,2] 12 24 11 26",
              4),
      Contrib("SkipLayerNormalization", kExact, {x, skip, Reals({3}, {1, 1, 1})},
              "error: has shape [3]"),
      Contrib("SkipLayerNormalization", kExact, {x, Reals({1, 2}, {1, 1}), ones},
              "[1,2,2] 1 -1 -1 1"),
      Contrib("SkipLayerNormalization", kExact, {x, Reals({2, 1}, {1, 1}), ones},
              "error: skip has shape [2,1]"),
      Contrib("SkipLayerNormalization", {}, {Reals({0, 1, 2}, {}), Reals({0, 1, 2}, {}), ones},
              "[0,1,2]"),
      Contrib("SkipSimplifiedLayerNormalization", kExact,
              {Reals({1, 2}, {2, 5}), Reals({1, 2}, {1, -5}), ones, Reals({2}, {0, 4})},
              "[1,2] 0.848528 1.13137"),  // 3 4 over the root of 12.5
  };
  for (const OpCase& c : cases) CHECK(FaultOfAnyKernel(c) == "");
}

TEST_CASE("SimplifiedLayerNormalization gives its factor", "[norm]") {
  const Value x = Reals({2, 2}, {1, 7, -14, 2}), ones = Reals({2}, {1, 1});  // mean squares 25, 100
  OpCase c = Contrib("SimplifiedLayerNormalization", kExact, {x, ones},
                     "[2,2] 0.2 1.4 -1.4 0.2; [2,1] 0.2 0.1", 2);
  CHECK(FaultOfAnyKernel(c) == "");
  c.domain = "";
  CHECK(FaultOfAnyKernel(c) == "");
}

TEST_CASE("EmbedLayerNormalization sums embeddings", "[norm]") {
  const auto ints = [](Shape shape, std::vector<int32_t> values) -> Value {
    return Tensor::Of<int32_t>(std::move(shape), values);
  };
  const Value ids = ints({1, 2}, {1, 0}), segments = ints({1, 2}, {0, 1});
  const Value words = Reals({2, 2}, {0, 1, 2, 3}), positions = Reals({2, 2}, {1, 1, 2, 8});
  const Value kinds = Reals({2, 2}, {0, 0, 4, 1}), ones = Reals({2}, {1, 1}),
              zeros = Reals({2}, {0, 0});
  const auto embed = [&](std::vector<Value> inputs, std::string expected, int outputs) {
    return Contrib("EmbedLayerNormalization", kExact, std::move(inputs), std::move(expected),
                   outputs);
  };
  const OpCase cases[] = {
      embed({ids, Value(), words, positions, Value(), ones, zeros},
            "[1,2,2] -1 1 -1 1; [1] 0; [1,2,2] 3 4 2 9", 3),
      embed({ids, segments, words, positions, kinds, ones, ones, ints({1, 2}, {1, 0})},
            "[1,2,2] 0 2 0 2; [1] 1; [1,2,2] 3 4 6 10", 3),
      embed({ids, Value(), words, positions, Value(), ones, zeros, Value(), ints({1, 2}, {1, 0})},
            "[1,2,2] -1 1 -1 1; [1] 0; [1,2,2] 4 11 1 2", 3),
      embed({ints({1, 1}, {2}), Value(), words, positions, Value(), ones, zeros},
            "error: input 0 has the index 2, but there are 2 embeddings", 2),
      embed({ints({1, 1}, {-1}), Value(), words, positions, Value(), ones, zeros},
            "error: the index -1", 2),
      embed({ints({1, 3}, {0, 0, 0}), Value(), words, positions, Value(), ones, zeros},
            "error: 2 position embeddings for a sequence of 3", 2),
      embed({ids, segments, words, positions, Value(), ones, zeros}, "error: given together", 2),
      embed({ids, Value(), words, Value(), Value(), ones, zeros}, "error: input 3 is missing", 2),
  };
  for (const OpCase& c : cases) CHECK(FaultOfAnyKernel(c) == "");
}

}  // namespace
}  // namespace sardonyx
