// Worked examples of what networks build from convolution: reflect padding in front of it, batch
// normalization, a residual block.
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

TEST_CASE("reflect padding before a convolution", "[seeds][conv]") {
  const Tensor pads = Tensor::Of<int64_t>({8}, {0, 0, 1, 1, 0, 0, 1, 1});
  const Tensor padded =
      ByReference("Pad", 13, {{"mode", {std::string("reflect")}}}, {Count({1, 1, 3, 3}), pads});
  CHECK(NormwiseError(padded, FloatTensor({1, 1, 5, 5}, {4, 3, 4, 5, 4,  //
                                                         1, 0, 1, 2, 1,  //
                                                         4, 3, 4, 5, 4,  //
                                                         7, 6, 7, 8, 7,  //
                                                         4, 3, 4, 5, 4})) == 0);
  // Differences across: the mirrored border has the slope of the inside, turned round.
  CheckEveryKernel("Conv", 11, {}, {padded, FloatTensor({1, 1, 1, 3}, {-1, 0, 1})},
                   FloatTensor({1, 1, 5, 3}, {0, 2, 0, 0, 2, 0, 0, 2, 0, 0, 2, 0, 0, 2, 0}));
  // The mean of each 3x3 neighbourhood, times 9.
  CheckEveryKernel("Conv", 11, {}, {padded, FloatTensor({1, 1, 3, 3}, std::vector<float>(9, 1))},
                   FloatTensor({1, 1, 3, 3}, {24, 27, 30, 33, 36, 39, 42, 45, 48}));
}

TEST_CASE("batch normalization is (x - mean) / sqrt(var + eps) * scale + B", "[seeds][norm]") {
  // Variance and epsilon chosen so that the square roots are whole.
  const Tensor x = SmallIntegers({2, 3, 4, 5}, 31);
  const Tensor scale = FloatTensor({3}, {1, 2, -4}), bias = FloatTensor({3}, {0.5f, -1, 3});
  const Tensor mean = FloatTensor({3}, {0, 1, -2}), variance = FloatTensor({3}, {0, 3, 15});
  const float deviation[] = {1, 2, 4};
  std::vector<float> expected;
  for (int64_t i = 0; i < x.size(); ++i) {
    const int64_t c = i / 20 % 3;
    expected.push_back((x.data<float>()[i] - mean.data<float>()[c]) / deviation[c] *
                           scale.data<float>()[c] +
                       bias.data<float>()[c]);
  }
  for (const int opset : {9, 14, 15}) {
    CheckEveryKernel("BatchNormalization", opset, {{"epsilon", {1.0f}}},
                     {x, scale, bias, mean, variance}, FloatTensor(x.shape(), expected));
  }
}

TEST_CASE("a residual block adds its input to what its convolutions give", "[seeds][conv]") {
  // y = relu(conv(relu(conv(x))) + x). The first kernel shifts right by one pixel, the second back
  // by one and doubles, so the block gives 3x where x is positive but for the column shifted out.
  const Tensor x = SmallIntegers({1, 1, 4, 5}, 32);
  const Tensor right = FloatTensor({1, 1, 3, 3}, {0, 0, 0, 1, 0, 0, 0, 0, 0});
  const Tensor left = FloatTensor({1, 1, 3, 3}, {0, 0, 0, 0, 0, 2, 0, 0, 0});
  const Attributes same = {{"pads", IntsAttribute({1, 1, 1, 1})}};
  std::vector<float> expected;
  for (int64_t i = 0; i < x.size(); ++i) {
    const float value = std::max(x.data<float>()[i], 0.0f);
    expected.push_back(i % 5 == 4 ? value : 3 * value);
  }
  size_t kernels = 0;
  for (const auto& [kernel, first] : OnEveryKernel("Conv", 11, same, {x, right})) {
    const Tensor between = ByReference("Relu", 13, {}, {first});
    const auto second = RunOp("Conv", 11, same, {between, left}, 1, kernel);
    REQUIRE(second.ok());
    const Tensor sum = ByReference("Add", 13, {}, {second->front(), x});
    CheckSame(kernel, ByReference("Relu", 13, {}, {sum}), FloatTensor(x.shape(), expected));
    ++kernels;
  }
  CHECK(kernels >= 3);
}

}  // namespace
}  // namespace sardonyx
