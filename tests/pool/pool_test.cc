// Every pooling kernel against the reference, on a table of cases.
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

struct Case {
  Shape x;
  std::vector<int64_t> kernel, strides, pads, dilations;
  bool ceil = false;
};

std::vector<Case> Cases() {
  return {
      {{1, 1, 1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}, {1, 1}},
      {{2, 3, 9, 11}, {2, 2}, {2, 2}, {0, 0, 0, 0}, {1, 1}},
      {{2, 3, 9, 11}, {3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}},
      {{1, 35, 14, 14}, {3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}},
      {{1, 20, 12, 40}, {3, 2}, {2, 3}, {0, 1, 2, 0}, {1, 1}},
      {{3, 5, 10, 9}, {3, 3}, {2, 2}, {0, 0, 0, 0}, {1, 1}, true},
      {{1, 16, 7, 7}, {2, 2}, {3, 3}, {1, 0, 1, 0}, {1, 1}, true},
      {{1, 4, 15, 16}, {3, 3}, {1, 2}, {2, 2, 2, 2}, {2, 3}},
      {{1, 4, 15, 16}, {3, 3}, {3, 3}, {0, 0, 0, 0}, {2, 2}, true},
      {{2, 4, 31}, {4}, {3}, {1, 2}, {1}},
      {{2, 4, 30}, {3}, {2}, {0, 0}, {2}, true},
      {{1, 3, 6, 7, 8}, {2, 3, 2}, {2, 1, 2}, {0, 1, 1, 1, 0, 1}, {1, 1, 1}},
      {{1, 2, 3, 4, 5, 6}, {2, 2, 2, 2}, {1, 1, 1, 2}, {0, 0, 0, 0, 1, 1, 1, 1}, {1, 1, 1, 1}},
      {{1, 2, 4, 4}, {2, 2}, {4, 4}, {0, 0, 1, 1}, {1, 1}},
  };
}

Attributes AttributesOf(const Case& c) {
  return {{"kernel_shape", IntsAttribute(c.kernel)},
          {"strides", IntsAttribute(c.strides)},
          {"pads", IntsAttribute(c.pads)},
          {"dilations", IntsAttribute(c.dilations)},
          {"ceil_mode", IntAttribute(c.ceil)}};
}

/// The definition: what pooling over all positions of a window gives, by coordinates.
double Definition(const Case& c, const Tensor& x, const Shape& y, int64_t index, bool max,
                  bool count_pads) {
  const size_t rank = c.kernel.size();
  std::vector<int64_t> out(rank), k(rank, 0);
  int64_t plane = index;
  for (size_t i = rank; i-- > 0;) {
    out[i] = plane % y[static_cast<int>(i) + 2];
    plane /= y[static_cast<int>(i) + 2];
  }
  double best = -INFINITY, sum = 0;
  int64_t count = 0;
  for (;;) {
    bool inside = true, padded = true;
    int64_t at = plane;
    for (size_t i = 0; i < rank; ++i) {
      const int64_t size = x.dim(static_cast<int>(i) + 2);
      const int64_t p = out[i] * c.strides[i] - c.pads[i] + k[i] * c.dilations[i];
      inside = inside && p >= 0 && p < size;
      padded = padded && p < size + c.pads[rank + i];
      at = at * size + p;
    }
    if (inside) {
      best = std::max(best, static_cast<double>(x.data<float>()[at]));
      sum += static_cast<double>(x.data<float>()[at]);
    }
    count += count_pads ? padded : inside;
    size_t i = rank;
    while (i > 0 && ++k[i - 1] == c.kernel[i - 1]) k[--i] = 0;
    if (i == 0) break;
  }
  return max ? best : count == 0 ? 0 : sum / static_cast<double>(count);
}

TEST_CASE("pooling kernels agree with the definition", "[pool]") {
  for (const Case& c : Cases()) {
    const Tensor x = SmallIntegers(c.x, 5);
    for (const int mode : {0, 1, 2}) {  // maximum, average, average with padding
      Attributes attributes = AttributesOf(c);
      if (mode == 2) attributes["count_include_pad"] = IntAttribute(1);
      for (const int threads : {1, 3}) {
        for (const auto& [kernel, y] :
             OnEveryKernel(mode == 0 ? "MaxPool" : "AveragePool", 22, attributes, {x}, threads)) {
          INFO(kernel << " " << x.ToString() << " -> " << y.ToString() << " mode " << mode);
          double error = 0;
          for (int64_t i = 0; i < y.size(); ++i) {
            const double expected = Definition(c, x, y.shape(), i, mode == 0, mode == 2);
            const double off = std::abs(static_cast<double>(y.data<float>()[i]) - expected);
            error = std::isnan(off) ? INFINITY : std::max(error, off);
          }
          CHECK(error <= (mode == 0 ? 0 : 1e-6));
        }
      }
    }
  }
}

TEST_CASE("each backend takes ordinary pooling", "[pool]") {
  const Attributes attributes = AttributesOf(Cases()[2]);
  // Three in ONNX's layout, and two channels-last: the native one and the reference.
  CHECK(OnEveryKernel("MaxPool", 12, attributes, {SmallIntegers({2, 3, 9, 11}, 1)}).size() == 5);
  CHECK(OnEveryKernel("AveragePool", 22, attributes, {SmallIntegers({2, 3, 9, 11}, 1)}).size() ==
        5);
}

TEST_CASE("max pooling passes over NaN", "[pool]") {
  Tensor x = SmallIntegers({1, 2, 9, 11}, 4);
  for (int64_t i = 0; i < x.size(); i += 5) x.data<float>()[i] = NAN;
  std::vector<float> expected(2, -INFINITY);
  for (int64_t i = 0; i < x.size(); ++i) {
    if (x.data<float>()[i] > expected[i / 99]) expected[i / 99] = x.data<float>()[i];
  }
  const Attributes whole = {{"kernel_shape", IntsAttribute({9, 11})}};
  CheckEveryKernel("MaxPool", 12, whole, {x}, FloatTensor({1, 2, 1, 1}, expected));
  CheckEveryKernel("GlobalMaxPool", 1, {}, {x}, FloatTensor({1, 2, 1, 1}, expected), 2);
}

TEST_CASE("MaxPool's indices lead back to its maxima", "[pool]") {
  const Tensor x = SmallIntegers({2, 3, 7, 6}, 9);
  Attributes attributes = AttributesOf(Cases()[2]);
  for (const bool column_major : {false, true}) {
    attributes["storage_order"] = IntAttribute(column_major);
    const auto outputs = RunOp("MaxPool", 12, attributes, {x}, 2);
    REQUIRE(outputs.ok());
    const Tensor &y = (*outputs)[0].tensor(), &indices = (*outputs)[1].tensor();
    REQUIRE(indices.shape() == y.shape());
    for (int64_t i = 0; i < y.size(); ++i) {
      int64_t at = indices.data<int64_t>()[i];
      REQUIRE((at >= 0 && at < x.size()));
      if (column_major) at = at / 42 * 42 + at % 7 * 6 + at % 42 / 7;
      CHECK(x.data<float>()[at] == y.data<float>()[i]);
    }
  }
}

TEST_CASE("MaxPool takes bytes", "[pool]") {
  const Tensor x = Tensor::Of<int8_t>({1, 1, 4}, {-128, -5, 127, -1});
  const auto y = RunOp("MaxPool", 12, {{"kernel_shape", IntsAttribute({2})}}, {x});
  REQUIRE(y.ok());
  CHECK(y->front().tensor().span<int8_t>() ==
        absl::MakeConstSpan({int8_t{-5}, int8_t{127}, int8_t{127}}));
}

TEST_CASE("MaxUnpool needs a kernel_shape that fits its input", "[pool]") {
  const Tensor x = Count({1, 1, 2, 2}), places = Tensor::Of<int64_t>({1, 1, 2, 2}, {0, 1, 2, 3});
  for (const std::vector<int64_t>& kernel : {std::vector<int64_t>{}, {2}, {2, 2, 2}}) {
    CHECK_FALSE(
        RunOp("MaxUnpool", 11, {{"kernel_shape", IntsAttribute(kernel)}}, {x, places}).ok());
  }
  CHECK_FALSE(RunOp("MaxUnpool", 11, {}, {x, places}).ok());
}

TEST_CASE("MaxUnpool undoes MaxPool", "[pool]") {
  const Tensor x = Count({1, 2, 4, 4});
  const Attributes attributes = {{"kernel_shape", IntsAttribute({2, 2})},
                                 {"strides", IntsAttribute({2, 2})}};
  const auto pooled = RunOp("MaxPool", 12, attributes, {x}, 2);
  REQUIRE(pooled.ok());
  const Tensor back = ByReference("MaxUnpool", 11, attributes, {(*pooled)[0], (*pooled)[1]});
  CHECK(back.shape() == x.shape());
  const Tensor again = ByReference("MaxPool", 12, attributes, {back});
  CHECK(NormwiseError(again, (*pooled)[0].tensor()) == 0);
  const Tensor wrong = Tensor::Of<int64_t>({1, 1, 1, 1}, {4});
  const auto error = RunOp("MaxUnpool", 11, attributes, {Count({1, 1, 1, 1}), wrong});
  REQUIRE_FALSE(error.ok());
  CHECK(std::string(error.status().message()).find("index 4") != std::string::npos);
}

TEST_CASE("what is wrong with pooling is said", "[pool][errors]") {
  const Tensor x = Count({1, 1, 4, 4});
  const auto check = [&](const Attributes& attributes, const Tensor& input, const char* part) {
    const auto result = RunOp("MaxPool", 12, attributes, {input});
    REQUIRE_FALSE(result.ok());
    INFO(result.status().ToString());
    CHECK(std::string(result.status().message()).find(part) != std::string::npos);
  };
  check({}, x, "kernel_shape");
  check({{"kernel_shape", IntsAttribute({2})}}, x, "kernel_shape");
  check({{"kernel_shape", IntsAttribute({5, 5})}}, x, "the kernel covers 5");
  check({{"kernel_shape", IntsAttribute({2, 0})}}, x, "kernel_shape");
  check({{"kernel_shape", IntsAttribute({2, 2})}}, Count({1, 4}), "rank 3");
  check({{"kernel_shape", IntsAttribute({2, 2})}, {"p", IntAttribute(1)}}, x, "'p' is unknown");
}

TEST_CASE("a kernel far wider than the input takes no time", "[pool]") {
  const int64_t wide = (int64_t{1} << 31) - 1;
  // The first window of each axis lies in the padding, the second holds the whole input.
  const Attributes attributes = {{"kernel_shape", IntsAttribute({wide, wide})},
                                 {"pads", IntsAttribute({wide, wide, wide, wide})},
                                 {"strides", IntsAttribute({wide, wide})}};
  for (const auto& [kernel, y] : OnEveryKernel("MaxPool", 12, attributes, {Count({1, 1, 2, 2})})) {
    INFO(kernel);
    REQUIRE(y.shape() == Shape{1, 1, 2, 2});
    CHECK(y.data<float>()[0] == -INFINITY);
    CHECK(y.data<float>()[3] == 3);
  }
  const Attributes line = {{"kernel_shape", IntsAttribute({wide})},
                           {"pads", IntsAttribute({wide - 1, wide - 1})},
                           {"strides", IntsAttribute({wide})}};
  for (const auto& [kernel, result] : OnEveryKernel("MaxPool", 12, line, {Count({1, 1, 2})})) {
    INFO(kernel);
    CHECK(result.data<float>()[0] == 0);
  }
}

}  // namespace
}  // namespace sardonyx
