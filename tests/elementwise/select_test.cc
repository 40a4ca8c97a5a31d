// Where, Clip, and the integers that inference carries along.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

TEST_CASE("Where broadcasts three ways", "[elementwise]") {
  const Tensor condition = Tensor::Of<bool>({2, 1}, {true, false});
  const auto y =
      RunOp("Where", 16, {},
            {condition, Tensor::Of<int64_t>({3}, {1, 2, 3}), Tensor::Scalar<int64_t>(9)});
  REQUIRE(y.ok());
  REQUIRE((*y)[0].tensor().shape() == Shape({2, 3}));
  const int64_t wanted[] = {1, 2, 3, 9, 9, 9};
  for (int i = 0; i < 6; ++i) CHECK((*y)[0].tensor().data<int64_t>()[i] == wanted[i]);

  const auto text =
      RunOp("Where", 9, {},
            {Tensor::Of<bool>({2}, {false, true}), Tensor::Of<std::string>({2}, {"a", "b"}),
             Tensor::Of<std::string>({1}, {"c"})});
  REQUIRE(text.ok());
  CHECK((*text)[0].tensor().data<std::string>()[0] == "c");
  CHECK((*text)[0].tensor().data<std::string>()[1] == "b");

  CHECK_FALSE(RunOp("Where", 16, {},
                    {Tensor::Scalar<int32_t>(1), Tensor::Scalar(1.0f), Tensor::Scalar(1.0f)})
                  .ok());
  CHECK_FALSE(RunOp("Where", 16, {}, {condition, Tensor::Scalar(1.0f), Tensor::Scalar(1.0)}).ok());
}

TEST_CASE("Clip with bounds as attributes and as inputs", "[elementwise]") {
  const Tensor x = Tensor::Of<float>({5}, {-3, -1, 0, 2, 7});
  const auto check = [](const StatusOr<std::vector<Value>>& y, std::vector<float> wanted) {
    REQUIRE(y.ok());
    for (size_t i = 0; i < wanted.size(); ++i) {
      CHECK((*y)[0].tensor().data<float>()[i] == wanted[i]);
    }
  };
  for (const char* kernel : {"elementwise.simd", "elementwise.loop"}) {
    check(RunOp("Clip", 6, {{"min", {-1.0f}}, {"max", {2.0f}}}, {x}, 1, kernel), {-1, -1, 0, 2, 2});
    check(RunOp("Clip", 13, {}, {x, Tensor::Scalar(-1.0f), Tensor::Scalar(2.0f)}, 1, kernel),
          {-1, -1, 0, 2, 2});
    check(RunOp("Clip", 13, {}, {x, Value(), Tensor::Scalar(2.0f)}, 1, kernel), {-3, -1, 0, 2, 2});
    check(RunOp("Clip", 13, {}, {x}, 1, kernel), {-3, -1, 0, 2, 7});
    // Bounds that cross: the upper one wins.
    check(RunOp("Clip", 13, {}, {x, Tensor::Scalar(5.0f), Tensor::Scalar(1.0f)}, 1, kernel),
          {1, 1, 1, 1, 1});
  }
  const auto ints =
      RunOp("Clip", 12, {}, {Tensor::Of<int8_t>({3}, {-9, 0, 9}), Tensor::Scalar<int8_t>(-2)});
  REQUIRE(ints.ok());
  CHECK((*ints)[0].tensor().data<int8_t>()[0] == -2);
  CHECK((*ints)[0].tensor().data<int8_t>()[2] == 9);
  CHECK_FALSE(RunOp("Clip", 13, {}, {x, Tensor::Scalar<int32_t>(1)}).ok());
  CHECK_FALSE(RunOp("Clip", 13, {}, {x, Tensor::Of<float>({2}, {1, 2})}).ok());
}

/// What inference knows of the integers that an operator yields.
std::optional<SymbolicShape> InferredInts(const std::string& op, SymbolicShape a, SymbolicShape b) {
  const OpDef* def = FindOp("", op);
  Node node{.op_type = op, .version = 14, .inputs = {0, 1}, .outputs = {2}, .op = def};
  ParseContext parse(node);
  node.attrs = *def->parse(parse);
  std::vector<InferContext::Input> inputs(2);
  const auto list = [](SymbolicShape ints) {
    const auto n = static_cast<int64_t>(ints.size());
    return InferContext::Input{.type = Type::Tensor(DataType::kInt64, Shape({n})),
                               .ints = std::move(ints)};
  };
  inputs[0] = list(std::move(a));
  inputs[1] = list(std::move(b));
  InferContext context(node, std::move(inputs), nullptr);
  REQUIRE(def->infer(context).ok());
  return context.outputs()[0].ints;
}

TEST_CASE("arithmetic on sizes is followed by inference", "[elementwise]") {
  const Dim n("N");
  auto ints = InferredInts("Mul", {n, Dim(3), Dim(4)}, {Dim(1), Dim(2), n});
  REQUIRE(ints);
  CHECK((*ints)[0].SameAs(n));
  CHECK((*ints)[1].value == 6);
  CHECK_FALSE((*ints)[2].known());
  ints = InferredInts("Div", {Dim(9), n, Dim(9)}, {Dim(2), Dim(1), Dim(0)});
  REQUIRE(ints);
  CHECK((*ints)[0].value == 4);
  CHECK((*ints)[1].SameAs(n));
  CHECK_FALSE((*ints)[2].known());
  ints = InferredInts("Sub", {Dim(2), Dim(5)}, {Dim(3)});
  REQUIRE(ints);
  CHECK_FALSE((*ints)[0].known());  // negative: no size
  CHECK((*ints)[1].value == 2);
  ints = InferredInts("Add", {Dim(std::numeric_limits<int64_t>::max())}, {Dim(1)});
  REQUIRE(ints);
  CHECK_FALSE((*ints)[0].known());
}

}  // namespace
}  // namespace sardonyx
