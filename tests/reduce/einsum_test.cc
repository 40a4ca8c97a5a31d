#include <catch2/catch.hpp>
#include <cmath>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

Tensor Counting(const Shape& shape) {
  Tensor tensor = *Tensor::Create(DataType::kInt64, shape);
  int64_t next = 1;
  for (int64_t& x : tensor.span<int64_t>()) x = next++;
  return tensor;
}

std::vector<int64_t> Run(const std::string& equation, const std::vector<Value>& inputs,
                         const Shape& shape) {
  INFO(equation);
  const auto y = RunOp("Einsum", 12, {{"equation", {equation}}}, inputs);
  REQUIRE(y.ok());
  CHECK((*y)[0].tensor().shape() == shape);
  const auto span = (*y)[0].tensor().span<int64_t>();
  return {span.begin(), span.end()};
}

bool Fails(const std::string& equation, const std::vector<Value>& inputs) {
  return !RunOp("Einsum", 12, {{"equation", {equation}}}, inputs).ok();
}

TEST_CASE("Einsum evaluates any equation", "[reduce]") {
  using Ints64 = std::vector<int64_t>;
  const Tensor m = Counting({2, 3}), v = Counting({3}), s = Counting({2, 2});
  CHECK(Run("ij->ji", {m}, {3, 2}) == Ints64{1, 4, 2, 5, 3, 6});
  CHECK(Run("ij", {m}, {2, 3}) == Ints64{1, 2, 3, 4, 5, 6});
  CHECK(Run("ba", {m}, {3, 2}) == Ints64{1, 4, 2, 5, 3, 6});
  CHECK(Run("ij->", {m}, {}) == Ints64{21});
  CHECK(Run("ij->i", {m}, {2}) == Ints64{6, 15});
  CHECK(Run("ij,j->i", {m, v}, {2}) == Ints64{14, 32});
  CHECK(Run("ij,j", {m, v}, {2}) == Ints64{14, 32});
  CHECK(Run("ii->i", {s}, {2}) == Ints64{1, 4});
  CHECK(Run("ii", {s}, {}) == Ints64{5});
  CHECK(Run(" i j , k j -> i k ", {m, m}, {2, 2}) == Ints64{14, 32, 32, 77});
  CHECK(Run("i,j->ij", {v, v}, {3, 3}) == Ints64{1, 2, 3, 2, 4, 6, 3, 6, 9});
  CHECK(Run("ij,jk,kl->il", {s, s, s}, {2, 2}) == Ints64{37, 54, 81, 118});
  CHECK(Run("...j,j->...", {Counting({2, 1, 3}), v}, {2, 1}) == Ints64{14, 32});
  CHECK(Run("...ij,...jk->...ik", {Counting({2, 1, 2}), Counting({2, 1})}, {2, 1, 1}) ==
        Ints64{5, 11});
  CHECK(Run("b...,b...->...", {s, Counting({2, 1})}, {2}) == Ints64{7, 10});
  CHECK(Run(",i->i", {Tensor::Scalar<int64_t>(3), v}, {3}) == Ints64{3, 6, 9});
  CHECK(Run("ij,k->k", {Counting({0, 3}), v}, {3}) == Ints64{0, 0, 0});
}

TEST_CASE("Einsum of two operands agrees with the reference on every kernel", "[reduce]") {
  struct Case {
    std::string equation;
    Shape a, b;
  };
  const Case cases[] = {
      {"ij,jk->ik", {3, 4}, {4, 5}},
      {"ji,jk->ik", {4, 3}, {4, 5}},
      {"ij,kj->ik", {3, 4}, {5, 4}},
      {"ij,jk->ki", {3, 4}, {4, 5}},
      {"bhid,bhjd->bhij", {2, 3, 4, 5}, {2, 3, 6, 5}},
      {"bhij,bhjd->bihd", {2, 3, 4, 6}, {2, 3, 6, 5}},
      {"bihd,bjhd->bhij", {2, 4, 3, 5}, {2, 6, 3, 5}},
      {"i,j->ij", {7}, {9}},
      {"i,i->", {37}, {37}},
      {"i,i->i", {37}, {37}},
      {"abcd,cbe->ead", {2, 3, 4, 5}, {4, 3, 6}},
      {"...ij,...jk", {2, 3, 4}, {2, 4, 5}},
      {"ij,jk->ik", {3, 0}, {0, 5}},
      {"ij,jk->ik", {0, 3}, {3, 5}},
  };
  for (const Case& c : cases) {
    Tensor a = *Tensor::Create(DataType::kFloat, c.a), b = *Tensor::Create(DataType::kFloat, c.b);
    for (int64_t i = 0; i < a.size(); ++i) a.data<float>()[i] = static_cast<float>(i % 7) - 3;
    for (int64_t i = 0; i < b.size(); ++i) b.data<float>()[i] = static_cast<float>(i % 5) - 2;
    const std::map<std::string, Attribute> attributes = {{"equation", {c.equation}}};
    const auto expected = RunOp("Einsum", 12, attributes, {a, b});
    REQUIRE(expected.ok());
    const auto y = RunOp("Einsum", 12, attributes, {a, b}, 1, "einsum.gemm", 2);
    INFO(c.equation << " " << y.status().ToString());
    REQUIRE(y.ok());
    // Small integers: sums are exact in any order.
    CHECK((*y)[0].tensor().shape() == (*expected)[0].tensor().shape());
    CHECK((*y)[0].tensor().span<float>() == (*expected)[0].tensor().span<float>());
  }
}

TEST_CASE("Einsum refuses equations that do not fit", "[reduce]") {
  const Tensor m = Counting({2, 3}), v = Counting({3});
  CHECK(Fails("ij->ik", {m}));
  CHECK(Fails("ij->ii", {m}));
  CHECK(Fails("ijk->i", {m}));
  CHECK(Fails("ij,j->i", {m}));
  CHECK(Fails("ij,i->i", {m, v}));
  CHECK(Fails("i j->i->j", {m}));
  CHECK(Fails("i......->i", {m}));
  CHECK(Fails("i1->i", {m}));
  CHECK(Fails("ijk...->i", {m}));
}

TEST_CASE("Det eliminates with pivots", "[reduce]") {
  const Tensor x = Tensor::Of<float>({3, 2, 2}, {0, 2, 3, 4, 1, 2, 2, 4, 2, 0, 0, -3});
  const auto y = RunOp("Det", 11, {}, {x});
  REQUIRE(y.ok());
  CHECK((*y)[0].tensor().shape() == Shape{3});
  CHECK((*y)[0].tensor().data<float>()[0] == -6);
  CHECK((*y)[0].tensor().data<float>()[1] == 0);
  CHECK((*y)[0].tensor().data<float>()[2] == -6);
  const auto none = RunOp("Det", 11, {}, {*Tensor::Create(DataType::kFloat, {2, 0, 0})});
  REQUIRE(none.ok());
  CHECK((*none)[0].tensor().data<float>()[1] == 1);
  CHECK_FALSE(RunOp("Det", 11, {}, {*Tensor::Create(DataType::kFloat, {2, 3})}).ok());
}

}  // namespace
}  // namespace sardonyx
