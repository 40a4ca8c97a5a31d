// Worked examples of pooling, on every kernel of every backend.
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

Attributes Pool(std::vector<int64_t> kernel, std::vector<int64_t> strides = {},
                std::vector<int64_t> pads = {}) {
  Attributes attributes = {{"kernel_shape", IntsAttribute(std::move(kernel))}};
  if (!strides.empty()) attributes["strides"] = IntsAttribute(std::move(strides));
  if (!pads.empty()) attributes["pads"] = IntsAttribute(std::move(pads));
  return attributes;
}

TEST_CASE("2x2 pooling of a 3x3 picture", "[seeds][pool]") {
  const Tensor x = Count({1, 1, 3, 3});
  CheckEveryKernel("MaxPool", 11, Pool({2, 2}), {x}, FloatTensor({1, 1, 2, 2}, {4, 5, 7, 8}));
  CheckEveryKernel("AveragePool", 11, Pool({2, 2}), {x}, FloatTensor({1, 1, 2, 2}, {2, 3, 5, 6}));
}

TEST_CASE("3x3 max pooling of a 4x4 picture", "[seeds][pool]") {
  const Tensor x = Count({1, 1, 4, 4});
  CheckEveryKernel("MaxPool", 11, Pool({3, 3}, {3, 3}), {x}, FloatTensor({1, 1, 1, 1}, {10}));
  const Tensor expected = FloatTensor({1, 1, 2, 2}, {5, 7, 13, 15});
  CheckEveryKernel("MaxPool", 11, Pool({3, 3}, {2, 2}, {1, 1, 1, 1}), {x}, expected);
  CheckEveryKernel("MaxPool", 11, Pool({2, 3}, {2, 3}, {0, 1, 0, 1}), {x}, expected);
}

TEST_CASE("max pooling works on each channel alone", "[seeds][pool]") {
  std::vector<float> picture;
  for (int c = 0; c < 2; ++c) {
    for (int i = 0; i < 16; ++i) picture.push_back(static_cast<float>(i + c));
  }
  CheckEveryKernel("MaxPool", 11, Pool({3, 3}, {2, 2}, {1, 1, 1, 1}),
                   {FloatTensor({1, 2, 4, 4}, picture)},
                   FloatTensor({1, 2, 2, 2}, {5, 7, 13, 15, 6, 8, 14, 16}));
}

TEST_CASE("average pooling is a convolution with equal weights", "[seeds][pool]") {
  const Tensor x = SmallIntegers({2, 3, 6, 7}, 21);
  // One kernel for each channel: a grouped convolution with weights 1/4.
  const Tensor weights = FloatTensor({3, 1, 2, 2}, std::vector<float>(12, 0.25f));
  const Tensor expected = ByReference("Conv", 11, {{"group", IntAttribute(3)}}, {x, weights});
  CheckEveryKernel("AveragePool", 11, Pool({2, 2}), {x}, expected);
  CheckEveryKernel("Conv", 11, {{"group", IntAttribute(3)}}, {x, weights}, expected);
}

TEST_CASE("max pooling is convolutions and Relu", "[seeds][pool]") {
  // max(a, b) = a + relu(b - a), first along rows and then along columns.
  const Tensor x = SmallIntegers({1, 1, 5, 6}, 22);
  const Tensor pooled = ByReference("MaxPool", 11, Pool({2, 2}), {x});
  CheckEveryKernel("MaxPool", 11, Pool({2, 2}), {x}, pooled);
  const auto greater = [](const std::string& kernel, const Tensor& from, bool down) {
    const Shape shape = down ? Shape{1, 1, 2, 1} : Shape{1, 1, 1, 2};
    const auto first = RunOp("Conv", 11, {}, {from, FloatTensor(shape, {1, 0})}, 1, kernel);
    const auto difference = RunOp("Conv", 11, {}, {from, FloatTensor(shape, {-1, 1})}, 1, kernel);
    REQUIRE((first.ok() && difference.ok()));
    const Tensor rise = ByReference("Relu", 13, {}, {difference->front()});
    return ByReference("Add", 13, {}, {first->front(), rise});
  };
  size_t kernels = 0;
  for (const auto& [kernel, ignored] :
       OnEveryKernel("Conv", 11, {}, {x, FloatTensor({1, 1, 1, 2}, {1, 0})})) {
    CheckSame(kernel, greater(kernel, greater(kernel, x, false), true), pooled);
    ++kernels;
  }
  CHECK(kernels >= 3);
}

TEST_CASE("global pooling is pooling of the whole picture", "[seeds][pool]") {
  const Tensor x = SmallIntegers({2, 3, 4, 4}, 23);
  for (const auto& [global, local] :
       {std::pair("GlobalAveragePool", "AveragePool"), std::pair("GlobalMaxPool", "MaxPool")}) {
    CheckEveryKernel(global, 1, {}, {x}, ByReference(local, 11, Pool({4, 4}), {x}), 2);
  }
}

}  // namespace
}  // namespace sardonyx
