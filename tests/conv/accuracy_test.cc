// Every Conv kernel within its bound of what double precision gives (normwise, as the design has
// it), on some hundred shapes drawn at random and on all 3x3 layers of the exported networks.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "ops/conv/kernels.h"
#include "ops/conv/native.h"
#include "tests/conv/exact_sum.h"

namespace sardonyx {
namespace {

constexpr int kRandomShapes = 450;
constexpr int64_t kSamples = 400;  // outputs compared of one tensor

struct Bound {
  KernelDef def;
  double most;  // of max|y - y64| / max|y64|
};

std::vector<Bound> Bounds() {
  return {{ConvGemm(), 5e-6},      {ConvGroupedLast(), 5e-6}, {ConvDepthwiseLast(), 5e-6},
          {ConvWinograd6(), 5e-4}, {ConvWinograd2(), 1e-5},   {ConvWinograd4(), 5e-5},
          {ConvDirect(), 5e-6},    {ConvDirect1x1(), 5e-6},   {ConvIm2col(), 5e-6},
          {ConvDepthwise(), 5e-6}, {ConvOneDnnKernel(), 5e-6}};
}

/// A 3x3 layer on a square image, as lenet, squeezenet1_1, mobilenet_v2, resnet18, resnet50, vgg11,
/// vgg16, densenet121, efficientnet_b0, resnext50_32x4d, inception_v3 and shufflenet_v2_x1_0 have
/// it.
struct Layer {
  int64_t in, out, size, stride, pad, group;
};
constexpr Layer kLayers[] = {
    {1, 64, 224, 1, 1, 1},     {3, 24, 224, 2, 1, 1},      {3, 32, 224, 2, 1, 1},
    {3, 32, 299, 2, 0, 1},     {3, 64, 224, 1, 1, 1},      {3, 64, 224, 2, 0, 1},
    {16, 64, 55, 1, 1, 1},     {24, 24, 56, 2, 1, 24},     {32, 32, 112, 1, 1, 32},
    {32, 32, 149, 1, 0, 1},    {32, 64, 147, 1, 1, 1},     {32, 128, 27, 1, 1, 1},
    {48, 192, 13, 1, 1, 1},    {58, 58, 28, 1, 1, 58},     {58, 58, 56, 2, 1, 58},
    {64, 64, 56, 1, 1, 1},     {64, 64, 224, 1, 1, 1},     {64, 96, 35, 1, 1, 1},
    {64, 128, 56, 2, 1, 1},    {64, 128, 112, 1, 1, 1},    {64, 256, 13, 1, 1, 1},
    {80, 192, 73, 1, 0, 1},    {96, 96, 35, 1, 1, 1},      {96, 96, 35, 2, 0, 1},
    {96, 96, 112, 2, 1, 96},   {116, 116, 14, 1, 1, 116},  {116, 116, 28, 2, 1, 116},
    {128, 32, 7, 1, 1, 1},     {128, 32, 14, 1, 1, 1},     {128, 32, 28, 1, 1, 1},
    {128, 32, 56, 1, 1, 1},    {128, 128, 28, 1, 1, 1},    {128, 128, 56, 1, 1, 32},
    {128, 128, 56, 2, 1, 1},   {128, 128, 112, 1, 1, 1},   {128, 256, 28, 2, 1, 1},
    {128, 256, 56, 1, 1, 1},   {144, 144, 56, 1, 1, 144},  {144, 144, 56, 2, 1, 144},
    {192, 192, 17, 2, 0, 1},   {192, 192, 28, 1, 1, 192},  {192, 192, 28, 2, 1, 192},
    {192, 320, 17, 2, 0, 1},   {232, 232, 7, 1, 1, 232},   {232, 232, 14, 2, 1, 232},
    {240, 240, 28, 2, 1, 240}, {256, 256, 14, 1, 1, 1},    {256, 256, 28, 1, 1, 32},
    {256, 256, 28, 2, 1, 1},   {256, 256, 56, 1, 1, 1},    {256, 256, 56, 2, 1, 32},
    {256, 512, 14, 2, 1, 1},   {256, 512, 28, 1, 1, 1},    {288, 384, 35, 2, 0, 1},
    {384, 384, 14, 1, 1, 384}, {448, 384, 8, 1, 1, 1},     {480, 480, 14, 1, 1, 480},
    {512, 512, 7, 1, 1, 1},    {512, 512, 14, 1, 1, 1},    {512, 512, 14, 1, 1, 32},
    {512, 512, 14, 2, 1, 1},   {512, 512, 28, 1, 1, 1},    {512, 512, 28, 2, 1, 32},
    {576, 576, 14, 1, 1, 576}, {576, 576, 14, 2, 1, 576},  {960, 960, 7, 1, 1, 960},
    {1024, 1024, 7, 1, 1, 32}, {1024, 1024, 14, 2, 1, 32}, {1152, 1152, 7, 1, 1, 1152}};

std::vector<ConvCase> NetworkLayers() {
  std::vector<ConvCase> cases;
  for (const Layer& layer : kLayers) {
    cases.push_back({absl::StrCat(layer.in, " to ", layer.out, " of ", layer.size, "x", layer.size),
                     1,
                     layer.in,
                     layer.out,
                     {layer.size, layer.size},
                     {3, 3},
                     {layer.stride, layer.stride},
                     {},
                     Ints(4, layer.pad),
                     layer.group});
  }
  return cases;
}

/// Shapes as networks have them, and odder ones: half of them what Winograd's kernels take.
std::vector<ConvCase> RandomShapes() {
  std::mt19937 generator(2026);
  const auto draw = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(generator);
  };
  std::vector<ConvCase> cases;
  while (static_cast<int>(cases.size()) < kRandomShapes) {
    ConvCase next{.name = absl::StrCat("random shape ", cases.size()), .batch = draw(1, 2)};
    const bool plain = draw(0, 1) == 0;
    next.group = plain ? 1 : draw(0, 2) == 0 ? draw(2, 12) : 1;
    const bool depthwise = next.group > 1 && draw(0, 1) == 0;
    next.channels = next.group * (depthwise ? 1 : draw(plain ? 16 : 1, 90 / next.group + 16));
    next.out_channels = depthwise ? next.channels : next.group * draw(1, 90 / next.group + 16);
    if (plain) next.out_channels += 16;
    for (int axis = 0; axis < 2; ++axis) {
      next.kernel.push_back(plain ? 3 : draw(1, 7));
      next.strides.push_back(plain ? 1 : draw(1, 3));
      next.dilations.push_back(plain ? 1 : draw(1, 2));
      next.input.push_back(draw((next.kernel[axis] - 1) * next.dilations[axis] + 1, 40));
    }
    for (int side = 0; side < 4; ++side) next.pads.push_back(draw(0, next.kernel[side % 2] - 1));
    next.bias = draw(0, 1) == 0;
    next.residual = draw(0, 3) == 0;
    cases.push_back(std::move(next));
  }
  return cases;
}

/// max|y - y64| / max|y64| over outputs spread over Y.
double NormwiseErrorOf(ConvRun& run) {
  const int64_t size = run.y().size(), step = std::max<int64_t>(1, size / kSamples) | 1;
  double error = 0, norm = 0;
  for (int64_t i = 0; i < size; i += step) {
    const double exact = ExactSum(run, i), off = std::abs(run.y().data<float>()[i] - exact);
    error = std::isnan(off) ? std::numeric_limits<double>::infinity() : std::max(error, off);
    norm = std::max(norm, std::abs(exact));
  }
  return norm == 0 ? error : error / norm;
}

/// Checks all kernels that take a case; how many did.
int CheckKernels(const ConvCase& conv_case) {
  int taken = 0;
  ConvRun run(conv_case, 2);
  for (const Bound& bound : Bounds()) {
    INFO(bound.def.name << " on " << conv_case.name);
    if (!run.Prepare(bound.def).ok()) continue;
    ++taken;
    std::fill_n(run.y().data<float>(), run.y().size(), -77.0f);
    REQUIRE(run.Run().ok());
    CHECK(NormwiseErrorOf(run) <= bound.most);
  }
  return taken;
}

TEST_CASE("Conv kernels keep their bounds on random shapes", "[conv][accuracy]") {
  for (const ConvCase& conv_case : InBothLayouts(RandomShapes())) {
    INFO(conv_case.name);
    CHECK(CheckKernels(conv_case) >= 1);
  }
}

TEST_CASE("Conv kernels keep their bounds on the networks' 3x3 layers", "[conv][accuracy]") {
  for (const ConvCase& conv_case : InBothLayouts(NetworkLayers())) {
    INFO(conv_case.name);
    CHECK(CheckKernels(conv_case) >= 2);
  }
}

}  // namespace
}  // namespace sardonyx
