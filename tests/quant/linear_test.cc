#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

/// As the specification says: round(x / scale), halves to even, plus the zero point, saturated.
int64_t Quantized(float x, float scale, int64_t zero, int64_t low, int64_t high) {
  const double steps = std::nearbyint(x / scale);
  return static_cast<int64_t>(std::min<double>(
      std::max<double>(steps + static_cast<double>(zero), static_cast<double>(low)),
      static_cast<double>(high)));
}

std::vector<float> Sweep(int64_t n) {
  std::vector<float> x;
  for (int64_t i = 0; i < n; ++i) x.push_back((static_cast<float>(i) - 300.0f) * 0.73f);
  return x;
}

TEST_CASE("QuantizeLinear per tensor, on every kernel", "[quant]") {
  std::vector<float> x = Sweep(601);
  for (float half : {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 1e20f, -1e20f}) x.push_back(half);
  const auto n = static_cast<int64_t>(x.size());
  const Tensor input = Tensor::Of<float>({n}, x);
  for (const char* kernel : {"quantize.loop", "quantize.simd"}) {
    for (float scale : {1.0f, 0.37f, 3.0f}) {
      INFO(kernel << " with scale " << scale);
      const auto u = RunOp("QuantizeLinear", 13, {},
                           {input, Tensor::Scalar(scale), Tensor::Scalar<uint8_t>(131)}, 1, kernel);
      const auto s = RunOp("QuantizeLinear", 13, {},
                           {input, Tensor::Scalar(scale), Tensor::Scalar<int8_t>(-7)}, 1, kernel);
      REQUIRE(u.ok());
      REQUIRE(s.ok());
      for (int64_t i = 0; i < n; ++i) {
        REQUIRE((*u)[0].tensor().data<uint8_t>()[i] == Quantized(x[i], scale, 131, 0, 255));
        REQUIRE((*s)[0].tensor().data<int8_t>()[i] == Quantized(x[i], scale, -7, -128, 127));
      }
    }
  }
  const auto by_default = RunOp("QuantizeLinear", 10, {}, {input, Tensor::Scalar(1.0f)});
  REQUIRE(by_default.ok());
  CHECK((*by_default)[0].tensor().type() == DataType::kUInt8);
}

TEST_CASE("QuantizeLinear per axis and per block", "[quant]") {
  // [2, 3, 4], once with an axis inside and once with the last one.
  const std::vector<float> x = Sweep(24);
  const Tensor input = Tensor::Of<float>({2, 3, 4}, x);
  const float scales[] = {1.0f, 10.0f, 0.5f, 3.0f};
  const int8_t zeros[] = {0, 5, -5, 100};
  for (int axis : {1, -1}) {
    const int64_t size = axis == 1 ? 3 : 4;
    const Tensor scale = Tensor::Of<float>({size}, absl::MakeConstSpan(scales, size));
    const Tensor zero = Tensor::Of<int8_t>({size}, absl::MakeConstSpan(zeros, size));
    for (const char* kernel : {"quantize.loop", "quantize.simd"}) {
      if (axis == -1 && std::string(kernel) == "quantize.simd") continue;
      const auto y =
          RunOp("QuantizeLinear", 13, {{"axis", {int64_t{axis}}}}, {input, scale, zero}, 1, kernel);
      REQUIRE(y.ok());
      for (int64_t i = 0; i < 24; ++i) {
        const int64_t p = axis == 1 ? i / 4 % 3 : i % 4;
        CHECK((*y)[0].tensor().data<int8_t>()[i] ==
              Quantized(x[i], scales[p], zeros[p], -128, 127));
      }
    }
  }
  // Blocks of 2 along axis 1 of 3: two blocks, the second one short.
  std::vector<float> block_scales;
  for (int i = 0; i < 16; ++i) block_scales.push_back(0.5f + static_cast<float>(i));
  const Tensor blocked = Tensor::Of<float>({2, 2, 4}, block_scales);
  const std::map<std::string, Attribute> by_two = {
      {"axis", {int64_t{1}}}, {"block_size", {int64_t{2}}}, {"output_dtype", {int64_t{5}}}};
  const auto y = RunOp("QuantizeLinear", 21, by_two, {input, blocked});
  REQUIRE(y.ok());
  REQUIRE((*y)[0].tensor().type() == DataType::kInt16);
  for (int64_t i = 0; i < 24; ++i) {
    const float scale = block_scales[(i / 12 * 2 + i / 4 % 3 / 2) * 4 + i % 4];
    CHECK((*y)[0].tensor().data<int16_t>()[i] == Quantized(x[i], scale, 0, -32768, 32767));
  }
  // Along the last axis of 4, blocks of 3.
  const Tensor last = Tensor::Of<float>({2, 3, 2}, absl::MakeConstSpan(block_scales.data(), 12));
  const auto z = RunOp("DequantizeLinear", 21,
                       {{"axis", {int64_t{2}}}, {"block_size", {int64_t{3}}}}, {(*y)[0], last});
  REQUIRE(z.ok());
  for (int64_t i = 0; i < 24; ++i) {
    const float scale = block_scales[i / 4 * 2 + i % 4 / 3];
    CHECK((*z)[0].tensor().data<float>()[i] ==
          static_cast<float>((*y)[0].tensor().data<int16_t>()[i]) * scale);
  }
}

TEST_CASE("QuantizeLinear to narrow types", "[quant]") {
  const Tensor x = Tensor::Of<float>({6}, {-100, -3, -0.5f, 1.5f, 6, 1000});
  const auto to = [&](DataType type, std::vector<double> wanted) {
    INFO(std::string(Name(type)));
    const auto y = RunOp("QuantizeLinear", 28, {{"output_dtype", {static_cast<int64_t>(type)}}},
                         {x, Tensor::Scalar(1.0f)});
    REQUIRE(y.ok());
    const auto values = ToDoubles((*y)[0].tensor());
    REQUIRE(values.ok());
    CHECK(*values == wanted);
  };
  to(DataType::kInt4, {-8, -3, 0, 2, 6, 7});
  to(DataType::kUInt4, {0, 0, 0, 2, 6, 15});
  to(DataType::kInt2, {-2, -2, 0, 1, 1, 1});
  to(DataType::kUInt2, {0, 0, 0, 2, 3, 3});
  to(DataType::kUInt16, {0, 0, 0, 2, 6, 1000});
  to(DataType::kFloat8E4M3FN, {-96, -3, -0.5, 1.5, 6, 448});
  to(DataType::kFloat4E2M1, {-6, -3, -0.5, 1.5, 6, 6});
  to(DataType::kFloat6E2M3, {-7.5, -3, -0.5, 1.5, 6, 7.5});
}

TEST_CASE("the precision of QuantizeLinear's division", "[quant]") {
  // 1000.4 / 0.1 is 10004 as float, but float16 has steps of 8 there.
  const Tensor x = Tensor::Scalar(1000.4f), scale = Tensor::Scalar(0.1f);
  const std::map<std::string, Attribute> uint16{{"output_dtype", {int64_t{4}}}};
  auto half = uint16;
  half["precision"] = {int64_t{10}};
  const auto fine = RunOp("QuantizeLinear", 23, uint16, {x, scale});
  const auto coarse = RunOp("QuantizeLinear", 23, half, {x, scale});
  REQUIRE(fine.ok());
  REQUIRE(coarse.ok());
  CHECK(*(*fine)[0].tensor().data<uint16_t>() == 10004);
  CHECK(*(*coarse)[0].tensor().data<uint16_t>() % 8 == 0);
  half["precision"] = {int64_t{7}};
  CHECK_FALSE(RunOp("QuantizeLinear", 23, half, {x, scale}).ok());
}

TEST_CASE("DequantizeLinear, on every kernel", "[quant]") {
  std::vector<uint8_t> bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<uint8_t>(i));
  const Tensor u = Tensor::Of<uint8_t>({256}, bytes);
  for (const char* kernel : {"dequantize.loop", "dequantize.simd"}) {
    const auto y = RunOp("DequantizeLinear", 13, {},
                         {u, Tensor::Scalar(0.25f), Tensor::Scalar<uint8_t>(128)}, 1, kernel);
    REQUIRE(y.ok());
    for (int i = 0; i < 256; ++i) {
      CHECK((*y)[0].tensor().data<float>()[i] == static_cast<float>(i - 128) * 0.25f);
    }
  }
  const auto axis = RunOp("DequantizeLinear", 13, {{"axis", {int64_t{0}}}},
                          {Tensor::Of<int8_t>({2, 3}, {-128, 0, 127, 1, 2, 3}),
                           Tensor::Of<float>({2}, {2, 3}), Tensor::Of<int8_t>({2}, {-1, 1})},
                          1, "dequantize.simd");
  REQUIRE(axis.ok());
  const float wanted[] = {-254, 2, 256, 0, 3, 6};
  for (int i = 0; i < 6; ++i) CHECK((*axis)[0].tensor().data<float>()[i] == wanted[i]);
  const auto half = RunOp("DequantizeLinear", 23, {{"output_dtype", {int64_t{10}}}},
                          {Tensor::Of<int32_t>({2}, {3, -7}), Tensor::Scalar(0.5f)});
  REQUIRE(half.ok());
  CHECK(static_cast<float>((*half)[0].tensor().data<Half>()[1]) == -3.5f);
}

TEST_CASE("DynamicQuantizeLinear", "[quant]") {
  const auto y = RunOp("DynamicQuantizeLinear", 11, {},
                       {Tensor::Of<float>({6}, {0, 2, -3, -2.5f, 1.34f, 0.5f})}, 3);
  REQUIRE(y.ok());
  CHECK((*y)[1].tensor().data<float>()[0] == Approx(5.0f / 255));
  CHECK((*y)[2].tensor().data<uint8_t>()[0] == 153);
  const uint8_t wanted[] = {153, 255, 0, 26, 221, 179};
  for (int i = 0; i < 6; ++i) CHECK((*y)[0].tensor().data<uint8_t>()[i] == wanted[i]);
  const auto zeros = RunOp("DynamicQuantizeLinear", 11, {}, {Tensor::Of<float>({2}, {0, 0})}, 3);
  REQUIRE(zeros.ok());
  CHECK((*zeros)[0].tensor().data<uint8_t>()[1] == 0);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  CHECK(RunOp("DynamicQuantizeLinear", 11, {}, {Tensor::Of<float>({3}, {nan, inf, -inf})}, 3).ok());
}

TEST_CASE("linear quantisation refuses what does not fit", "[quant]") {
  const Tensor x = Tensor::Of<float>({2, 3}, Sweep(6)), one = Tensor::Scalar(1.0f);
  const auto fails = [&](std::map<std::string, Attribute> attributes, std::vector<Value> inputs,
                         int opset = 21) {
    CHECK_FALSE(RunOp("QuantizeLinear", opset, attributes, inputs).ok());
  };
  const auto status = RunOp("QuantizeLinear", 13, {}, {x, Tensor::Of<float>({2}, {1, 1})}).status();
  CHECK(status.message().find("[3]") != absl::string_view::npos);
  fails({{"axis", {int64_t{2}}}}, {x, Tensor::Of<float>({3}, {1, 1, 1})});
  fails({{"axis", {int64_t{-3}}}}, {x, Tensor::Of<float>({3}, {1, 1, 1})});
  fails({{"block_size", {int64_t{-1}}}}, {x, one});
  fails({{"block_size", {int64_t{2}}}}, {x, Tensor::Of<float>({2, 3}, Sweep(6))});
  fails({{"output_dtype", {int64_t{1}}}}, {x, one});
  fails({{"output_dtype", {int64_t{3}}}}, {x, one, Tensor::Scalar<uint8_t>(0)});
  fails({}, {x, one, Tensor::Of<uint8_t>({3}, {0, 0, 0})});
  fails({{"precision", {int64_t{1}}}}, {x, one});
  fails({{"axis", {int64_t{0}}}}, {x, one}, 10);
  fails({}, {Tensor::Of<double>({1}, {1.0}), one});
}

}  // namespace
}  // namespace sardonyx
