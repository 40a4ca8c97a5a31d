// Kernels chosen beforehand, and by measurement.
#include "runtime/session/tune.h"

#include <catch2/catch.hpp>

#include "tests/graph_builder.h"
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

GraphBuilder TwoConvs() {
  GraphBuilder builder;
  builder.Input("x", Type::Tensor(DataType::kFloat, Shape{1, 32, 12, 12}));
  builder.Constant("w", SmallIntegers({32, 32, 3, 3}, 1));
  builder.Constant("v", SmallIntegers({16, 32, 1, 1}, 2));
  builder.Node("Conv", {"x", "w"}, {"c"}, {{"pads", IntsAttribute({1, 1, 1, 1})}});
  builder.Node("Conv", {"c", "v"}, {"d"});
  builder.Node("Neg", {"d"}, {"y"});
  builder.Output("y");
  return builder;
}

const LayerReport& ConvLayer(const PlanReport& report, size_t which) {
  for (const LayerReport& layer : report.layers) {
    if (layer.op == "Conv" && which-- == 0) return layer;
  }
  FAIL("no such layer");
  return report.layers.front();
}

PlanReport DescribeWith(const KernelChoices& kernels) {
  auto session = Session::Create(TwoConvs().model(), {.threads = 1, .kernels = kernels});
  INFO(session.status().ToString());
  REQUIRE(session.ok());
  auto report = (*session)->Describe();
  REQUIRE(report.ok());
  return *std::move(report);
}

TEST_CASE("a layer gets the kernel that was chosen for it", "[tune]") {
  const PlanReport report = DescribeWith({});
  const LayerReport& layer = ConvLayer(report, 0);
  REQUIRE(layer.candidates.size() > 2);
  CHECK(std::count(layer.candidates.begin(), layer.candidates.end(), layer.kernel) == 1);
  CHECK(std::count(layer.candidates.begin(), layer.candidates.end(), "conv.reference") == 0);
  for (const std::string& kernel : layer.candidates) {
    CHECK(ConvLayer(DescribeWith({{layer.output_names[0], kernel}}), 0).kernel == kernel);
  }
  // Other layers keep theirs; what refuses the layer, or is no kernel, changes nothing.
  const LayerReport& other = ConvLayer(report, 1);
  CHECK(ConvLayer(DescribeWith({{layer.output_names[0], "conv.gemm"}}), 1).kernel == other.kernel);
  for (const std::string& wrong : {"conv.winograd4", "conv.nothing", ""}) {
    CHECK(ConvLayer(DescribeWith({{other.output_names[0], wrong}}), 1).kernel == other.kernel);
  }
  CHECK(ConvLayer(DescribeWith({{"nothing", "conv.gemm"}}), 0).kernel == layer.kernel);
}

TEST_CASE("tuning measures every candidate and keeps what a run gives", "[tune]") {
  const Tensor x = SmallIntegers({1, 32, 12, 12}, 3);
  const auto tuning = Tune(TwoConvs().model(), {.threads = 1}, {{"x", x}}, {.seconds = 0.05});
  INFO(tuning.status().ToString());
  REQUIRE(tuning.ok());
  const PlanReport report = DescribeWith({});
  const LayerReport& layer = ConvLayer(report, 0);
  REQUIRE(tuning->layers.size() >= 2);
  const TunedLayer& tuned = tuning->layers[0];
  CHECK(tuned.output == layer.output_names[0]);
  CHECK(tuned.by_estimate == layer.kernel);
  CHECK(tuned.kernels.size() == layer.candidates.size());
  for (size_t i = 0; i + 1 < tuned.kernels.size(); ++i) {
    CHECK(tuned.kernels[i].second <= tuned.kernels[i + 1].second);
  }
  CHECK(tuned.kernels.front().second > 0);
  CHECK(tuning->tuned_ms <= tuning->estimated_ms);

  const auto run = [&](const KernelChoices& kernels) {
    auto session = Session::Create(TwoConvs().model(), {.threads = 1, .kernels = kernels});
    REQUIRE(session.ok());
    auto outputs = (*session)->Run({{"x", x}});
    REQUIRE(outputs.ok());
    return (*outputs)[0].tensor();
  };
  CHECK(NormwiseError(run(tuning->kernels), run({})) < 1e-4);
}

TEST_CASE("a session may be tuned when it is made", "[tune]") {
  const auto run = [](const StatusOr<std::unique_ptr<Session>>& session) {
    INFO(session.status().ToString());
    REQUIRE(session.ok());
    auto outputs = (*session)->Run({{"x", SmallIntegers({1, 32, 12, 12}, 3)}});
    REQUIRE(outputs.ok());
    return (*outputs)[0].tensor();
  };
  const auto model = TwoConvs().model();
  const Tensor expected = run(Session::Create(model, {.threads = 1}));
  const auto tuned = CreateTuned(model, {.threads = 1}, {.seconds = 0.05});
  CHECK(NormwiseError(run(tuned), expected) < 1e-4);
  const RunControl past(RunControl::Clock::now());
  CHECK(CreateTuned(model, {}, {.seconds = 0, .control = &past}).status().code() ==
        absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("a model that takes no zeros keeps its estimates", "[tune]") {
  GraphBuilder builder;
  builder.Input("x", Type::Sequence(Type::Tensor(DataType::kFloat, Shape{2})));
  builder.Node("SequenceLength", {"x"}, {"n"});
  builder.Output("n");
  const auto session = CreateTuned(builder.model(), {.threads = 1}, {.seconds = 1});
  INFO(session.status().ToString());
  CHECK(session.ok());
}

TEST_CASE("tuning stops with its errors", "[tune]") {
  const Tensor x = SmallIntegers({1, 32, 12, 12}, 3), wrong = SmallIntegers({1, 3, 12, 12}, 3);
  CHECK_FALSE(Tune(TwoConvs().model(), {}, {{"x", wrong}}, {.seconds = 0}).ok());
  CHECK_FALSE(Tune(TwoConvs().model(), {}, {{"z", x}}, {.seconds = 0}).ok());
  const RunControl past(RunControl::Clock::now());
  CHECK_FALSE(Tune(TwoConvs().model(), {}, {{"x", x}}, {.seconds = 0, .control = &past}).ok());
}

}  // namespace
}  // namespace sardonyx
