// Normalization against its formulas, every kernel.
#include <cmath>

#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

TEST_CASE("batch normalization kernels agree", "[norm]") {
  for (const Shape& shape : {Shape{2, 5, 3, 4}, Shape{1, 70, 9}, Shape{7, 33}, Shape{3, 2, 2, 3, 4},
                             Shape{64, 1, 1, 1}}) {
    const int64_t c = shape[1];
    std::vector<float> variance;
    for (int64_t i = 0; i < c; ++i) variance.push_back(0.5f + static_cast<float>(i % 5));
    const std::vector<Value> inputs = {SmallIntegers(shape, 1), SmallIntegers({c}, 2),
                                       SmallIntegers({c}, 3), SmallIntegers({c}, 4),
                                       FloatTensor({c}, variance)};
    const Tensor expected = ByReference("BatchNormalization", 15, {}, inputs);
    for (const int threads : {1, 3}) {
      const auto results = OnEveryKernel("BatchNormalization", 15, {}, inputs, threads);
      CHECK(results.size() == (shape.rank() > 2 ? 6 : 3));  // in both layouts where there are two
      for (const auto& [kernel, y] : results) {
        INFO(kernel << " " << shape.ToString());
        CHECK(NormwiseError(y, expected) <= 1e-6);
      }
    }
  }
}

TEST_CASE("batch normalization that trains gives running statistics", "[norm]") {
  const Tensor x = FloatTensor({2, 1, 2}, {1, 3, 5, 7});  // mean 4, variance 5
  const auto outputs =
      RunOp("BatchNormalization", 15, {{"training_mode", IntAttribute(1)}, {"momentum", {0.5f}}},
            {x, FloatTensor({1}, {1}), FloatTensor({1}, {0}), FloatTensor({1}, {2}),
             FloatTensor({1}, {1})},
            3);
  REQUIRE(outputs.ok());
  CHECK((*outputs)[1].tensor().data<float>()[0] == 3);
  CHECK((*outputs)[2].tensor().data<float>()[0] == 3);
  CHECK((*outputs)[0].tensor().data<float>()[0] == Approx(-3 / std::sqrt(5.00001)));
}

TEST_CASE("batch normalization without spatial statistics", "[norm]") {
  const Tensor x = Count({2, 2, 2}), one = FloatTensor({2, 2}, {1, 1, 1, 1});
  const Tensor mean = FloatTensor({2, 2}, {0, 1, 2, 3});
  for (const auto& [kernel, y] :
       OnEveryKernel("BatchNormalization", 7, {{"spatial", IntAttribute(0)}, {"epsilon", {0.0f}}},
                     {x, one, FloatTensor({2, 2}, {0, 0, 0, 0}), mean, one})) {
    CheckSame(kernel, y, FloatTensor({2, 2, 2}, {0, 0, 0, 0, 4, 4, 4, 4}));
  }
}

/// (x - mean) / sqrt(variance + epsilon) of each run of `length` elements.
std::vector<double> Standardized(const Tensor& x, int64_t length, bool center) {
  std::vector<double> result;
  for (int64_t start = 0; start < x.size(); start += length) {
    double mean = 0, square = 0;
    for (int64_t i = 0; i < length; ++i) mean += x.data<float>()[start + i];
    mean = center ? mean / static_cast<double>(length) : 0;
    for (int64_t i = 0; i < length; ++i) square += std::pow(x.data<float>()[start + i] - mean, 2);
    for (int64_t i = 0; i < length; ++i) {
      result.push_back((x.data<float>()[start + i] - mean) /
                       std::sqrt(square / static_cast<double>(length) + 1e-5));
    }
  }
  return result;
}

TEST_CASE("layer and RMS normalization", "[norm]") {
  for (const auto& [shape, axis] :
       {std::pair(Shape{3, 40}, -1), std::pair(Shape{2, 5, 768}, -1), std::pair(Shape{2, 3, 37}, 1),
        std::pair(Shape{1, 2100}, 1), std::pair(Shape{4, 1}, -1)}) {
    const Tensor x = SmallIntegers(shape, 1);
    const int first = axis < 0 ? shape.rank() + axis : axis;
    Shape normalized;
    for (int i = first; i < shape.rank(); ++i) normalized.push_back(shape[i]);
    const int64_t length = normalized.Elements();
    const Tensor scale = SmallIntegers(normalized, 2), bias = SmallIntegers(normalized, 3);
    for (const bool center : {true, false}) {
      const std::vector<double> standard = Standardized(x, length, center);
      std::vector<float> expected;
      for (int64_t i = 0; i < x.size(); ++i) {
        expected.push_back(static_cast<float>(standard[i] * scale.data<float>()[i % length] +
                                              (center ? bias.data<float>()[i % length] : 0.0f)));
      }
      const Attributes attributes = {{"axis", IntAttribute(axis)}};
      std::vector<Value> inputs = {x, scale};
      if (center) inputs.push_back(bias);
      const auto results =
          OnEveryKernel(center ? "LayerNormalization" : "RMSNormalization", 23, attributes, inputs);
      CHECK(results.size() == 2);
      for (const auto& [kernel, y] : results) {
        INFO(kernel << " " << shape.ToString());
        CHECK(NormwiseError(y, FloatTensor(shape, expected)) <= 2e-6);
      }
    }
  }
}

TEST_CASE("layer normalization gives mean and inverse deviation", "[norm]") {
  const Tensor x = FloatTensor({2, 2}, {1, 3, -2, 2});
  for (const char* kernel : {"layernorm.native", "layernorm.reference"}) {
    const auto outputs = RunOp("LayerNormalization", 17, {{"epsilon", {0.0f}}},
                               {x, FloatTensor({2}, {1, 1}), FloatTensor({2}, {0, 0})}, 3, kernel);
    REQUIRE(outputs.ok());
    CheckSame(kernel, (*outputs)[0].tensor(), FloatTensor({2, 2}, {-1, 1, -1, 1}));
    CheckSame(kernel, (*outputs)[1].tensor(), FloatTensor({2, 1}, {2, 0}));
    CheckSame(kernel, (*outputs)[2].tensor(), FloatTensor({2, 1}, {1, 0.5f}));
  }
}

TEST_CASE("group normalization lies between instance and layer normalization", "[norm]") {
  const Tensor x = SmallIntegers({2, 4, 3, 3}, 5);
  const Tensor one = FloatTensor({4}, {1, 1, 1, 1}), zero = FloatTensor({4}, {0, 0, 0, 0});
  const auto groups = [&](int64_t count) {
    return ByReference("GroupNormalization", 21, {{"num_groups", IntAttribute(count)}},
                       {x, one, zero});
  };
  const auto expected = [&](int64_t length) {
    const std::vector<double> values = Standardized(x, length, true);
    return FloatTensor(x.shape(), std::vector<float>(values.begin(), values.end()));
  };
  CHECK(NormwiseError(groups(4), expected(9)) < 1e-6);
  CHECK(NormwiseError(groups(2), expected(18)) < 1e-6);
  CHECK(NormwiseError(groups(1), expected(36)) < 1e-6);
  CHECK(NormwiseError(ByReference("InstanceNormalization", 6, {}, {x, one, zero}), expected(9)) <
        1e-6);
}

TEST_CASE("Lp normalization and mean-variance normalization", "[norm]") {
  const Tensor x = FloatTensor({2, 2}, {3, 4, 0, 0});
  CheckEveryKernel("LpNormalization", 22, {}, {x}, FloatTensor({2, 2}, {0.6f, 0.8f, 0, 0}), 1);
  CheckEveryKernel("LpNormalization", 1, {{"p", IntAttribute(1)}, {"axis", IntAttribute(0)}}, {x},
                   FloatTensor({2, 2}, {1, 1, 0, 0}), 1);
  CheckEveryKernel("MeanVarianceNormalization", 13, {{"axes", IntsAttribute({1})}},
                   {FloatTensor({2, 2}, {1, 3, 10, 2})}, FloatTensor({2, 2}, {-1, 1, 1, -1}), 1);
}

TEST_CASE("local response normalization divides by near channels", "[norm]") {
  // size 3, alpha 3, beta 1, bias 1: x / (1 + sum of squares of the channel and its neighbours).
  CheckEveryKernel(
      "LRN", 13, {{"size", IntAttribute(3)}, {"alpha", {3.0f}}, {"beta", {1.0f}}, {"bias", {1.0f}}},
      {FloatTensor({1, 4, 1}, {1, 1, 1, 5})},
      FloatTensor({1, 4, 1}, {1.0f / 3, 0.25f, 1.0f / 28, 5.0f / 27}), 1);
}

TEST_CASE("what is wrong with a normalization is said", "[norm][errors]") {
  const auto check = [](const std::string& op, int opset, const Attributes& attributes,
                        const std::vector<Value>& inputs, const char* part) {
    const auto result = RunOp(op, opset, attributes, inputs);
    REQUIRE_FALSE(result.ok());
    INFO(result.status().ToString());
    CHECK(std::string(result.status().message()).find(part) != std::string::npos);
  };
  const Tensor x = Count({1, 3, 2}), three = Count({3}), two = Count({2});
  check("BatchNormalization", 15, {}, {x, three, three, two, three}, "(mean) has shape [2]");
  check("LayerNormalization", 17, {{"axis", IntAttribute(3)}}, {x, two}, "axis");
  check("LayerNormalization", 17, {}, {x, three}, "does not broadcast");
  check("GroupNormalization", 21, {{"num_groups", IntAttribute(2)}}, {x, three, three},
        "no multiple of num_groups=2");
  check("GroupNormalization", 21, {}, {x, three, three}, "num_groups");
  check("LRN", 13, {{"size", IntAttribute(0)}}, {x}, "size");
  check("LpNormalization", 22, {{"p", IntAttribute(3)}}, {x}, "'p' is 3");
  check("MeanVarianceNormalization", 13, {}, {x}, "axis 3");
}

}  // namespace
}  // namespace sardonyx
