// com.microsoft's products of quantised matrices, in cases that can be followed by hand.
#include <catch2/catch.hpp>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

Value U8(Shape shape, std::vector<uint8_t> values) {
  return Tensor::Of<uint8_t>(std::move(shape), values);
}
Value Zero(uint8_t zero) { return Tensor::Scalar(zero); }
Value Scale(float scale) { return Tensor::Scalar(scale); }

void CheckAll(absl::Span<const OpCase> cases) {
  for (const OpCase& c : cases) CHECK(FaultOfAnyKernel(c) == "");
}

// [1 2; 3 4] less 1 times [1 2; 3 4] is [3 4; 11 16].
TEST_CASE("products of bytes as float, and quantised", "[quant]") {
  const Value a = U8({2, 2}, {1, 2, 3, 4}), one = Scale(1), half = Scale(0.5f);
  const Value columns = Reals({2}, {1, 10}), bias = Reals({2}, {100, 200});
  const Value c = Tensor::Of<int32_t>({2}, {-3, 1});
  const Attributes transposed = {{"transA", Int(1)}, {"transB", Int(1)}, {"alpha", {2.0f}}};
  const OpCase cases[] = {
      Contrib("MatMulIntegerToFloat", {}, {a, a, half, one, Zero(1)}, "[2,2] 1.5 2 5.5 8"),
      Contrib("MatMulIntegerToFloat", {}, {a, a, one, columns, Zero(1), Value(), bias},
              "[2,2] 103 240 111 360"),
      Contrib("MatMulIntegerToFloat", {}, {a, a, one, one, Zero(1), Value(), Reals({3}, {1, 2, 3})},
              "error: of the bias"),
      Contrib("MatMulIntegerToFloat", {}, {a, a, one, Reals({3}, {1, 2, 3})}, "error: b_scale"),
      Contrib("QGemm", {}, {a, one, Zero(1), a, one, Zero(0)}, "[2,2] 3 4 11 16"),
      Contrib("QGemm", {}, {a, half, Zero(1), a, columns, Zero(0), c}, "[2,2] 0 25 4 85"),
      Contrib("QGemm", {}, {a, one, Zero(1), a, one, Zero(0), c, Scale(2), Zero(7)},
              "[2,2] 7 9 11 15"),
      // (A')' (A')' less 1: [1 3; 2 4] less 1 times [1 3; 2 4], twice.
      Contrib("QGemm", transposed, {a, one, Zero(1), a, one, Zero(0)}, "[2,2] 8 16 14 30"),
      Contrib("QGemm", {}, {a, one, Zero(1), a, one, Zero(0), Value(), one},
              "error: must be given together"),
      Contrib("QGemm", {}, {a, one, Zero(1), a, one, Zero(0), Tensor::Of<int32_t>({3}, {1, 2, 3})},
              "error: does not broadcast"),
      Contrib("QGemm", {}, {U8({2}, {1, 2}), one, Zero(1), a, one, Zero(0)}, "error: matrices"),
      // 0, 51 and 255 are steps of 1 from 0 to 255.
      Contrib("DynamicQuantizeMatMul", {}, {Reals({1, 2}, {51, 255}), a, half, Zero(1), bias},
              "[1,2] 355 608"),
      Contrib("DynamicQuantizeMatMul", {}, {a, a, half}, "error: uint8"),
      Contrib("DynamicQuantizeMatMul", {}, {Reals({0, 2}, {}), a, half}, "[0,2]"),
      Contrib("MatMulIntegerToFloat", {}, {a, U8({0, 2, 3}, {}), half, one}, "[0,2,3]"),
  };
  CheckAll(cases);
}

TEST_CASE("products with weights of few bits", "[quant]") {
  // One block of 16 weights: 9 and 6 in turn, which less 8 are 1 and -2.
  const std::vector<uint8_t> four(8, 0x69), two(4, 0b10'01'10'01), eight(16, 130);
  std::vector<float> counting(16);
  for (int i = 0; i < 16; ++i) counting[i] = static_cast<float>(i);
  const Value a = Reals({1, 16}, counting);  // 56 in even places, 64 in odd ones
  const auto with = [](int64_t bits, int64_t n, int64_t k) {
    return Attributes{{"N", Int(n)}, {"K", Int(k)}, {"block_size", Int(16)}, {"bits", Int(bits)}};
  };
  const Value scales = Reals({1}, {0.5f});
  const OpCase cases[] = {
      Contrib("MatMulNBits", with(4, 1, 16), {a, U8({1, 1, 8}, four), scales}, "[1,1] -36"),
      Contrib("MatMulNBits", with(4, 1, 16), {a, U8({1, 1, 8}, four), scales, U8({1}, {0xf6})},
              "[1,1] 84"),  // 3 and 0
      Contrib("MatMulNBits", with(4, 1, 16),
              {a, U8({1, 1, 8}, four), scales, Reals({1}, {6.5f}), Value(), Reals({1}, {1000})},
              "[1,1] 1054"),  // 2.5 and -0.5
      Contrib("MatMulNBits", with(2, 1, 16), {a, U8({1, 1, 4}, two), scales}, "[1,1] -28"),
      Contrib("MatMulNBits", with(8, 1, 16), {a, U8({1, 1, 16}, eight), scales}, "[1,1] 120"),
      // Only 2 of the block's 16 are there.
      Contrib("MatMulNBits", with(4, 1, 2),
              {Reals({2, 2}, {1, 0, 0, 1}), U8({1, 1, 8}, four), scales}, "[2,1] 0.5 -1"),
      Contrib("MatMulNBits", with(3, 1, 16), {a, U8({1, 1, 6}, {1, 1, 1, 1, 1, 1}), scales},
              "error: bits is 3"),
      Contrib("MatMulNBits", with(4, INT64_MAX, 16), {a, U8({1, 1, 8}, four), scales},
              "error: out of range"),
      Contrib("MatMulNBits", with(4, -1, 16), {a, U8({1, 1, 8}, four), scales},
              "error: out of range"),
      Contrib("MatMulNBits", {{"N", Int(1)}, {"K", Int(16)}, {"block_size", Int(0)}},
              {a, U8({1, 1, 8}, four), scales}, "error: block_size is 0"),
      Contrib("MatMulNBits", with(4, 0, 16), {a, U8({0, 1, 8}, {}), Reals({0}, {})}, "[1,0]"),
      Contrib("MatMulNBits", with(4, 2, 16), {a, U8({1, 1, 8}, four), scales}, "error: not 16"),
      Contrib("MatMulNBits", with(4, 1, 17),
              {a, U8({1, 2, 8}, std::vector<uint8_t>(16)), Reals({2}, {1, 1})},
              "error: the last dimension of A, and K"),
      Contrib("MatMulNBits", with(4, 1, 16),
              {a, U8({1, 1, 8}, four), scales, Value(), Tensor::Of<int32_t>({16}, {0})},
              "error: g_idx"),
  };
  CheckAll(cases);
}

}  // namespace
}  // namespace sardonyx
