// NaN and infinities through every Conv kernel's activations.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "ops/conv/kernels.h"
#include "ops/conv/native.h"
#include "tests/conv/run_case.h"

namespace sardonyx {
namespace {

enum class Class { kFinite, kNaN, kInfinity, kMinusInfinity };

std::vector<Class> Classes(const Tensor& tensor) {
  std::vector<Class> classes;
  for (const float x : tensor.span<float>()) {
    classes.push_back(std::isnan(x)    ? Class::kNaN
                      : !std::isinf(x) ? Class::kFinite
                      : x > 0          ? Class::kInfinity
                                       : Class::kMinusInfinity);
  }
  return classes;
}

/// In the residual, which reaches the activation just as it is.
void PutSpecialValues(ConvRun& run) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float special[] = {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity};
  const auto residual = run.input(kConvResidual).span<float>();
  for (size_t i = 0; i < residual.size(); i += 7) residual[i] = special[i / 7 % 3];
}

TEST_CASE("Conv kernels take NaN and infinities through every activation", "[conv]") {
  const std::vector<KernelDef> kernels{
      ConvOneDnnKernel(), ConvIm2col(),    ConvGemm(),   ConvDirect1x1(), ConvWinograd2(),
      ConvWinograd4(),    ConvWinograd6(), ConvDirect(), ConvDepthwise(), ConvGroupedLast()};
  int taken = 0;
  for (const Activation& activation : EveryActivation()) {
    for (ConvCase conv_case :
         InBothLayouts({{"all channels", 1, 16, 20, {9, 10}, {3, 3}, {}, {}, {1, 1, 1, 1}},
                        {"1x1", 1, 16, 20, {9, 10}, {1, 1}},
                        {"groups", 1, 20, 20, {9, 10}, {3, 3}, {}, {}, {1, 1, 1, 1}, 5},
                        {"depthwise", 1, 20, 20, {9, 10}, {3, 3}, {}, {}, {1, 1, 1, 1}, 20}})) {
      conv_case.activation = activation;
      conv_case.residual = true;
      ConvRun reference(conv_case, 1);
      PutSpecialValues(reference);
      REQUIRE(reference.Prepare(ConvReference()).ok());
      REQUIRE(reference.Run().ok());
      for (const KernelDef& kernel : kernels) {
        INFO(kernel.name << " on " << conv_case.name << ", " << ToString(activation));
        ConvRun run(conv_case, 2);
        PutSpecialValues(run);
        if (!run.Prepare(kernel).ok()) continue;
        REQUIRE(run.Run().ok());
        CHECK(Classes(run.y()) == Classes(reference.y()));
        ++taken;
      }
    }
  }
  CHECK(taken >= 200);
}

}  // namespace
}  // namespace sardonyx
