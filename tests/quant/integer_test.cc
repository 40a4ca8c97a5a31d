// Products and convolutions of bytes, every kernel against sums in int64.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

/// Bytes that use the whole range, the same in every run.
template <typename T>
Tensor Bytes(Shape shape, uint32_t seed) {
  std::vector<T> values;
  for (int64_t i = 0; i < shape.Elements(); ++i) {
    seed = seed * 1664525u + 1013904223u;
    values.push_back(static_cast<T>(seed >> 24));
  }
  return Tensor::Of<T>(std::move(shape), absl::MakeConstSpan(values));
}

int64_t Element(const Tensor& tensor, int64_t i) {
  return tensor.type() == DataType::kInt8 ? tensor.data<int8_t>()[i] : tensor.data<uint8_t>()[i];
}

int64_t Saturate(double value, const Tensor& like) {
  const double low = like.type() == DataType::kInt8 ? -128 : 0;
  return static_cast<int64_t>(std::min(std::max(value, low), low + 255));
}

struct Product {
  int64_t m, k, n;
};

template <typename A, typename B>
void CheckProducts() {
  for (const Product& p : {Product{1, 1, 1}, Product{3, 5, 2}, Product{9, 64, 67},
                           Product{2, 33, 130}, Product{4, 0, 3}}) {
    const Tensor a = Bytes<A>({p.m, p.k}, 1), b = Bytes<B>({p.k, p.n}, 2);
    const Tensor a_zero = Bytes<A>({}, 3), b_zero = Bytes<B>({p.n}, 4);
    for (const char* kernel : {"matmul.integer", "matmul.int8dot"}) {
      INFO(kernel << " " << p.m << "x" << p.k << "x" << p.n);
      const auto y = RunOp("MatMulInteger", 10, {}, {a, b, a_zero, b_zero}, 1, kernel, 2);
      REQUIRE(y.ok());
      const auto q = RunOp("QLinearMatMul", 10, {},
                           {a, Tensor::Scalar(0.02f), a_zero, b,
                            Tensor::Of<float>({p.n}, std::vector<float>(p.n, 0.03f)), b_zero,
                            Tensor::Scalar(0.4f), Tensor::Scalar<A>(9)},
                           1, kernel, 2);
      REQUIRE(q.ok());
      for (int64_t i = 0; i < p.m; ++i) {
        for (int64_t j = 0; j < p.n; ++j) {
          int64_t sum = 0;
          for (int64_t k = 0; k < p.k; ++k) {
            sum += (Element(a, i * p.k + k) - Element(a_zero, 0)) *
                   (Element(b, k * p.n + j) - Element(b_zero, j));
          }
          REQUIRE((*y)[0].tensor().data<int32_t>()[i * p.n + j] == sum);
          const double steps =
              std::nearbyint(static_cast<double>(sum) * (0.02f * 0.03f / 0.4f)) + 9;
          REQUIRE(Element((*q)[0].tensor(), i * p.n + j) == Saturate(steps, a));
        }
      }
    }
  }
}

TEST_CASE("integer matrix products are exact", "[quant]") {
  CheckProducts<uint8_t, int8_t>();
  CheckProducts<int8_t, uint8_t>();
  CheckProducts<int8_t, int8_t>();
}

TEST_CASE("the longest dot product at its extremes", "[quant]") {
  const int64_t k = 33025;
  const Tensor a = Tensor::Of<uint8_t>({1, k}, std::vector<uint8_t>(k, 255));
  const Tensor b = Tensor::Of<uint8_t>({k, 1}, std::vector<uint8_t>(k, 0));
  const auto y = RunOp("MatMulInteger", 10, {}, {a, b, Value(), Tensor::Scalar<uint8_t>(255)}, 1,
                       "matmul.int8dot");
  REQUIRE(y.ok());
  CHECK(*(*y)[0].tensor().data<int32_t>() == -255 * 255 * k);
}

TEST_CASE("batches, rows and columns with their own parameters", "[quant]") {
  const Tensor a = Bytes<uint8_t>({2, 3, 4}, 5), b = Bytes<uint8_t>({2, 4, 5}, 6);
  const Tensor a_zero = Bytes<uint8_t>({2, 3, 1}, 7), b_zero = Bytes<uint8_t>({2, 1, 5}, 8);
  const auto y = RunOp("MatMulInteger", 10, {}, {a, b, a_zero, b_zero});
  REQUIRE(y.ok());
  for (int64_t i = 0; i < 30; ++i) {
    const int64_t batch = i / 15, row = i / 5 % 3, column = i % 5;
    int64_t sum = 0;
    for (int64_t k = 0; k < 4; ++k) {
      sum += (Element(a, (batch * 3 + row) * 4 + k) - Element(a_zero, batch * 3 + row)) *
             (Element(b, (batch * 4 + k) * 5 + column) - Element(b_zero, batch * 5 + column));
    }
    CHECK((*y)[0].tensor().data<int32_t>()[i] == sum);
  }
  CHECK_FALSE(RunOp("MatMulInteger", 10, {}, {a, b, Bytes<uint8_t>({4}, 1)}).ok());
  CHECK_FALSE(RunOp("MatMulInteger", 10, {}, {a, b, Bytes<int8_t>({}, 1)}).ok());
  CHECK_FALSE(RunOp("MatMulInteger", 10, {}, {a, Bytes<uint8_t>({3, 4}, 1)}).ok());
}

struct ConvCase {
  Shape x, w;
  std::vector<int64_t> pads, strides, dilations;
  int64_t group;
};

TEST_CASE("integer convolutions are exact", "[quant]") {
  const ConvCase cases[] = {
      {{1, 1, 5, 5}, {1, 1, 3, 3}, {1, 1, 1, 1}, {1, 1}, {1, 1}, 1},
      {{2, 3, 7, 6}, {4, 3, 3, 2}, {0, 1, 2, 0}, {2, 1}, {1, 2}, 1},
      {{1, 4, 9, 8}, {6, 2, 2, 3}, {1, 2, 1, 2}, {1, 3}, {3, 1}, 2},
      {{1, 8, 6, 40}, {8, 1, 3, 3}, {1, 1, 1, 1}, {1, 1}, {1, 1}, 8},
      {{2, 3, 50}, {5, 3, 4}, {3, 3}, {2}, {1}, 1},
      {{1, 1, 2, 2}, {1, 1, 4, 4}, {3, 3, 3, 3}, {1, 1}, {1, 1}, 1},
  };
  for (const ConvCase& c : cases) {
    const Tensor x = Bytes<uint8_t>(c.x, 11), w = Bytes<int8_t>(c.w, 12);
    const Tensor x_zero = Tensor::Scalar<uint8_t>(131), w_zero = Bytes<int8_t>({c.w[0]}, 13);
    std::vector<float> scales;
    std::vector<int32_t> biases;
    for (int64_t m = 0; m < c.w[0]; ++m) {
      scales.push_back(0.001f * static_cast<float>(m + 1));
      biases.push_back(static_cast<int32_t>(m * 1000 - 500));
    }
    const Tensor w_scale = Tensor::Of<float>({c.w[0]}, scales);
    const Tensor bias = Tensor::Of<int32_t>({c.w[0]}, biases);
    const std::map<std::string, Attribute> attributes = {{"pads", {c.pads}},
                                                         {"strides", {c.strides}},
                                                         {"dilations", {c.dilations}},
                                                         {"group", {c.group}}};
    // The same as a convolution of doubles, whose own tests stand behind it.
    std::vector<double> xs, ws;
    for (int64_t i = 0; i < x.size(); ++i) xs.push_back(static_cast<double>(Element(x, i) - 131));
    const int64_t row = w.size() / c.w[0];
    for (int64_t i = 0; i < w.size(); ++i) {
      ws.push_back(static_cast<double>(Element(w, i) - Element(w_zero, i / row)));
    }
    const auto exact =
        RunOp("Conv", 11, attributes, {Tensor::Of<double>(c.x, xs), Tensor::Of<double>(c.w, ws)});
    REQUIRE(exact.ok());
    const Tensor& wanted = (*exact)[0].tensor();
    const int64_t plane = wanted.size() / wanted.dim(0) / wanted.dim(1);
    for (const char* kernel : {"conv.integer", "conv.int8dot"}) {
      INFO(kernel << " on " << c.x.ToString() << " and " << c.w.ToString());
      const auto y = RunOp("ConvInteger", 10, attributes, {x, w, x_zero, w_zero}, 1, kernel, 2);
      REQUIRE(y.ok());
      REQUIRE((*y)[0].tensor().shape() == wanted.shape());
      const auto q = RunOp("QLinearConv", 10, attributes,
                           {x, Tensor::Scalar(0.5f), x_zero, w, w_scale, w_zero,
                            Tensor::Scalar(0.8f), Tensor::Scalar<uint8_t>(100), bias},
                           1, kernel, 2);
      REQUIRE(q.ok());
      for (int64_t i = 0; i < wanted.size(); ++i) {
        const double sum = wanted.data<double>()[i];
        REQUIRE((*y)[0].tensor().data<int32_t>()[i] == static_cast<int64_t>(sum));
        const int64_t channel = i / plane % c.w[0];
        const double steps =
            std::nearbyint((sum + biases[channel]) * (0.5f * scales[channel] / 0.8f)) + 100;
        REQUIRE(Element((*q)[0].tensor(), i) == Saturate(steps, x));
      }
    }
  }
}

TEST_CASE("integer convolutions refuse what does not fit", "[quant]") {
  const Tensor x = Bytes<uint8_t>({1, 3, 5, 5}, 1), w = Bytes<uint8_t>({2, 3, 3, 3}, 2);
  const Tensor zero = Tensor::Scalar<uint8_t>(0), scale = Tensor::Scalar(1.0f);
  CHECK_FALSE(RunOp("ConvInteger", 10, {{"group", {int64_t{0}}}}, {x, w}).ok());
  CHECK_FALSE(RunOp("ConvInteger", 10, {}, {x, Bytes<uint8_t>({2, 2, 3, 3}, 2)}).ok());
  CHECK_FALSE(RunOp("ConvInteger", 10, {}, {x, w, Bytes<uint8_t>({3}, 1)}).ok());
  CHECK_FALSE(RunOp("ConvInteger", 10, {}, {x, w, zero, Bytes<uint8_t>({3}, 1)}).ok());
  CHECK_FALSE(RunOp("ConvInteger", 10, {}, {x, w, Tensor::Scalar<int8_t>(0)}).ok());
  const auto q = [&](Value bias, Value w_scale) {
    return RunOp("QLinearConv", 10, {}, {x, scale, zero, w, w_scale, zero, scale, zero, bias});
  };
  CHECK(q(Value(), scale).ok());
  CHECK_FALSE(q(Tensor::Of<int32_t>({3}, {1, 2, 3}), scale).ok());
  CHECK_FALSE(q(Tensor::Of<float>({2}, {1, 2}), scale).ok());
  CHECK_FALSE(q(Value(), Tensor::Of<float>({3}, {1, 2, 3})).ok());
}

TEST_CASE("operators of the com.microsoft domain", "[quant]") {
  const auto run = [](const char* op, const std::map<std::string, Attribute>& attributes,
                      const std::vector<Value>& inputs) {
    const auto y = RunOp(op, 1, attributes, inputs, 1, "", 1, "com.microsoft");
    REQUIRE(y.ok());
    return (*y)[0].tensor();
  };
  const Tensor a = Tensor::Of<int8_t>({2, 2}, {10, 20, -30, 40});
  const Tensor b = Tensor::Of<int8_t>({2}, {4, -4});
  const Tensor half = Tensor::Scalar(0.5f), one = Tensor::Scalar(1.0f);
  const Tensor zero = Tensor::Scalar<int8_t>(0), two = Tensor::Scalar<int8_t>(2);
  const Tensor sum = run("QLinearAdd", {}, {a, half, zero, b, one, two, one, two});
  const int8_t wanted[] = {9, 6, -11, 16};  // a/2 + (b - 2) + 2
  for (int i = 0; i < 4; ++i) CHECK(sum.data<int8_t>()[i] == wanted[i]);
  const Tensor product = run("QLinearMul", {}, {a, half, zero, b, one, two, one, two});
  CHECK(product.data<int8_t>()[0] == 12);    // 5 * 2 + 2
  CHECK(product.data<int8_t>()[3] == -118);  // 20 * -6 + 2
  const Tensor pool = run("QLinearAveragePool", {{"kernel_shape", {std::vector<int64_t>{2, 2}}}},
                          {a.Reshaped({1, 1, 2, 2}), half, zero, one, two});
  CHECK(*pool.data<int8_t>() == 7);  // 40 / 4 / 2 + 2
  const Tensor softmax = run("QLinearSoftmax", {{"opset", {int64_t{13}}}},
                             {Tensor::Of<int8_t>({1, 3}, {0, 0, 0}), one, zero,
                              Tensor::Scalar(1.0f / 256), Tensor::Scalar<int8_t>(-128)});
  for (int i = 0; i < 3; ++i) CHECK(softmax.data<int8_t>()[i] == 85 - 128);
  const Tensor leaky = run("QLinearLeakyRelu", {{"alpha", {0.5f}}}, {a, one, zero, one, zero});
  CHECK(leaky.data<int8_t>()[2] == -15);
}

}  // namespace
}  // namespace sardonyx
