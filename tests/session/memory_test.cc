// What a session keeps of a model's weights.
#include <catch2/catch.hpp>

#include "absl/strings/str_join.h"
#include "runtime/session/execution.h"
#include "runtime/session/session.h"
#include "tests/graph_builder.h"

namespace sardonyx {
namespace {

using Catch::Contains;

constexpr int64_t kChannels = 32;

/// A 3x3 convolution of [batch, 32, 16, 16], its weights counted in `budget`, and what is added.
std::shared_ptr<Model> ConvModel(const Dim& batch, const std::shared_ptr<MemoryBudget>& budget) {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kFloat, SymbolicShape{batch, kChannels, 16, 16}));
  Tensor w = *Tensor::Create(DataType::kFloat, {kChannels, kChannels, 3, 3}, budget);
  for (int64_t i = 0; i < w.size(); ++i) w.data<float>()[i] = static_cast<float>(i % 7) - 3;
  g.Constant("w", std::move(w));
  g.Node("Conv", {"x", "w"}, {"y"}, {{"pads", IntsAttribute({1, 1, 1, 1})}});
  g.Output("y");
  return g.model();
}
constexpr int64_t kWeightBytes = kChannels * kChannels * 9 * 4;

Value Ones(int64_t batch) {
  Tensor x = *Tensor::Create(DataType::kFloat, {batch, kChannels, 16, 16});
  for (float& element : x.span<float>()) element = 1;
  return x;
}

float SumOf(const std::vector<Value>& outputs) {
  float sum = 0;
  for (float element : outputs[0].tensor().span<float>()) sum += element;
  return sum;
}

TEST_CASE("weights that were packed are let go where input shapes cannot vary", "[session]") {
  const auto budget = std::make_shared<MemoryBudget>();
  const auto expected = [&] {
    auto session = Session::Create(ConvModel(Dim("N"), nullptr));
    REQUIRE(session.ok());
    return SumOf(*(*session)->Run({{"x", Ones(1)}}));
  }();
  for (BackendChoice backend :
       {BackendChoice::kAuto, BackendChoice::kNative, BackendChoice::kOneDnn}) {
    INFO(std::string(Name(backend)));
    auto session = Session::Create(ConvModel(Dim(1), budget), {.backend = backend, .threads = 2});
    REQUIRE(session.ok());
    CHECK(budget->used() == 0);
    for (int run = 0; run < 2; ++run) {
      const auto outputs = (*session)->Run({{"x", Ones(1)}});
      REQUIRE(outputs.ok());
      CHECK(SumOf(*outputs) == Approx(expected));
    }
    const auto report = (*session)->Describe({{"x", {1, kChannels, 16, 16}}});
    REQUIRE(report.ok());
    CHECK(report->layers.back().parameters >= 0);
    CHECK_THAT(
        std::string((*session)->Describe({{"x", {2, kChannels, 16, 16}}}).status().message()),
        Contains("shapes"));
  }
}

TEST_CASE("weights stay while somebody may want them", "[session]") {
  const auto budget = std::make_shared<MemoryBudget>();
  const auto used_with = [&](const std::shared_ptr<Model>& model, const SessionOptions& options) {
    auto session = Session::Create(model, options);
    REQUIRE(session.ok());
    CHECK((*session)->Run({{"x", Ones(1)}}).ok());
    return budget->used();
  };
  const std::shared_ptr<Model> held = ConvModel(Dim(1), budget);
  CHECK(used_with(held, {}) == kWeightBytes);  // the caller
  CHECK(used_with(held, {}) == kWeightBytes);
  {
    auto session = Session::Create(ConvModel(Dim("N"), budget));  // another batch
    REQUIRE(session.ok());
    for (int64_t batch : {1, 2}) CHECK((*session)->Run({{"x", Ones(batch)}}).ok());
    CHECK(budget->used() == 2 * kWeightBytes);
  }
  auto session = Session::Create(ConvModel(Dim(1), budget), {.backend = BackendChoice::kReference});
  REQUIRE(session.ok());
  CHECK(budget->used() == 2 * kWeightBytes);  // the reference kernel reads them
}

TEST_CASE("packed weights count in the session's memory", "[session]") {
  auto session = Session::Create(ConvModel(Dim(1), nullptr), {.backend = BackendChoice::kNative});
  REQUIRE(session.ok());
  CHECK((*session)->budget()->used() >= kWeightBytes);
  const auto small = Session::Create(ConvModel(Dim(1), nullptr),
                                     {.backend = BackendChoice::kNative, .memory_limit = 1000});
  CHECK_THAT(std::string(small.status().message()), Contains("no memory to pack"));
}

TEST_CASE("memory does not grow with runs, nor with input shapes beyond the plans that are kept",
          "[session]") {
  auto session = Session::Create(ConvModel(Dim("N"), nullptr), {.threads = 2, .max_plans = 3});
  REQUIRE(session.ok());
  const auto used_after = [&](int64_t first, int64_t last) {
    for (int64_t batch = first; batch <= last; ++batch) {
      REQUIRE((*session)->Run({{"x", Ones(batch)}}).ok());
    }
    return (*session)->budget()->used();
  };
  used_after(1, 8);
  const int64_t used = used_after(6, 8);
  CHECK(used_after(1, 8) == used);  // of the three shapes that came last
  for (int round = 0; round < 20; ++round) CHECK(used_after(1, 8) == used);
  for (int run = 0; run < 2000; ++run) used_after(8, 8);
  CHECK((*session)->budget()->used() == used);
}

TEST_CASE("a limit on transformed weights leaves them to kernels that do not transform",
          "[session]") {
  const auto kernel_with = [](int64_t limit) {
    auto session = Session::Create(ConvModel(Dim(1), nullptr),
                                   {.backend = BackendChoice::kNative, .transformed_limit = limit});
    REQUIRE(session.ok());
    const auto report = (*session)->Describe();
    REQUIRE(report.ok());
    for (const LayerReport& layer : report->layers) {
      if (layer.op == "Conv") return layer;
    }
    return LayerReport();
  };
  CHECK_THAT(kernel_with(1 << 20).kernel, Contains("winograd"));
  const LayerReport refused = kernel_with(kWeightBytes);
  CHECK(refused.kernel == "conv.gemm");
  CHECK_THAT(absl::StrJoin(refused.refusals, "\n"),
             Contains("conv.winograd4: no memory for transformed weights"));
}

}  // namespace
}  // namespace sardonyx
