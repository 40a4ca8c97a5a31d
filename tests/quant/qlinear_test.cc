// com.microsoft's operators between quantised tensors, in cases that can be followed by hand.
#include <catch2/catch.hpp>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

template <typename T>
Value Bytes(Shape shape, std::vector<T> values) {
  return Tensor::Of<T>(std::move(shape), values);
}
Value U8(Shape shape, std::vector<uint8_t> values) { return Bytes(std::move(shape), values); }
Value S8(Shape shape, std::vector<int8_t> values) { return Bytes(std::move(shape), values); }
Value Scale(float scale) { return Tensor::Scalar(scale); }
Value Zero(uint8_t zero) { return Tensor::Scalar(zero); }

void CheckAll(absl::Span<const OpCase> cases) {
  for (const OpCase& c : cases) CHECK(FaultOfAnyKernel(c) == "");
}

TEST_CASE("quantised sums, with and without zero points", "[quant]") {
  const Value a = U8({2}, {10, 20}), b = U8({2}, {4, 6}), one = Scale(1), half = Scale(0.5f);
  const OpCase cases[] = {
      Contrib("QLinearAdd", {}, {a, half, Zero(2), b, one, Zero(1), one, Zero(3)}, "[2] 10 17"),
      Contrib("QLinearAdd", {}, {a, half, Value(), b, one, Value(), one}, "[2] 9 16"),
      Contrib("QLinearMul", {}, {a, half, Value(), b, one, Zero(3), half, Zero(1)}, "[2] 11 61"),
      Contrib("QLinearAdd", {}, {a, half, Zero(2), b}, "error: 'B_scale', is missing"),
      Contrib("QLinearAdd", {}, {a, half, Tensor::Scalar<int8_t>(2), b, one, Value(), one},
              "error: input 2 has element type int8"),
      Contrib("QLinearLeakyRelu", {{"alpha", {0.5f}}}, {a, one, Zero(14), half}, "[2] 0 12"),
      Contrib("QLinearSigmoid", {}, {a, one, Zero(10), Scale(1.0f / 256)}, "[2] 128 255"),
      Contrib("QLinearSigmoid", {}, {a, one, Zero(10)}, "error: 'Y_scale', is missing"),
      Contrib("QLinearSigmoid", {}, {a, one, Zero(10), Scale(0)}, "[2] 255 255"),
      Contrib("QLinearSigmoid", {}, {a, Scale(NAN), Zero(10), one, Zero(3)}, "[2] 3 3"),
      Contrib("QLinearAdd", {}, {a, one, Zero(2), U8({3}, {1, 2, 3}), one, Zero(1), one},
              "error: "),
  };
  CheckAll(cases);
}

TEST_CASE("quantised Softmax, whatever its axis and scales", "[quant]") {
  const Value x = U8({1, 2}, {10, 10}), one = Scale(1), share = Scale(1.0f / 256);
  const OpCase cases[] = {
      Contrib("QLinearSoftmax", {}, {x, one, Zero(0), share, Zero(0)}, "[1,2] 128 128"),
      Contrib("QLinearSoftmax", {{"axis", Int(0)}, {"opset", Int(12)}},
              {x, one, Zero(0), share, Zero(0)}, "[1,2] 128 128"),
      Contrib("QLinearSoftmax", {{"axis", Int(INT64_MIN)}}, {x, one, Zero(0), share, Zero(0)},
              "error: axis"),
      Contrib("QLinearSoftmax", {}, {x, Scale(NAN), Zero(0), share, Zero(5)}, "[1,2] 5 5"),
      Contrib("QLinearSoftmax", {}, {U8({0, 2}, {}), one, Zero(0), share, Zero(0)}, "[0,2]"),
      Contrib("QLinearSoftmax", {}, {x, one, Zero(0), share}, "error: 'y_zero_point', is missing"),
  };
  CheckAll(cases);
}

TEST_CASE("quantised concatenation", "[quant]") {
  const Value one = Scale(1), half = Scale(0.5f), a = U8({2, 1}, {10, 20}),
              b = U8({2, 2}, {1, 2, 3, 4});
  const Attributes axis = {{"axis", Int(1)}};
  const OpCase cases[] = {
      Contrib("QLinearConcat", axis, {one, Zero(1), a, half, Zero(2), b, one, Zero(0)},
              "[2,3] 5 2 3 10 4 5"),
      Contrib("QLinearConcat", {{"axis", Int(-2)}}, {one, Zero(0), U8({1}, {1}), one, Zero(0)},
              "error: axis"),
      Contrib("QLinearConcat", axis, {one, Zero(0), a, one, Zero(0), U8({1, 1}, {1}), one, Zero(0)},
              "error: does not fit those before"),
      Contrib("QLinearConcat", axis, {one, Zero(0), a, one}, "error: not two and three for each"),
      Contrib("QLinearConcat", {}, {one, Zero(0), a, one, Zero(0)}, "error: axis"),
      Contrib("QLinearConcat", {{"axis", Int(INT64_MIN)}}, {one, Zero(0), a, one, Zero(0)},
              "error: axis"),
      Contrib("QLinearConcat", axis, {one, Value(), a, one}, "error: not two and three for each"),
      Contrib("QLinearConcat", axis, {one, Value(), a, half, Zero(2)}, "[2,1] 4 9"),
      Contrib("QLinearConcat", axis, {one, Zero(0), Value(), one, Zero(0)}, "error: is left out"),
      Contrib("QLinearConcat", axis,
              {one, Zero(0), U8({0, 2}, {}), one, Zero(0), U8({0, 1}, {}), one, Zero(0)}, "[0,3]"),
  };
  CheckAll(cases);
}

TEST_CASE("quantised pools, channels first and last", "[quant]") {
  const Value one = Scale(1), half = Scale(0.5f);
  const Attributes two = {{"kernel_shape", IntList({2})}};
  const Attributes last = {{"kernel_shape", IntList({2})}, {"channels_last", Int(1)}};
  const Value first = U8({1, 2, 3}, {1, 3, 5, 20, 40, 60});
  const Value behind = U8({1, 3, 2}, {1, 20, 3, 40, 5, 60});
  const OpCase cases[] = {
      Contrib("QLinearAveragePool", two, {first, one, Zero(1), half, Zero(0)}, "[1,2,2] 2 6 58 98"),
      Contrib("QLinearAveragePool", last, {behind, one, Zero(1), half, Zero(0)},
              "[1,2,2] 2 58 6 98"),
      Contrib("QLinearGlobalAveragePool", {}, {first, one, Zero(0), one, Zero(5)}, "[1,2,1] 8 45"),
      Contrib("QLinearGlobalAveragePool", {{"channels_last", Int(1)}},
              {behind, one, Zero(0), one, Zero(5)}, "[1,1,2] 8 45"),
      Contrib("NhwcMaxPool", two, {behind}, "[1,2,2] 3 40 5 60"),
      Contrib("NhwcMaxPool", two, {S8({1, 2, 1}, {-5, -7})}, "[1,1,1] -5"),
      Contrib("NhwcMaxPool", two, {Counted({1, 2, 1})}, "error: float"),
      Contrib("NhwcMaxPool", two, {U8({1, 2}, {1, 2})}, "error: rank 3"),
      Contrib("NhwcMaxPool", two, {U8({0, 2, 0}, {})}, "[0,1,0]"),
  };
  CheckAll(cases);
}

}  // namespace
}  // namespace sardonyx
