// com.microsoft's FusedMatMul and FusedGemm: transposes, a factor and an activation.
#include <catch2/catch.hpp>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

TEST_CASE("FusedMatMul transposes matrices and batches", "[matmul]") {
  const Attribute yes = Int(1);
  const Value a = Reals({2, 3}, {1, 2, 3, 4, 5, 6}), vector = Reals({2}, {1, 10});
  const Value batch = Counted({2, 2, 3});  // 0 to 11
  const Value eye = Reals({3, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  const OpCase cases[] = {
      Contrib("FusedMatMul", {{"alpha", {0.5f}}}, {a, eye}, "[2,3] 0.5 1 1.5 2 2.5 3"),
      Contrib("FusedMatMul", {{"transA", yes}}, {a, Reals({2, 1}, {1, 10})}, "[3,1] 41 52 63"),
      Contrib("FusedMatMul", {{"transB", yes}}, {a, a}, "[2,2] 14 32 32 77"),
      Contrib("FusedMatMul", {{"transA", yes}, {"transB", yes}}, {a, Reals({1, 2}, {1, 10})},
              "[3,1] 41 52 63"),
      Contrib("FusedMatMul", {{"transB", yes}}, {vector, Reals({3, 2}, {1, 2, 3, 4, 5, 6})},
              "[3] 21 43 65"),
      // The first axis becomes the rows: batch j, row i is batch[i][j].
      Contrib("FusedMatMul", {{"transBatchA", yes}}, {batch, eye},
              "[2,2,3] 0 1 2 6 7 8 3 4 5 9 10 11"),
      Contrib("FusedMatMul", {{"transBatchA", yes}, {"transA", yes}},
              {batch, Reals({2, 1}, {1, 10})}, "[2,3,1] 60 71 82 93 104 115"),
      Contrib("FusedMatMul", {{"transBatchB", yes}}, {Reals({1, 2}, {1, 10}), batch},
              "[2,1,3] 60 71 82 93 104 115"),
      Contrib("FusedMatMul", {{"transA", yes}}, {a, eye}, "error: inner dimensions 2 and 3"),
      Contrib("FusedMatMul", {}, {Longs({1, 2}), Longs({1, 2})}, "error: int64"),
  };
  for (const OpCase& c : cases) CHECK(FaultOfAnyKernel(c) == "");
}

TEST_CASE("FusedGemm activates", "[matmul]") {
  const Value a = Reals({1, 2}, {1, -2}), b = Reals({2, 2}, {1, 2, 3, -4});  // -5 10
  const Attribute leaky = Text("LeakyRelu");
  const OpCase cases[] = {
      Contrib("FusedGemm", {}, {a, b}, "[1,2] -5 10"),
      Contrib("FusedGemm", {{"activation", Text("Relu")}, {"alpha", {2.0f}}}, {a, b}, "[1,2] 0 20"),
      Contrib("FusedGemm", {{"activation", leaky}, {"activation_alpha", {0.25f}}, {"beta", {2.0f}}},
              {a, b, Reals({1}, {1})}, "[1,2] -0.75 12"),
      Contrib("FusedGemm", {{"activation", Text("Softmax")}}, {a, b},
              "error: 'Softmax', not one of"),
  };
  for (const OpCase& c : cases) CHECK(FaultOfAnyKernel(c) == "");
}

}  // namespace
}  // namespace sardonyx
