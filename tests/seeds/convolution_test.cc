// Worked examples of convolution, on every kernel of every backend.
#include "ops/common/window.h"
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

TEST_CASE("cross-correlation of a 3x3 picture with a 2x2 kernel", "[seeds][conv]") {
  CheckEveryKernel("Conv", 11, {}, {Count({1, 1, 3, 3}), Count({1, 1, 2, 2})},
                   FloatTensor({1, 1, 2, 2}, {19, 25, 37, 43}));
}

TEST_CASE("the kernel [1, -1] finds vertical edges", "[seeds][conv]") {
  std::vector<float> picture, edges;
  for (int row = 0; row < 6; ++row) {
    for (int column = 0; column < 8; ++column) {
      picture.push_back(column >= 2 && column <= 5 ? 0.0f : 1.0f);
    }
    edges.insert(edges.end(), {0, 1, 0, 0, 0, -1, 0});
  }
  const Tensor kernel = FloatTensor({1, 1, 1, 2}, {1, -1});
  CheckEveryKernel("Conv", 11, {}, {FloatTensor({1, 1, 6, 8}, picture), kernel},
                   FloatTensor({1, 1, 6, 7}, edges));
  std::vector<float> transposed;
  for (int row = 0; row < 8; ++row) {
    transposed.insert(transposed.end(), 6, row >= 2 && row <= 5 ? 0.0f : 1.0f);
  }
  CheckEveryKernel("Conv", 11, {}, {FloatTensor({1, 1, 8, 6}, transposed), kernel},
                   FloatTensor({1, 1, 8, 5}, std::vector<float>(40, 0)));
}

TEST_CASE("output shapes of an 8x8 picture", "[seeds][conv]") {
  struct Example {
    std::vector<int64_t> kernel, pads, strides;
    Shape expected;
  };
  const Example examples[] = {
      {{3, 3}, {1, 1, 1, 1}, {1, 1}, {1, 1, 8, 8}},
      {{5, 3}, {2, 1, 2, 1}, {1, 1}, {1, 1, 8, 8}},
      {{3, 3}, {1, 1, 1, 1}, {2, 2}, {1, 1, 4, 4}},
      {{3, 5}, {0, 1, 0, 1}, {3, 4}, {1, 1, 2, 2}},
  };
  for (const Example& example : examples) {
    const Attributes attributes = {{"pads", IntsAttribute(example.pads)},
                                   {"strides", IntsAttribute(example.strides)}};
    const Shape kernel{1, 1, example.kernel[0], example.kernel[1]};
    const auto results =
        OnEveryKernel("Conv", 11, attributes, {Count({1, 1, 8, 8}), Count(kernel)});
    CHECK(results.size() >= 3);
    for (const auto& [name, result] : results) {
      INFO(name);
      CHECK(result.shape() == example.expected);
    }
  }
}

TEST_CASE("output sizes follow the closed form", "[seeds][conv]") {
  int valid = 0;
  for (int64_t n = 1; n <= 12; ++n) {
    for (int64_t k = 1; k <= 5; ++k) {
      for (int64_t before = 0; before <= 2; ++before) {
        for (int64_t after = 0; after <= 2; ++after) {
          for (int64_t s = 1; s <= 4; ++s) {
            for (int64_t d = 1; d <= 3; ++d) {
              const WindowAttrs attrs{.strides = {s}, .dilations = {d}, .pads = {before, after}};
              const auto window = ResolveWindow(attrs, {n}, {k});
              const int64_t room = n + before + after - d * (k - 1) - 1;
              INFO(n << " " << k << " " << before << " " << after << " " << s << " " << d);
              REQUIRE(window.ok() == (room >= 0));
              if (room < 0) continue;
              CHECK((*window)[0].output == room / s + 1);
              ++valid;
            }
          }
        }
      }
    }
  }
  CHECK(valid > 3000);
}

TEST_CASE("two input channels", "[seeds][conv]") {
  std::vector<float> picture, kernel;
  for (int i = 0; i < 9; ++i) picture.push_back(static_cast<float>(i));
  for (int i = 1; i < 10; ++i) picture.push_back(static_cast<float>(i));
  const std::vector<float> k{0, 1, 2, 3, 1, 2, 3, 4};
  const Tensor x = FloatTensor({1, 2, 3, 3}, picture);
  CheckEveryKernel("Conv", 11, {}, {x, FloatTensor({1, 2, 2, 2}, k)},
                   FloatTensor({1, 1, 2, 2}, {56, 72, 104, 120}));
  for (int m = 0; m < 3; ++m) {
    for (const float weight : k) kernel.push_back(weight + static_cast<float>(m));
  }
  CheckEveryKernel(
      "Conv", 11, {}, {x, FloatTensor({3, 2, 2, 2}, kernel)},
      FloatTensor({1, 3, 2, 2}, {56, 72, 104, 120, 76, 100, 148, 172, 96, 128, 192, 224}));
}

TEST_CASE("a 1x1 convolution is the matrix product over channels", "[seeds][conv]") {
  const Tensor x = SmallIntegers({1, 3, 3, 3}, 1), w = SmallIntegers({2, 3, 1, 1}, 2);
  const Tensor product = ByReference("MatMul", 13, {}, {w.Reshaped({2, 3}), x.Reshaped({3, 9})});
  CheckEveryKernel("Conv", 11, {}, {x, w}, product.Reshaped({1, 2, 3, 3}));
}

TEST_CASE("a convolution is the product with a Toeplitz matrix", "[seeds][conv]") {
  const int64_t h = 5, w = 4, kh = 3, kw = 2, oh = h - kh + 1, ow = w - kw + 1;
  const Tensor x = SmallIntegers({1, 1, h, w}, 3), k = SmallIntegers({1, 1, kh, kw}, 4);
  std::vector<float> matrix(static_cast<size_t>(oh * ow * h * w), 0);
  for (int64_t i = 0; i < oh; ++i) {
    for (int64_t j = 0; j < ow; ++j) {
      for (int64_t a = 0; a < kh; ++a) {
        for (int64_t b = 0; b < kw; ++b) {
          matrix[static_cast<size_t>((i * ow + j) * h * w + (i + a) * w + j + b)] =
              k.data<float>()[a * kw + b];
        }
      }
    }
  }
  const Tensor product = ByReference(
      "MatMul", 13, {}, {FloatTensor({oh * ow, h * w}, matrix), x.Reshaped({h * w, 1})});
  CheckEveryKernel("Conv", 11, {}, {x, k}, product.Reshaped({1, 1, oh, ow}));
}

/// The kernel that does what `first` and then `second` (both [1, 1, ., .]) do: their convolution.
Tensor Composed(const Tensor& first, const Tensor& second) {
  const int64_t h1 = first.dim(2), w1 = first.dim(3), h2 = second.dim(2), w2 = second.dim(3);
  const Shape shape{1, 1, h1 + h2 - 1, w1 + w2 - 1};
  std::vector<float> values(static_cast<size_t>(shape.Elements()), 0);
  for (int64_t a = 0; a < h1; ++a) {
    for (int64_t b = 0; b < w1; ++b) {
      for (int64_t c = 0; c < h2; ++c) {
        for (int64_t d = 0; d < w2; ++d) {
          values[static_cast<size_t>((a + c) * shape[3] + b + d)] +=
              first.data<float>()[a * w1 + b] * second.data<float>()[c * w2 + d];
        }
      }
    }
  }
  return FloatTensor(shape, values);
}

TEST_CASE("two convolutions are one with a kernel of k1 + k2 - 1", "[seeds][conv]") {
  const Tensor x = SmallIntegers({1, 1, 9, 8}, 5);
  const Tensor first = SmallIntegers({1, 1, 3, 2}, 6), second = SmallIntegers({1, 1, 2, 3}, 7);
  const Tensor composed = Composed(first, second);
  CHECK(composed.shape() == Shape{1, 1, 4, 4});
  const Tensor one = ByReference("Conv", 11, {}, {x, composed});
  const auto results = OnEveryKernel("Conv", 11, {}, {x, first});
  CHECK(results.size() >= 3);
  for (const auto& [kernel, inner] : results) {
    const auto outer = RunOp("Conv", 11, {}, {inner, second}, 1, kernel);
    REQUIRE(outer.ok());
    CheckSame(kernel, outer->front().tensor(), one);
  }
}

TEST_CASE("a kernel of rank one is two one-dimensional ones", "[seeds][conv]") {
  const Tensor x = SmallIntegers({1, 1, 8, 8}, 8);
  const Tensor column = FloatTensor({1, 1, 3, 1}, {1, 2, -1}),
               row = FloatTensor({1, 1, 1, 3}, {2, -1, 3});
  const Tensor outer_product = Composed(column, row);
  const Tensor whole = ByReference("Conv", 11, {}, {x, outer_product});
  for (const auto& [kernel, by_column] : OnEveryKernel("Conv", 11, {}, {x, column})) {
    const auto by_both = RunOp("Conv", 11, {}, {by_column, row}, 1, kernel);
    REQUIRE(by_both.ok());
    CheckSame(kernel, by_both->front().tensor(), whole);
  }
  // The identity matrix has rank 3: whatever its first column and row give, it is another kernel.
  const Tensor identity = FloatTensor({1, 1, 3, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  const Tensor full = ByReference("Conv", 11, {}, {x, identity});
  const Tensor left = FloatTensor({1, 1, 3, 1}, {1, 0, 0}),
               top = FloatTensor({1, 1, 1, 3}, {1, 0, 0});
  const Tensor parts = ByReference("Conv", 11, {}, {ByReference("Conv", 11, {}, {x, left}), top});
  CHECK(NormwiseError(parts, full) > 0.1);
  // Every 2x2 minor of a rank-one kernel vanishes, and one of the identity's does not.
  const auto minor = [](const Tensor& k) {
    const float* v = k.data<float>();
    return v[0] * v[4] - v[1] * v[3];
  };
  CHECK(minor(outer_product) == 0);
  CHECK(minor(identity) == 1);
}

TEST_CASE("a grouped convolution is the block-diagonal one", "[seeds][conv]") {
  const int64_t groups = 3, in = 2, out = 2;
  const Tensor x = SmallIntegers({2, groups * in, 5, 6}, 9);
  const Tensor w = SmallIntegers({groups * out, in, 3, 3}, 10);
  const Tensor bias = SmallIntegers({groups * out}, 11);
  std::vector<float> dense(static_cast<size_t>(groups * out * groups * in * 9), 0);
  for (int64_t m = 0; m < groups * out; ++m) {
    for (int64_t c = 0; c < in; ++c) {
      const int64_t channel = m / out * in + c;
      for (int64_t i = 0; i < 9; ++i) {
        dense[static_cast<size_t>((m * groups * in + channel) * 9 + i)] =
            w.data<float>()[(m * in + c) * 9 + i];
      }
    }
  }
  const Tensor whole = FloatTensor({groups * out, groups * in, 3, 3}, dense);
  const Tensor expected = ByReference("Conv", 11, {}, {x, whole, bias});
  CheckEveryKernel("Conv", 11, {{"group", IntAttribute(groups)}}, {x, w, bias}, expected);
  CheckEveryKernel("Conv", 11, {}, {x, whole, bias}, expected);
}

TEST_CASE("a Gaussian blur spreads a point and keeps a constant", "[seeds][conv]") {
  const Tensor blur = FloatTensor(
      {1, 1, 3, 3}, {0.0625f, 0.125f, 0.0625f, 0.125f, 0.25f, 0.125f, 0.0625f, 0.125f, 0.0625f});
  std::vector<float> point(25, 0);
  point[12] = 16;
  CheckEveryKernel("Conv", 11, {}, {FloatTensor({1, 1, 5, 5}, point), blur},
                   FloatTensor({1, 1, 3, 3}, {1, 2, 1, 2, 4, 2, 1, 2, 1}));
  CheckEveryKernel("Conv", 11, {}, {FloatTensor({1, 1, 6, 7}, std::vector<float>(42, 5)), blur},
                   FloatTensor({1, 1, 4, 5}, std::vector<float>(20, 5)));
  // Rank one: [1 2 1]/4 down and across.
  CHECK(NormwiseError(Composed(FloatTensor({1, 1, 3, 1}, {0.25f, 0.5f, 0.25f}),
                               FloatTensor({1, 1, 1, 3}, {0.25f, 0.5f, 0.25f})),
                      blur) == 0);
}

}  // namespace
}  // namespace sardonyx
