// Every native Conv kernel and the reference against double precision, on every case that it takes.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "absl/strings/match.h"
#include "ops/conv/kernels.h"
#include "ops/conv/native.h"
#include "tests/conv/exact_sum.h"
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

struct Tested {
  KernelDef def;
  double bound;  // of max|y - y64| / max|y64|
  int least;     // cases that it must at least take
};

std::vector<Tested> Kernels() {
  const std::vector<ConvCase> cases = SmallConvCases();
  const int all = static_cast<int>(cases.size());
  const int grouped = static_cast<int>(std::count_if(cases.begin(), cases.end(), [](const auto& c) {
    return c.group > 1 && c.kernel.size() < 3 && c.channels + c.out_channels > 2 * c.group;
  }));
  return {{ConvReference(), 1e-7, 2 * all},  {ConvIm2col(), 5e-6, all},  {ConvGemm(), 5e-6, all},
          {ConvDirect1x1(), 5e-6, 5},        {ConvWinograd2(), 1e-5, 9}, {ConvWinograd4(), 5e-5, 8},
          {ConvWinograd6(), 5e-4, 8},        {ConvDirect(), 5e-6, 8},    {ConvDepthwise(), 5e-6, 9},
          {ConvGroupedLast(), 5e-6, grouped}};
}

/// All sums, in the order of Y.
std::vector<double> Sums(ConvRun& run) {
  std::vector<double> sums(static_cast<size_t>(run.conv().output().Elements()));
  for (size_t i = 0; i < sums.size(); ++i) sums[i] = ExactSum(run, static_cast<int64_t>(i));
  return sums;
}

TEST_CASE("native Conv kernels agree with the definition", "[conv][native]") {
  for (const Tested& tested : Kernels()) {
    int taken = 0;
    for (const ConvCase& conv_case : InBothLayouts(SmallConvCases())) {
      for (bool constant_weights : {true, false}) {
        INFO(tested.def.name << " on " << conv_case.name << (constant_weights ? "" : ", W input"));
        ConvRun run(conv_case, 1, constant_weights);
        if (const Status status = run.Prepare(tested.def); !status.ok()) {
          CHECK(status.code() == absl::StatusCode::kUnimplemented);
          continue;
        }
        taken += constant_weights;
        std::fill_n(run.y().data<float>(), run.y().size(), -77.0f);
        REQUIRE(run.Run().ok());
        double error = 0, norm = 0;
        const std::vector<double> sums = Sums(run);
        REQUIRE(static_cast<int64_t>(sums.size()) == run.y().size());
        for (size_t i = 0; i < sums.size(); ++i) {
          // Activations are not steep: applied to the rounded sum they add one rounding at most.
          const double expected = conv_case.activation
                                      ? Apply(conv_case.activation, static_cast<float>(sums[i]))
                                      : sums[i];
          const double off = std::abs(run.y().data<float>()[i] - expected);
          error = std::isnan(off) ? std::numeric_limits<double>::infinity() : std::max(error, off);
          norm = std::max(norm, std::abs(sums[i]));
        }
        CHECK(error <= tested.bound * norm);
      }
    }
    INFO(tested.def.name);
    CHECK(taken >= tested.least);
  }
}

TEST_CASE("native Conv kernels apply every activation", "[conv][native]") {
  for (const Tested& tested : Kernels()) {
    for (const Activation& activation : EveryActivation()) {
      for (const ConvCase& conv_case :
           InBothLayouts({{"all channels", 1, 16, 20, {9, 10}, {3, 3}, {}, {}, {1, 1, 1, 1}},
                          {"1x1", 1, 16, 20, {9, 10}, {1, 1}},
                          {"groups", 1, 20, 20, {9, 10}, {3, 3}, {}, {}, {1, 1, 1, 1}, 5},
                          {"depthwise", 1, 20, 20, {9, 10}, {3, 3}, {}, {}, {1, 1, 1, 1}, 20}})) {
        ConvCase activated = conv_case;
        activated.activation = activation;
        activated.residual = true;
        INFO(tested.def.name << " on " << conv_case.name << ", " << ToString(activation));
        ConvRun reference(activated, 1), run(activated, 2);
        if (!run.Prepare(tested.def).ok()) continue;
        REQUIRE(reference.Prepare(ConvReference()).ok());
        REQUIRE(reference.Run().ok());
        REQUIRE(run.Run().ok());
        CHECK(NormwiseError(run.y(), reference.y()) <= 5 * tested.bound);
      }
    }
  }
}

TEST_CASE("native Conv kernels give the same bits on any number of threads", "[conv][native]") {
  for (const Tested& tested : Kernels()) {
    for (const ConvCase& conv_case : InBothLayouts(SmallConvCases())) {
      INFO(tested.def.name << " on " << conv_case.name);
      ConvRun one(conv_case, 1);
      if (!one.Prepare(tested.def).ok()) continue;
      REQUIRE(one.Run().ok());
      for (int threads : {2, 3}) {
        ConvRun more(conv_case, threads);
        REQUIRE(more.Prepare(tested.def).ok());
        REQUIRE(more.Run().ok());
        CHECK(std::memcmp(one.y().raw(), more.y().raw(), one.y().bytes()) == 0);
      }
    }
  }
}

TEST_CASE("native Conv kernels spread NaN to what reads it and no further", "[conv][native]") {
  for (const Tested& tested : Kernels()) {
    for (const ConvCase& conv_case : InBothLayouts(SmallConvCases())) {
      if (conv_case.activation.kind != Activation::Kind::kRelu &&
          conv_case.activation.kind != Activation::Kind::kNone) {
        continue;
      }
      INFO(tested.def.name << " on " << conv_case.name);
      ConvRun run(conv_case, 1);
      if (!run.Prepare(tested.def).ok()) continue;
      run.input(0).data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
      REQUIRE(run.Run().ok());
      const std::vector<double> sums = Sums(run);
      // Winograd's tiles share what they read: there a NaN may reach the outputs next to it.
      const bool tiles = absl::StartsWith(tested.def.name, "conv.winograd");
      int64_t lost = 0, invented = 0;
      for (size_t i = 0; i < sums.size(); ++i) {
        const bool nan = std::isnan(run.y().data<float>()[i]);
        lost += std::isnan(sums[i]) && !nan;
        invented += !std::isnan(sums[i]) && nan;
      }
      CHECK(lost == 0);
      if (!tiles) CHECK(invented == 0);
    }
  }
}

TEST_CASE("native Conv kernels stop when they are told to", "[conv][native]") {
  for (const Tested& tested : Kernels()) {
    for (const ConvCase& conv_case : InBothLayouts(SmallConvCases())) {
      ConvRun run(conv_case, 2);
      if (!run.Prepare(tested.def).ok()) continue;
      run.control().Stop();
      CHECK(run.Run().code() == absl::StatusCode::kCancelled);
    }
  }
}

}  // namespace
}  // namespace sardonyx
