// conv.onednn against conv.reference, which accumulates in double precision, on every case.
#include <catch2/catch.hpp>
#include <cmath>

#include "ops/conv/kernels.h"
#include "tests/conv/run_case.h"
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

double GreatestMagnitude(const Tensor& tensor) {
  double greatest = 0;
  for (const float value : tensor.span<float>()) {
    greatest = std::max(greatest, std::abs(static_cast<double>(value)));
  }
  return greatest;
}

double GreatestDifference(const Tensor& a, const Tensor& b) {
  double greatest = 0;
  for (int64_t i = 0; i < a.size(); ++i) {
    const double off = std::abs(static_cast<double>(a.data<float>()[i]) - b.data<float>()[i]);
    greatest = std::isnan(off) ? INFINITY : std::max(greatest, off);
  }
  return greatest;
}

TEST_CASE("conv.onednn agrees with the reference on any number of threads", "[conv][onednn]") {
  const std::vector<ConvCase> cases = InBothLayouts(SmallConvCases());
  int taken = 0;
  for (const ConvCase& conv_case : cases) {
    ConvRun reference(conv_case, 1);
    REQUIRE(reference.Prepare(ConvReference()).ok());
    REQUIRE(reference.Run().ok());
    // Errors arise in the sums, which an activation may make much smaller.
    ConvCase linear = conv_case;
    linear.activation = {};
    ConvRun sums(linear, 1);
    REQUIRE(sums.Prepare(ConvReference()).ok());
    REQUIRE(sums.Run().ok());
    const double norm = GreatestMagnitude(sums.y());
    for (const int threads : {1, 2, 3}) {
      for (const bool constant_weights : {true, false}) {
        INFO(conv_case.name << ", threads " << threads << (constant_weights ? "" : ", W input"));
        ConvRun run(conv_case, threads, constant_weights);
        if (const Status status = run.Prepare(ConvOneDnnKernel()); !status.ok()) {
          CHECK(status.code() == absl::StatusCode::kUnimplemented);
          continue;
        }
        ++taken;
        std::fill_n(run.y().data<float>(), run.y().size(), -77.0f);
        REQUIRE(run.Run().ok());
        CHECK(GreatestDifference(run.y(), reference.y()) <= 5e-6 * norm);
      }
    }
  }
  // It may lack a case or two: those with padding as large as the kernel.
  CHECK(taken >= 6 * (static_cast<int>(cases.size()) - 8));
}

TEST_CASE("conv.onednn applies every activation", "[conv][onednn]") {
  for (const Activation& activation : EveryActivation()) {
    const ConvCase conv_case{.name = ToString(activation),
                             .channels = 5,
                             .out_channels = 20,
                             .input = {9, 10},
                             .kernel = {3, 3},
                             .pads = {1, 1, 1, 1},
                             .residual = true,
                             .activation = activation};
    INFO(conv_case.name);
    ConvRun reference(conv_case, 1), run(conv_case, 2);
    REQUIRE(reference.Prepare(ConvReference()).ok());
    REQUIRE(run.Prepare(ConvOneDnnKernel()).ok());
    REQUIRE(reference.Run().ok());
    REQUIRE(run.Run().ok());
    CHECK(NormwiseError(run.y(), reference.y()) <= 1e-5);
  }
}

TEST_CASE("conv.onednn stops when it is told to", "[conv][onednn]") {
  ConvRun run({.channels = 16, .out_channels = 16, .input = {32, 32}, .kernel = {3, 3}}, 2);
  REQUIRE(run.Prepare(ConvOneDnnKernel()).ok());
  run.control().Stop();
  CHECK(run.Run().code() == absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace sardonyx
