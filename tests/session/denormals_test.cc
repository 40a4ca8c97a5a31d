// Results too small for normal numbers.
#include "runtime/base/denormals.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/session/session.h"
#include "tests/graph_builder.h"

namespace sardonyx {
namespace {

/// y = x * x, as a matrix product, for so many elements that several threads share them.
std::vector<float> SquaresOf(float x, const SessionOptions& options) {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kFloat, SymbolicShape{Dim("N"), Dim(1)}));
  g.Constant("w", Tensor::Of<float>({1, 1}, {x}));
  g.Node("MatMul", {"x", "w"}, {"y"});
  g.Output("y");
  auto session = Session::Create(g.model(), options);
  REQUIRE(session.ok());
  Tensor input = *Tensor::Create(DataType::kFloat, {1 << 20, 1});
  for (float& element : input.span<float>()) element = x;
  const auto outputs = (*session)->Run({{"x", input}});
  REQUIRE(outputs.ok());
  const auto squares = (*outputs)[0].tensor().span<float>();
  return {squares.begin(), squares.end()};
}

/// Without the flags in which exceptions gather.
uint32_t Controls() { return FloatModes() & ~0x3fu; }

bool AllAre(const std::vector<float>& values, float wanted) {
  return std::all_of(values.begin(), values.end(), [&](float value) { return value == wanted; });
}

TEST_CASE("runs make denormal results of products zero unless accuracy is strict", "[session]") {
#if defined(__SSE2__)
  for (int threads : {1, 3}) {
    CHECK(AllAre(SquaresOf(1e-20f, {.threads = threads}), 0));
    CHECK(AllAre(SquaresOf(1e-20f, {.accuracy = Accuracy::kStrict, .threads = threads}),
                 1e-20f * 1e-20f));
    CHECK(AllAre(SquaresOf(1e-20f, {.backend = BackendChoice::kReference, .threads = threads}),
                 1e-20f * 1e-20f));
    CHECK(AllAre(SquaresOf(1e-18f, {.threads = threads}), 1e-18f * 1e-18f));
  }
#else
  WARN("this machine's results stay as they are");
#endif
}

TEST_CASE("a run leaves its caller's float modes as they were", "[session]") {
  const uint32_t before = Controls();
  for (Accuracy accuracy : {Accuracy::kStrict, Accuracy::kDefault, Accuracy::kFast}) {
    SquaresOf(1e-20f, {.accuracy = accuracy, .threads = 2});
    CHECK(Controls() == before);
  }
  const FlushDenormals flush(true);
  const uint32_t flushing = Controls();
  SquaresOf(1e-20f, {.threads = 2});
  CHECK(Controls() == flushing);
}

}  // namespace
}  // namespace sardonyx
