#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

StatusOr<Tensor> CastTo(const Tensor& x, DataType to,
                        std::map<std::string, Attribute> attributes = {}, int opset = 25) {
  attributes["to"] = {static_cast<int64_t>(to)};
  auto y = RunOp("Cast", opset, attributes, {x});
  if (!y.ok()) return y.status();
  return (*y)[0].tensor();
}

TEST_CASE("small integers survive the way through every type", "[cast]") {
  // 0 and 1 are exact in every type but float8e8m0, which has no zero.
  const Tensor x = Tensor::Of<int32_t>({3}, {1, 0, 1});
  for (int number = 1; number < kDataTypeCount; ++number) {
    const auto to = static_cast<DataType>(number);
    if (to == DataType::kComplex64 || to == DataType::kComplex128) continue;
    INFO(std::string(Name(to)));
    const auto there = CastTo(x, to);
    REQUIRE(there.ok());
    CHECK(there->type() == to);
    const auto back = CastTo(*there, DataType::kInt32);
    if (to == DataType::kString) {
      CHECK(there->data<std::string>()[0] == "1");
    }
    REQUIRE(back.ok());
    for (int i = 0; i < 3; ++i) CHECK(back->data<int32_t>()[i] == x.data<int32_t>()[i]);
  }
}

TEST_CASE("every pair of types converts what both hold", "[cast]") {
  for (int from = 1; from < kDataTypeCount; ++from) {
    for (int to = 1; to < kDataTypeCount; ++to) {
      const auto a = static_cast<DataType>(from), b = static_cast<DataType>(to);
      const auto complex = [](DataType t) {
        return t == DataType::kComplex64 || t == DataType::kComplex128;
      };
      if (complex(a) || complex(b)) continue;
      if (a == DataType::kBool && b == DataType::kString) continue;  // "True" is no number
      INFO(std::string(Name(a)) << " to " << std::string(Name(b)));
      const auto source = CastTo(Tensor::Scalar<float>(1.0f), a);
      REQUIRE(source.ok());
      const auto target = CastTo(*source, b);
      REQUIRE(target.ok());
      CHECK(target->rank() == 0);
      const auto one = CastTo(*target, DataType::kFloat);
      REQUIRE(one.ok());
      CHECK(*one->data<float>() == 1.0f);
    }
  }
}

TEST_CASE("integers lose their higher bits, floats their fraction", "[cast]") {
  const auto wrapped = CastTo(Tensor::Of<int16_t>({2}, {200, -1}), DataType::kInt8);
  REQUIRE(wrapped.ok());
  CHECK(wrapped->data<int8_t>()[0] == -56);
  CHECK(wrapped->data<int8_t>()[1] == -1);
  const auto truncated =
      CastTo(Tensor::Of<float>({4}, {2.9f, -2.9f, 1e30f, kNan}), DataType::kInt64);
  REQUIRE(truncated.ok());
  CHECK(truncated->data<int64_t>()[0] == 2);
  CHECK(truncated->data<int64_t>()[1] == -2);
  CHECK(truncated->data<int64_t>()[2] == std::numeric_limits<int64_t>::max());
  CHECK(truncated->data<int64_t>()[3] == 0);
  const uint64_t large = 18446744073709549568u;  // the greatest double below 2^64
  const auto wide = CastTo(Tensor::Scalar<double>(static_cast<double>(large)), DataType::kUInt64);
  REQUIRE(wide.ok());
  CHECK(*wide->data<uint64_t>() == large);
  const auto nibble = CastTo(Tensor::Of<float>({2}, {9.0f, -9.0f}), DataType::kInt4);
  REQUIRE(nibble.ok());
  CHECK(static_cast<int>(nibble->data<Int4>()[0]) == -7);
  CHECK(static_cast<int>(nibble->data<Int4>()[1]) == 7);
  const auto truth = CastTo(Tensor::Of<float>({3}, {0.0f, -0.0f, 0.1f}), DataType::kBool);
  REQUIRE(truth.ok());
  CHECK_FALSE(truth->data<bool>()[0]);
  CHECK_FALSE(truth->data<bool>()[1]);
  CHECK(truth->data<bool>()[2]);
}

TEST_CASE("float8 saturates or overflows as asked", "[cast]") {
  const Tensor x = Tensor::Of<float>({5}, {1e6f, kInf, -kInf, kNan, 449.0f});
  const auto held = CastTo(x, DataType::kFloat8E4M3FN);
  const auto plain = CastTo(x, DataType::kFloat8E4M3FN, {{"saturate", {int64_t{0}}}});
  const auto e2m1 = CastTo(x, DataType::kFloat4E2M1);
  const auto e5m2 = CastTo(x, DataType::kFloat8E5M2, {{"saturate", {int64_t{0}}}});
  REQUIRE(held.ok());
  REQUIRE(plain.ok());
  REQUIRE(e5m2.ok());
  REQUIRE(e2m1.ok());
  CHECK(static_cast<float>(e2m1->data<Float4E2M1>()[2]) == -6.0f);
  CHECK(e2m1->data<Float4E2M1>()[3].bits == Float4E2M1::kSign);  // there is no NaN
  CHECK(static_cast<float>(held->data<Float8E4M3FN>()[0]) == 448.0f);
  CHECK(static_cast<float>(held->data<Float8E4M3FN>()[1]) == 448.0f);
  CHECK(static_cast<float>(held->data<Float8E4M3FN>()[2]) == -448.0f);
  CHECK(held->data<Float8E4M3FN>()[3].IsNan());
  CHECK(static_cast<float>(held->data<Float8E4M3FN>()[4]) == 448.0f);
  CHECK(plain->data<Float8E4M3FN>()[0].IsNan());
  CHECK(plain->data<Float8E4M3FN>()[1].IsNan());
  CHECK(static_cast<float>(plain->data<Float8E4M3FN>()[4]) == 448.0f);
  CHECK(static_cast<float>(e5m2->data<Float8E5M2>()[1]) == kInf);
  CHECK(static_cast<float>(e5m2->data<Float8E5M2>()[2]) == -kInf);
}

TEST_CASE("float8e8m0 rounds up, down or to nearest", "[cast]") {
  const Tensor x = Tensor::Of<float>({5}, {1.1f, 1.5f, 4.0f, 0.0f, kInf});
  const struct {
    const char* mode;
    int64_t saturate;
    float wanted[5];
  } cases[] = {
      {"up", 1, {2, 2, 4, std::ldexp(1.0f, -127), std::ldexp(1.0f, 127)}},
      {"down", 1, {1, 1, 4, std::ldexp(1.0f, -127), std::ldexp(1.0f, 127)}},
      {"nearest", 0, {1, 2, 4, kNan, kNan}},
  };
  for (const auto& [mode, saturate, wanted] : cases) {
    INFO(mode);
    const auto y = CastTo(x, DataType::kFloat8E8M0,
                          {{"round_mode", {std::string(mode)}}, {"saturate", {saturate}}});
    REQUIRE(y.ok());
    for (int i = 0; i < 5; ++i) {
      const float got = static_cast<float>(y->data<Float8E8M0>()[i]);
      CHECK((std::isnan(wanted[i]) ? std::isnan(got) : got == wanted[i]));
    }
  }
  CHECK_FALSE(CastTo(x, DataType::kFloat8E8M0, {{"round_mode", {std::string("out")}}}).ok());
}

TEST_CASE("numbers to text and back", "[cast]") {
  const Tensor x =
      Tensor::Of<float>({8}, {0.1f, -2.0f, 1e-7f, 1e20f, kInf, -kInf, kNan, 314.15927f});
  const auto text = CastTo(x, DataType::kString);
  REQUIRE(text.ok());
  const char* wanted[] = {"0.1", "-2.0", "1e-07", "1e+20", "inf", "-inf", "nan", "314.15927"};
  for (int i = 0; i < 8; ++i) CHECK(text->data<std::string>()[i] == wanted[i]);
  const auto back = CastTo(*text, DataType::kFloat);
  REQUIRE(back.ok());
  for (int i = 0; i < 8; ++i) {
    const float a = x.data<float>()[i], b = back->data<float>()[i];
    CHECK((std::isnan(a) ? std::isnan(b) : a == b));
  }
  const auto half = CastTo(Tensor::Scalar(Half(0.1f)), DataType::kString);
  REQUIRE(half.ok());
  CHECK(*half->data<std::string>() == "0.1");
  const auto reserved = CastTo(Tensor::Of<std::string>({5}, {"+INF", "inf", "-Inf", "NaN", "1E8"}),
                               DataType::kDouble);
  REQUIRE(reserved.ok());
  CHECK(reserved->data<double>()[0] == kInf);
  CHECK(reserved->data<double>()[1] == kInf);
  CHECK(reserved->data<double>()[2] == -kInf);
  CHECK(std::isnan(reserved->data<double>()[3]));
  CHECK(reserved->data<double>()[4] == 1e8);
  const auto ints =
      CastTo(Tensor::Of<std::string>({2}, {"-9223372036854775808", "100.5"}), DataType::kInt64);
  REQUIRE(ints.ok());
  CHECK(ints->data<int64_t>()[0] == std::numeric_limits<int64_t>::min());
  CHECK(ints->data<int64_t>()[1] == 100);
  CHECK_FALSE(CastTo(Tensor::Of<std::string>({1}, {"Hello"}), DataType::kFloat).ok());
  CHECK_FALSE(CastTo(Tensor::Of<std::string>({1}, {"300"}), DataType::kUInt8).ok());
  CHECK_FALSE(CastTo(Tensor::Of<std::string>({1}, {"nan"}), DataType::kInt32).ok());
}

TEST_CASE("Cast's attribute through the opsets", "[cast]") {
  const Tensor x = Tensor::Of<float>({1}, {1.0f});
  const auto first = RunOp("Cast", 1, {{"to", {std::string("INT64")}}}, {x});
  REQUIRE(first.ok());
  CHECK((*first)[0].tensor().type() == DataType::kInt64);
  CHECK_FALSE(RunOp("Cast", 13, {}, {x}).ok());
  CHECK_FALSE(RunOp("Cast", 13, {{"to", {int64_t{0}}}}, {x}).ok());
  CHECK_FALSE(RunOp("Cast", 13, {{"to", {int64_t{99}}}}, {x}).ok());
  CHECK_FALSE(RunOp("Cast", 13, {{"to", {int64_t{14}}}}, {x}).ok());  // to complex
  CHECK_FALSE(RunOp("Cast", 1, {{"to", {std::string("INT65")}}}, {x}).ok());
  const auto like = RunOp("CastLike", 19, {}, {x, Tensor::Scalar<int8_t>(0)});
  REQUIRE(like.ok());
  CHECK((*like)[0].tensor().type() == DataType::kInt8);
}

TEST_CASE("BitCast keeps bits", "[cast]") {
  const auto y = RunOp("BitCast", 26, {{"to", {int64_t{6}}}}, {Tensor::Of<float>({1}, {1.0f})});
  REQUIRE(y.ok());
  CHECK((*y)[0].tensor().data<int32_t>()[0] == 0x3f800000);
  const auto nibble =
      RunOp("BitCast", 26, {{"to", {int64_t{21}}}}, {Tensor::Of<Int4>({2}, {Int4(-1), Int4(3)})});
  REQUIRE(nibble.ok());
  CHECK(static_cast<int>((*nibble)[0].tensor().data<UInt4>()[0]) == 15);
  CHECK(static_cast<int>((*nibble)[0].tensor().data<UInt4>()[1]) == 3);
  CHECK_FALSE(RunOp("BitCast", 26, {{"to", {int64_t{7}}}}, {Tensor::Of<float>({1}, {1.0f})}).ok());
  CHECK_FALSE(RunOp("BitCast", 26, {{"to", {int64_t{8}}}}, {Tensor::Of<float>({1}, {1.0f})}).ok());
}

}  // namespace
}  // namespace sardonyx
