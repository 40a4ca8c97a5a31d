// The Gelus of com.microsoft: where they are exact, and beside ai.onnx's.
#include <catch2/catch.hpp>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

TEST_CASE("Gelus of com.microsoft where they are exact", "[gelu]") {
  const Value x = Reals({2, 2}, {1, 2, -3, 4}), bias = Reals({2}, {-1, -2});
  const OpCase cases[] = {
      Contrib("Gelu", {}, {Reals({2}, {0, 100})}, "[2] 0 100"),
      Contrib("FastGelu", {}, {Reals({2}, {0, 100})}, "[2] 0 100"),
      Contrib("BiasGelu", {}, {Reals({2, 2}, {1, 2, 101, 2}), bias}, "[2,2] 0 0 100 0"),
      Contrib("FastGelu", {}, {Reals({2, 2}, {1, 2, 101, 2}), bias}, "[2,2] 0 0 100 0"),
      Contrib("BiasGelu", {}, {Reals({0, 2}, {}), bias}, "[0,2]"),
      Contrib("QuickGelu", {{"alpha", {0.0f}}}, {x}, "[2,2] 0.5 1 -1.5 2"),
      Contrib("QuickGelu", {}, {Reals({2}, {0, 100})}, "[2] 0 100"),
      Contrib("BiasGelu", {}, {x, Reals({3}, {1, 2, 3})}, "error: bias has shape [3]"),
      Contrib("BiasGelu", {}, {x, Reals({1, 2}, {1, 2})}, "error: bias has shape [1,2]"),
      Contrib("FastGelu", {}, {Reals({}, {1}), bias}, "error: bias has shape [2]"),
      Contrib("FastGelu", {}, {x, Longs({1, 2})}, "error: X has element type float"),
  };
  for (const OpCase& c : cases) CHECK(FaultOfAnyKernel(c) == "");
}

TEST_CASE("BiasGelu and FastGelu are Gelu of a sum, in rows of any length", "[gelu]") {
  for (const int64_t columns : {1, 3, 16, 37}) {
    const Shape shape{3, columns};
    Tensor x = *Tensor::Create(DataType::kFloat, shape),
           sum = *Tensor::Create(DataType::kFloat, shape);
    Tensor bias = *Tensor::Create(DataType::kFloat, {columns});
    for (int64_t j = 0; j < columns; ++j)
      bias.data<float>()[j] = static_cast<float>(j % 5) / 4 - 0.5f;
    for (int64_t i = 0; i < x.size(); ++i) {
      x.data<float>()[i] = static_cast<float>(i % 11) / 2 - 2.5f;
      sum.data<float>()[i] = x.data<float>()[i] + bias.data<float>()[i % columns];
    }
    for (const bool approximate : {false, true}) {
      const std::string mode = approximate ? "tanh" : "none";
      const auto expected = RunOp("Gelu", 20, {{"approximate", Text(mode)}}, {sum});
      REQUIRE(expected.ok());
      for (const char* kernel : {"elementwise.loop", "elementwise.simd"}) {
        const auto y = RunOp(approximate ? "FastGelu" : "BiasGelu", 1, {}, {x, bias}, 1, kernel, 2,
                             "com.microsoft");
        REQUIRE(y.ok());
        for (int64_t i = 0; i < x.size(); ++i) {
          INFO(kernel << " " << mode << " " << columns << " " << i);
          CHECK((*y)[0].tensor().data<float>()[i] ==
                Approx((*expected)[0].tensor().data<float>()[i]).epsilon(2e-6).margin(1e-6));
        }
      }
    }
  }
}

}  // namespace
}  // namespace sardonyx
