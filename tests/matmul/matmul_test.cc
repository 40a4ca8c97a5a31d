// MatMul and Gemm against sums in double, on every kernel that takes the case.
#include "ops/matmul/matmul.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

Tensor Random(const Shape& shape, int seed) {
  Tensor tensor = *Tensor::Create(DataType::kFloat, shape);
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (float& x : tensor.span<float>()) x = uniform(generator);
  return tensor;
}

/// max|y - y64| / max|y64|
double NormwiseError(const Tensor& y, const std::vector<double>& expected) {
  double error = 0, size = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    error = std::max(error, std::abs(y.data<float>()[i] - expected[i]));
    size = std::max(size, std::abs(expected[i]));
  }
  return size == 0 ? error : error / size;
}

std::vector<std::string> KernelsOf(const std::string& op) {
  std::vector<std::string> names;
  for (const KernelDef& kernel : FindOp("", op)->kernels) names.emplace_back(kernel.name);
  return names;
}

struct MatMulCase {
  Shape a, b, y;
};

std::vector<double> Oracle(const Tensor& a, const Tensor& b, const Shape& y) {
  const bool a_vector = a.rank() == 1, b_vector = b.rank() == 1;
  const int64_t m = a_vector ? 1 : a.dim(a.rank() - 2), k = a.dim(a.rank() - 1);
  const int64_t n = b_vector ? 1 : b.dim(b.rank() - 1);
  const Shape a_batch(a.shape().dims().subspan(0, a_vector ? 0 : a.rank() - 2));
  const Shape b_batch(b.shape().dims().subspan(0, b_vector ? 0 : b.rank() - 2));
  const Shape batch = *BroadcastShapes(a_batch, b_batch);
  const auto offset = [&](const Shape& own, int64_t index, int64_t matrix) {
    int64_t result = 0, step = matrix;
    for (int axis = batch.rank() - 1, mine = own.rank() - 1; mine >= 0; --axis, --mine) {
      if (own[mine] != 1) result += index % batch[axis] * step;
      index /= batch[axis];
      step *= own[mine];
    }
    return result;
  };
  std::vector<double> expected(y.Elements());
  for (size_t i = 0; i < expected.size(); ++i) {
    const int64_t at = i, column = at % n, row = at / n % m, index = at / n / m;
    for (int64_t p = 0; p < k; ++p) {
      expected[i] += double{a.data<float>()[offset(a_batch, index, m * k) + row * k + p]} *
                     b.data<float>()[offset(b_batch, index, k * n) + p * n + column];
    }
  }
  return expected;
}

TEST_CASE("MatMul multiplies as NumPy does", "[matmul]") {
  const MatMulCase cases[] = {
      {{1, 1}, {1, 1}, {1, 1}},
      {{3, 4}, {4, 5}, {3, 5}},
      {{17, 33}, {33, 65}, {17, 65}},
      {{4}, {4, 5}, {5}},
      {{3, 4}, {4}, {3}},
      {{4}, {4}, {}},
      {{2, 3, 4}, {4, 5}, {2, 3, 5}},
      {{2, 3, 4}, {2, 4, 5}, {2, 3, 5}},
      {{3, 4}, {2, 4, 5}, {2, 3, 5}},
      {{2, 1, 3, 4}, {5, 4, 2}, {2, 5, 3, 2}},
      {{1, 5, 3, 4}, {2, 1, 4, 2}, {2, 5, 3, 2}},
      {{4}, {3, 4, 5}, {3, 5}},
      {{3, 2, 4}, {4}, {3, 2}},
      {{3, 0}, {0, 5}, {3, 5}},
      {{0, 4}, {4, 5}, {0, 5}},
      {{2, 3, 4}, {0, 4, 5}, {}},
      {{1, 300}, {300, 7}, {1, 7}},
      {{129, 70}, {70, 1}, {129, 1}},
  };
  for (const MatMulCase& c : cases) {
    const Tensor a = Random(c.a, 1), b = Random(c.b, 2);
    for (const std::string& kernel : KernelsOf("MatMul")) {
      INFO(kernel << " " << c.a.ToString() << " " << c.b.ToString());
      const auto y = RunOp("MatMul", 13, {}, {a, b}, 1, kernel, 2);
      if (absl::IsUnimplemented(y.status())) continue;
      if (c.a[0] == 2 && c.b[0] == 0) {
        CHECK_FALSE(y.ok());
        continue;
      }
      REQUIRE(y.ok());
      CHECK((*y)[0].tensor().shape() == c.y);
      CHECK(NormwiseError((*y)[0].tensor(), Oracle(a, b, c.y)) < 5e-6);
    }
  }
}

TEST_CASE("MatMul computes integers exactly, wrapping", "[matmul]") {
  const Tensor a = Tensor::Of<int32_t>({2, 2}, {1, -2, 2147483647, 2});
  const Tensor b = Tensor::Of<int32_t>({2, 1}, {2, 3});
  const auto y = RunOp("MatMul", 9, {}, {a, b});
  REQUIRE(y.ok());
  CHECK((*y)[0].tensor().data<int32_t>()[0] == -4);
  CHECK((*y)[0].tensor().data<int32_t>()[1] == 4);
}

TEST_CASE("MatMul refuses shapes that do not fit", "[matmul]") {
  CHECK_FALSE(RunOp("MatMul", 13, {}, {Random({2, 3}, 1), Random({4, 2}, 2)}).ok());
  CHECK_FALSE(RunOp("MatMul", 13, {}, {Random({}, 1), Random({1, 2}, 2)}).ok());
  CHECK_FALSE(RunOp("MatMul", 13, {}, {Random({3, 2, 2}, 1), Random({2, 2, 2}, 2)}).ok());
  CHECK_FALSE(
      RunOp("MatMul", 13, {}, {Random({2, 2}, 1), Tensor::Of<double>({2, 1}, {1, 2})}).ok());
}

TEST_CASE("Gemm scales, transposes and adds C broadcast", "[matmul]") {
  const Shape biases[] = {{5, 7}, {1, 7}, {5, 1}, {7}, {1}, {}, {1, 1}};
  for (const bool trans_a : {false, true}) {
    for (const bool trans_b : {false, true}) {
      for (const Shape& bias : biases) {
        const Tensor a = Random(trans_a ? Shape{6, 5} : Shape{5, 6}, 3);
        const Tensor b = Random(trans_b ? Shape{7, 6} : Shape{6, 7}, 4);
        const Tensor c = Random(bias, 5);
        const float alpha = 0.5f, beta = -1.5f;
        std::vector<double> expected(35);
        const Ints strides = bias.Strides();
        for (int64_t i = 0; i < 5; ++i) {
          for (int64_t j = 0; j < 7; ++j) {
            double sum = 0;
            for (int64_t p = 0; p < 6; ++p) {
              sum += double{a.data<float>()[trans_a ? p * 5 + i : i * 6 + p]} *
                     b.data<float>()[trans_b ? j * 6 + p : p * 7 + j];
            }
            int64_t at = 0;
            if (bias.rank() >= 1 && bias[bias.rank() - 1] != 1) at += j;
            if (bias.rank() == 2 && bias[0] != 1) at += i * strides[0];
            expected[i * 7 + j] = alpha * sum + beta * double{c.data<float>()[at]};
          }
        }
        for (const std::string& kernel : KernelsOf("Gemm")) {
          INFO(kernel << " " << trans_a << trans_b << " C " << bias.ToString());
          const auto y = RunOp("Gemm", 13,
                               {{"alpha", {alpha}},
                                {"beta", {beta}},
                                {"transA", {int64_t{trans_a}}},
                                {"transB", {int64_t{trans_b}}}},
                               {a, b, c}, 1, kernel);
          if (absl::IsUnimplemented(y.status())) continue;
          REQUIRE(y.ok());
          CHECK(NormwiseError((*y)[0].tensor(), expected) < 5e-6);
        }
      }
    }
  }
  CHECK_FALSE(RunOp("Gemm", 13, {}, {Random({2, 3}, 1), Random({3, 2}, 2), Random({3}, 3)}).ok());
  CHECK_FALSE(RunOp("Gemm", 9, {}, {Random({2, 3}, 1), Random({3, 2}, 2), Value()}).ok());
}

}  // namespace
}  // namespace sardonyx
