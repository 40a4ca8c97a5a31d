#include "ops/common/half.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

TEST_CASE("float16 to float and back, every pattern", "[elementwise]") {
  std::vector<Half> all(65536);
  for (int i = 0; i < 65536; ++i) all[i] = Half::FromBits(static_cast<uint16_t>(i));
  std::vector<float> wide(all.size());
  std::vector<Half> back(all.size());
  HalfToFloat(all.data(), 65536, wide.data());
  FloatToHalf(wide.data(), 65536, back.data());
  for (int i = 0; i < 65536; ++i) {
    if (all[i].IsNan()) {
      REQUIRE(std::isnan(wide[i]));
      REQUIRE(back[i].IsNan());
    } else {
      REQUIRE(wide[i] == static_cast<float>(all[i]));
      REQUIRE(back[i].bits == all[i].bits);
    }
  }
}

TEST_CASE("float to float16 rounds to even and overflows", "[elementwise]") {
  std::vector<float> x;
  for (int i = 0; i < 4000; ++i)
    x.push_back(std::ldexp(1.0f + static_cast<float>(i) / 4096, i % 40 - 24));
  for (float v :
       {65519.0f, 65520.0f, 1e30f, 2.9e-8f, 3.1e-8f, std::numeric_limits<float>::infinity()}) {
    x.push_back(v);
    x.push_back(-v);
  }
  std::vector<Half> y(x.size());
  FloatToHalf(x.data(), static_cast<int64_t>(x.size()), y.data());
  for (size_t i = 0; i < x.size(); ++i) REQUIRE(y[i].bits == Half(x[i]).bits);
}

TEST_CASE("Sum and Mean of 16-bit floats round once", "[elementwise]") {
  const auto of = [](const char* op, const Tensor& large, const Tensor& small) {
    const auto y = RunOp(op, 13, {}, {large, small, small, small, small});
    REQUIRE(y.ok());
    return (*ToDoubles((*y)[0].tensor()))[0];
  };
  const auto pair = [&]<typename T>(float large, float small, double sum) {
    const Tensor a = Tensor::Scalar(T(large)), b = Tensor::Scalar(T(small));
    CHECK(of("Sum", a, b) == sum);
    CHECK(of("Mean", a, b) == static_cast<double>(T(static_cast<float>(sum / 5))));
  };
  pair.operator()<BFloat16>(256, 1, 260);
  pair.operator()<Half>(2048, 1, 2052);
}

TEST_CASE("float16 on the vectorised kernels is what the loops give", "[elementwise]") {
  std::vector<Half> values;
  for (int i = 0; i < 1301; ++i) values.push_back(Half(static_cast<float>(i - 600) * 0.0173f));
  const Tensor x = Tensor::Of<Half>({1301}, values);
  const Tensor y = Tensor::Scalar(Half(0.75f));
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Relu", "LeakyRelu", "Abs", "HardSigmoid"}) {
    INFO(op);
    const bool binary = FindOp("", op)->max_inputs == 2;
    for (bool swapped : {false, true}) {
      const std::vector<Value> inputs = !binary   ? std::vector<Value>{x}
                                        : swapped ? std::vector<Value>{y, x}
                                                  : std::vector<Value>{x, y};
      const auto fast = RunOp(op, 22, {}, inputs, 1, "elementwise.simd", 2);
      const auto plain = RunOp(op, 22, {}, inputs, 1, "elementwise.loop");
      REQUIRE(fast.ok());
      REQUIRE(plain.ok());
      for (int64_t i = 0; i < 1301; ++i) {
        const Half a = (*fast)[0].tensor().data<Half>()[i];
        const Half b = (*plain)[0].tensor().data<Half>()[i];
        REQUIRE(static_cast<float>(a) == static_cast<float>(b));
      }
    }
  }
}

}  // namespace
}  // namespace sardonyx
