// com.microsoft's FusedConv: an activation and a residual as attributes and input.
#include <catch2/catch.hpp>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

TEST_CASE("FusedConv adds a residual, then activates", "[conv]") {
  const Value x = Reals({1, 1, 1, 3}, {1, -2, 3}), w = Reals({1, 1, 1, 1}, {2});
  const Value bias = Reals({1}, {1}), residual = Reals({1, 1, 1, 3}, {-4, 8, 1});
  const Attribute relu = Text("Relu"), leaky = Text("LeakyRelu"), clip = Text("Clip");
  const OpCase cases[] = {
      Contrib("FusedConv", {}, {x, w}, "[1,1,1,3] 2 -4 6"),
      Contrib("FusedConv", {{"activation", relu}}, {x, w}, "[1,1,1,3] 2 0 6"),
      Contrib("FusedConv", {{"activation", relu}}, {x, w, bias, residual}, "[1,1,1,3] 0 5 8"),
      Contrib("FusedConv", {}, {x, w, Value(), residual}, "[1,1,1,3] -2 4 7"),
      Contrib("FusedConv",
              {{"activation", leaky}, {"activation_params", {std::vector<float>{0.5f}}}},
              {x, w, bias}, "[1,1,1,3] 3 -1.5 7"),
      Contrib("FusedConv",
              {{"activation", clip}, {"activation_params", {std::vector<float>{-1, 2.5f}}}}, {x, w},
              "[1,1,1,3] 2 -1 2.5"),
      Contrib("FusedConv", {{"activation", Text("Erf")}}, {x, w}, "error: 'Erf', not one of Relu"),
      Contrib("FusedConv", {}, {x, w, bias, Reals({1, 1, 1, 1}, {1})},
              "error: what is added has shape [1,1,1,1]"),
  };
  for (const OpCase& c : cases) CHECK(FaultOfAnyKernel(c) == "");
}

TEST_CASE("FusedConv activates doubles as doubles", "[conv]") {
  const auto y = RunOp("FusedConv", 1, {{"activation", Text("Sigmoid")}},
                       {Tensor::Of<double>({1, 1, 1}, {0.1}), Tensor::Of<double>({1, 1, 1}, {1})},
                       1, "", 1, "com.microsoft");
  REQUIRE(y.ok());
  CHECK(*(*y)[0].tensor().data<double>() == Approx(1 / (1 + std::exp(-0.1))).epsilon(1e-14));
}

}  // namespace
}  // namespace sardonyx
