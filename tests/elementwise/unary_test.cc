#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Specials, the ends of ranges, and a sweep; a count that leaves a tail behind every vector width.
std::vector<float> Probes() {
  std::vector<float> probes = {0.0f,  -0.0f, 1.0f,   -1.0f,   0.5f,    -0.5f,   1.5f,  2.5f,
                               -2.5f, 1e-3f, -1e-3f, 1e-10f,  -1e-10f, 1e-40f,  1e10f, -1e10f,
                               87.0f, 88.7f, 89.0f,  -87.0f,  -104.0f, -120.0f, 9.1f,  -9.1f,
                               kInf,  -kInf, kNan,   3.4e38f, -3.4e38f};
  for (int i = -600; i <= 600; ++i) probes.push_back(static_cast<float>(i) * 0.0173f);
  while (probes.size() % 16 != 7) probes.push_back(0.25f);
  return probes;
}

struct Case {
  const char* op;
  int opset;
  std::map<std::string, Attribute> attributes;
  std::function<double(double)> oracle;
  double tolerance;  // relative to the result, and to 1e-30 at least
};

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

const std::vector<Case>& Cases() {
  static const auto* const cases = new std::vector<Case>{
      {"Abs", 13, {}, [](double x) { return std::fabs(x); }, 0},
      {"Neg", 13, {}, [](double x) { return -x; }, 0},
      {"Ceil", 13, {}, [](double x) { return std::ceil(x); }, 0},
      {"Floor", 13, {}, [](double x) { return std::floor(x); }, 0},
      {"Round", 22, {}, [](double x) { return std::nearbyint(x); }, 0},
      {"Sqrt", 13, {}, [](double x) { return std::sqrt(x); }, 1e-7},
      {"Reciprocal", 13, {}, [](double x) { return 1 / x; }, 1e-7},
      {"Exp", 13, {}, [](double x) { return std::exp(x); }, 3e-7},
      {"Log", 13, {}, [](double x) { return std::log(x); }, 3e-7},
      {"Tanh", 13, {}, [](double x) { return std::tanh(x); }, 5e-7},
      {"Erf", 13, {}, [](double x) { return std::erf(x); }, 3e-7},
      {"Sigmoid", 13, {}, Sigmoid, 4e-7},
      {"Relu", 14, {}, [](double x) { return x < 0 ? 0 : x; }, 0},
      {"LeakyRelu", 16, {{"alpha", {0.25f}}}, [](double x) { return x < 0 ? x / 4 : x; }, 1e-7},
      {"Swish", 24, {{"alpha", {2.0f}}}, [](double x) { return x * Sigmoid(2 * x); }, 4e-6},
      {"Sin", 22, {}, [](double x) { return std::sin(x); }, 2e-7},
      {"Cos", 22, {}, [](double x) { return std::cos(x); }, 2e-7},
      {"Atan", 22, {}, [](double x) { return std::atan(x); }, 2e-7},
      {"Asinh", 22, {}, [](double x) { return std::asinh(x); }, 2e-7},
      {"Elu",
       22,
       {{"alpha", {2.0f}}},
       [](double x) { return x < 0 ? 2 * std::expm1(x) : x; },
       2e-7},
      {"Softsign",
       22,
       {},
       [](double x) { return std::isinf(x) ? (x < 0 ? -1 : 1) : x / (1 + std::fabs(x)); },
       2e-7},
      {"Softplus", 22, {}, [](double x) { return x > 40 ? x : std::log1p(std::exp(x)); }, 3e-7},
      {"Shrink",
       9,
       {{"lambd", {1.5f}}, {"bias", {0.5f}}},
       [](double x) { return x < -1.5  ? x + 0.5
                             : x > 1.5 ? x - 0.5
                                       : 0.0; },
       1e-7},
      {"ThresholdedRelu", 22, {{"alpha", {0.75f}}}, [](double x) { return x > 0.75 ? x : 0.0; }, 0},
  };
  return *cases;
}

/// Results equal to the oracle within the tolerance; the same infinities and NaNs.
void CheckAgainst(const std::function<double(double)>& oracle, double tolerance,
                  const std::vector<float>& x, const Tensor& y, float least = 1.2e-38f) {
  REQUIRE(y.size() == static_cast<int64_t>(x.size()));
  for (size_t i = 0; i < x.size(); ++i) {
    const double wanted = oracle(x[i]);
    const double got = y.data<float>()[i];
    INFO("x = " << x[i] << ", got " << got << ", wanted " << wanted);
    if (std::isnan(wanted)) {
      CHECK(std::isnan(got));
    } else if (std::isinf(static_cast<float>(wanted))) {
      CHECK(got == static_cast<float>(wanted));
    } else {
      CHECK(std::fabs(got - wanted) <= tolerance * std::max(std::fabs(wanted), double{least}));
    }
  }
}

TEST_CASE("unary operators against double", "[elementwise]") {
  const std::vector<float> x = Probes();
  const Tensor input = Tensor::Of<float>({static_cast<int64_t>(x.size())}, x);
  for (const Case& c : Cases()) {
    for (const KernelDef& kernel : FindOp("", c.op)->kernels) {
      INFO(c.op << " by " << std::string(kernel.name));
      const auto y = RunOp(c.op, c.opset, c.attributes, {input}, 1, std::string(kernel.name), 2);
      REQUIRE(y.ok());
      CheckAgainst(c.oracle, c.tolerance, x, (*y)[0].tensor());
    }
  }
}

TEST_CASE("activations that are bounded or cancel, against double", "[elementwise]") {
  // Near their zeros these lose relative accuracy; their error is that of numbers around one.
  const Case cases[] = {
      {"HardSigmoid",
       22,
       {},
       [](double x) { return std::clamp(double{0.2f} * x + 0.5, 0.0, 1.0); },
       2e-7},
      {"HardSwish", 22, {}, [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }, 4e-7},
      {"Gelu", 20, {}, [](double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }, 4e-7},
      {"Gelu",
       20,
       {{"approximate", {std::string("tanh")}}},
       [](double x) { return x * Sigmoid(2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)); },
       4e-7},
      {"Mish", 22, {}, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }, 4e-7},
  };
  std::vector<float> x;
  for (int i = -900; i <= 900; ++i) x.push_back(static_cast<float>(i) * 0.0131f);
  const Tensor input = Tensor::Of<float>({static_cast<int64_t>(x.size())}, x);
  for (const Case& c : cases) {
    for (const KernelDef& kernel : FindOp("", c.op)->kernels) {
      INFO(c.op << " by " << std::string(kernel.name));
      const auto y = RunOp(c.op, c.opset, c.attributes, {input}, 1, std::string(kernel.name));
      REQUIRE(y.ok());
      CheckAgainst(c.oracle, c.tolerance, x, (*y)[0].tensor(), 1.0f);
    }
  }
}

TEST_CASE("activations pass NaN on", "[elementwise]") {
  const Tensor input = Tensor::Of<float>({2}, {kNan, 1.0f});
  for (const char* op : {"HardSigmoid", "HardSwish", "Relu", "LeakyRelu", "Elu", "Selu", "Celu",
                         "Mish", "Gelu", "Swish", "Softplus", "Softsign", "Sign", "Clip"}) {
    for (const KernelDef& kernel : FindOp("", op)->kernels) {
      INFO(op << " by " << std::string(kernel.name));
      const auto y = RunOp(op, 24, {}, {input}, 1, std::string(kernel.name));
      REQUIRE(y.ok());
      CHECK(std::isnan((*y)[0].tensor().data<float>()[0]));
      CHECK_FALSE(std::isnan((*y)[0].tensor().data<float>()[1]));
    }
  }
}

TEST_CASE("unary operators on other types, empty tensors and scalars", "[elementwise]") {
  SECTION("the least integer has no opposite") {
    const Tensor x = Tensor::Of<int8_t>({3}, {-128, -1, 5});
    const auto abs = RunOp("Abs", 13, {}, {x});
    const auto neg = RunOp("Neg", 13, {}, {x});
    REQUIRE(abs.ok());
    REQUIRE(neg.ok());
    CHECK((*abs)[0].tensor().data<int8_t>()[0] == -128);
    CHECK((*abs)[0].tensor().data<int8_t>()[1] == 1);
    CHECK((*neg)[0].tensor().data<int8_t>()[0] == -128);
    CHECK((*neg)[0].tensor().data<int8_t>()[2] == -5);
  }
  SECTION("half computes in float") {
    const auto y = RunOp("Sqrt", 13, {}, {Tensor::Of<Half>({2}, {Half(2.0f), Half(9.0f)})});
    REQUIRE(y.ok());
    CHECK((*y)[0].tensor().data<Half>()[0].bits == Half(std::sqrt(2.0f)).bits);
    CHECK(static_cast<float>((*y)[0].tensor().data<Half>()[1]) == 3.0f);
  }
  SECTION("rank 0 and no elements") {
    const auto scalar = RunOp("Exp", 13, {}, {Tensor::Scalar(0.0)});
    REQUIRE(scalar.ok());
    CHECK((*scalar)[0].tensor().rank() == 0);
    CHECK(*(*scalar)[0].tensor().data<double>() == 1.0);
    const auto empty =
        RunOp("Exp", 13, {}, {Tensor::Of<float>({2, 0, 3}, {})}, 1, "elementwise.simd");
    REQUIRE(empty.ok());
    CHECK((*empty)[0].tensor().shape() == Shape({2, 0, 3}));
  }
  SECTION("which infinities count") {
    const Tensor x = Tensor::Of<float>({3}, {kInf, -kInf, 1.0f});
    const auto y = RunOp("IsInf", 20, {{"detect_negative", {int64_t{0}}}}, {x});
    REQUIRE(y.ok());
    CHECK((*y)[0].tensor().data<bool>()[0]);
    CHECK_FALSE((*y)[0].tensor().data<bool>()[1]);
    CHECK_FALSE((*y)[0].tensor().data<bool>()[2]);
  }
  SECTION("bits") {
    const auto y = RunOp("BitwiseNot", 18, {}, {Tensor::Of<uint16_t>({2}, {0, 0xff00})});
    REQUIRE(y.ok());
    CHECK((*y)[0].tensor().data<uint16_t>()[0] == 0xffff);
    CHECK((*y)[0].tensor().data<uint16_t>()[1] == 0x00ff);
  }
  SECTION("Shrink truncates what it adds to integers") {
    const auto y = RunOp("Shrink", 9, {{"lambd", {1.0f}}, {"bias", {1.5f}}},
                         {Tensor::Of<int32_t>({3}, {-5, 1, 5})});
    REQUIRE(y.ok());
    CHECK((*y)[0].tensor().data<int32_t>()[0] == -3);
    CHECK((*y)[0].tensor().data<int32_t>()[1] == 0);
    CHECK((*y)[0].tensor().data<int32_t>()[2] == 3);
  }
  SECTION("Shrink loses no digit of large integers") {
    constexpr int64_t kLarge = (int64_t{1} << 53) + 1;
    const auto y = RunOp("Shrink", 9, {{"lambd", {0x1p53f}}, {"bias", {1.5f}}},
                         {Tensor::Of<int64_t>({4}, {kLarge, -kLarge, kLarge - 1, INT64_MAX})});
    REQUIRE(y.ok());
    const int64_t* found = (*y)[0].tensor().data<int64_t>();
    CHECK(std::vector<int64_t>(found, found + 4) ==
          std::vector<int64_t>{kLarge - 2, 2 - kLarge, 0, INT64_MAX - 2});
    const auto z =
        RunOp("Shrink", 9, {{"bias", {0.5f}}}, {Tensor::Of<uint64_t>({1}, {UINT64_MAX})});
    REQUIRE(z.ok());
    CHECK((*z)[0].tensor().data<uint64_t>()[0] == UINT64_MAX - 1);
  }
}

TEST_CASE("unary operators refuse what they do not know", "[elementwise]") {
  const Tensor x = Tensor::Of<float>({1}, {1.0f});
  CHECK_FALSE(RunOp("Relu", 14, {{"alpha", {1.0f}}}, {x}).ok());
  CHECK(RunOp("Relu", 1, {{"consumed_inputs", {std::vector<int64_t>{0}}}}, {x}).ok());
  CHECK_FALSE(RunOp("Relu", 6, {{"consumed_inputs", {std::vector<int64_t>{0}}}}, {x}).ok());
  CHECK_FALSE(RunOp("Exp", 13, {}, {Tensor::Of<int32_t>({1}, {1})}).ok());
  CHECK_FALSE(RunOp("Not", 1, {}, {x}).ok());
  CHECK_FALSE(RunOp("Gelu", 20, {{"approximate", {std::string("sine")}}}, {x}).ok());
  CHECK_FALSE(RunOp("Elu", 22, {{"alpha", {int64_t{1}}}}, {x}).ok());
}

}  // namespace
}  // namespace sardonyx
