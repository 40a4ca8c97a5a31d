#include <catch2/catch.hpp>

#include "runtime/session/session.h"
#include "tests/graph_builder.h"

namespace sardonyx {
namespace {

using Catch::Contains;

const Type kScalar = Type::Tensor(DataType::kFloat, Shape{});

/// y = cond ? x + x : x * x, with x captured.
std::shared_ptr<Model> BranchModel() {
  GraphBuilder g;
  g.Input("cond", Type::Tensor(DataType::kBool, Shape{}));
  g.Input("x", Type::Tensor(DataType::kFloat, SymbolicShape{Dim("N")}));
  const auto branch = [&](const std::string& op) {
    GraphBuilder body;
    body.Capture("v", g, "x");
    body.Node(op, {"v", "v"}, {"r"});
    body.Output("r");
    return GraphAttribute(body.graph());
  };
  g.Node("If", {"cond"}, {"y"}, {{"then_branch", branch("Add")}, {"else_branch", branch("Mul")}});
  g.Output("y");
  return g.model();
}

TEST_CASE("If runs the branch that its condition names", "[control]") {
  auto session = Session::Create(BranchModel());
  REQUIRE(session.ok());
  for (bool condition : {true, false, true}) {
    const auto outputs = (*session)->Run(
        {{"cond", Tensor::Scalar(condition)}, {"x", Tensor::Of<float>({3}, {1, 2, 5})}});
    INFO(outputs.status().message());
    INFO(outputs.status().message());
    REQUIRE(outputs.ok());
    CHECK((*outputs)[0].tensor().data<float>()[2] == (condition ? 10.0f : 25.0f));
  }
}

TEST_CASE("a branch that does not fit the shapes is an error once it is taken", "[control]") {
  GraphBuilder g;
  g.Input("cond", Type::Tensor(DataType::kBool, Shape{}));
  g.Input("x", Type::Tensor(DataType::kFloat, SymbolicShape{Dim("N")}));
  GraphBuilder squeeze, keep;
  squeeze.Capture("v", g, "x");
  squeeze.Constant("axes", Tensor::Of<int64_t>({1}, {0}));
  squeeze.Node("Squeeze", {"v", "axes"}, {"r"});
  squeeze.Output("r");
  keep.Capture("v", g, "x");
  keep.Node("Identity", {"v"}, {"r"});
  keep.Output("r");
  g.Node("If", {"cond"}, {"y"},
         {{"then_branch", GraphAttribute(squeeze.graph())},
          {"else_branch", GraphAttribute(keep.graph())}});
  g.Output("y");
  auto session = Session::Create(g.model());
  REQUIRE(session.ok());
  const auto run = [&](bool condition, const Tensor& x) {
    return (*session)->Run({{"cond", Tensor::Scalar(condition)}, {"x", x}});
  };
  const auto kept = run(false, Tensor::Of<float>({3}, {1, 2, 5}));
  INFO(kept.status().message());
  REQUIRE(kept.ok());
  CHECK((*kept)[0].tensor().shape() == Shape{3});
  const auto refused = run(true, Tensor::Of<float>({3}, {1, 2, 5}));
  REQUIRE_FALSE(refused.ok());
  CHECK_THAT(std::string(refused.status().message()), Contains("Squeeze"));
  const auto squeezed = run(true, Tensor::Of<float>({1}, {7}));
  REQUIRE(squeezed.ok());
  CHECK((*squeezed)[0].tensor().shape() == Shape{});
}

/// Counts `state` up by the captured step; scans the states.
std::shared_ptr<Model> LoopModel(bool growing) {
  GraphBuilder g;
  g.Input("trips", Type::Tensor(DataType::kInt64, Shape{}));
  g.Input("start", Type::Tensor(DataType::kFloat, Shape{1}));
  g.Constant("step", Tensor::Of<float>({1}, {2}));
  GraphBuilder body;
  body.Input("i", Type::Tensor(DataType::kInt64, Shape{}));
  body.Input("c", Type::Tensor(DataType::kBool, Shape{}));
  body.Input("s", Type{});
  body.Capture("d", g, "step");
  body.Node("Identity", {"c"}, {"go"});
  if (growing) {
    body.Node("Concat", {"s", "d"}, {"next"}, {{"axis", IntAttribute(0)}});
    body.Node("Identity", {"d"}, {"seen"});
  } else {
    body.Node("Add", {"s", "d"}, {"next"});
    body.Node("Identity", {"next"}, {"seen"});
  }
  body.Output("go");
  body.Output("next");
  body.Output("seen", Type::Tensor(DataType::kFloat, Shape{1}));
  g.Node("Loop", {"trips", "", "start"}, {"last", "all"}, {{"body", GraphAttribute(body.graph())}});
  g.Output("last");
  g.Output("all");
  return g.model();
}

TEST_CASE("Loop carries values and stacks what it scans", "[control]") {
  auto session = Session::Create(LoopModel(false));
  REQUIRE(session.ok());
  for (int64_t trips : {3, 0, 5}) {
    const auto outputs =
        (*session)->Run({{"trips", Tensor::Scalar(trips)}, {"start", Tensor::Of<float>({1}, {1})}});
    INFO(outputs.status().message());
    INFO(outputs.status().message());
    REQUIRE(outputs.ok());
    CHECK((*outputs)[0].tensor().data<float>()[0] == 1 + 2.0f * trips);
    REQUIRE((*outputs)[1].tensor().dim(0) == trips);
    for (int64_t i = 0; i < trips; ++i) {
      CHECK((*outputs)[1].tensor().data<float>()[i] == 3 + 2.0f * i);
    }
  }
}

TEST_CASE("a value that Loop carries may grow", "[control]") {
  auto session = Session::Create(LoopModel(true));
  REQUIRE(session.ok());
  const auto outputs = (*session)->Run(
      {{"trips", Tensor::Scalar<int64_t>(4)}, {"start", Tensor::Of<float>({1}, {1})}});
  INFO(outputs.status().message());
  REQUIRE(outputs.ok());
  CHECK((*outputs)[0].tensor().shape() == Shape{5});
}

TEST_CASE("an endless Loop ends at its deadline", "[control]") {
  auto session = Session::Create(LoopModel(false));
  REQUIRE(session.ok());
  const RunControl control(RunControl::Clock::now() + std::chrono::milliseconds(20));
  const auto result =
      (*session)->Run({{"trips", Tensor::Scalar(std::numeric_limits<int64_t>::max())},
                       {"start", Tensor::Of<float>({1}, {1})}},
                      {.control = &control});
  CHECK(result.status().code() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("a Loop that fills memory ends at the limit", "[control]") {
  auto session = Session::Create(LoopModel(true), {.memory_limit = 1 << 20});
  REQUIRE(session.ok());
  const auto result =
      (*session)->Run({{"trips", Tensor::Scalar(std::numeric_limits<int64_t>::max())},
                       {"start", Tensor::Of<float>({1}, {1})}});
  CHECK(result.status().code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("a sequence that grows without end meets the memory limit, or the deadline",
          "[control]") {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kFloat, Shape{1024}));
  g.Constant("trips", Tensor::Scalar(std::numeric_limits<int64_t>::max()));
  GraphBuilder body;
  body.Input("i", Type::Tensor(DataType::kInt64, Shape{}));
  body.Input("go", Type::Tensor(DataType::kBool, Shape{}));
  body.Input("s", Type::Sequence(Type::Tensor(DataType::kFloat)));
  body.Capture("v", g, "x");
  body.Node("Identity", {"go"}, {"again"});
  body.Node("SequenceInsert", {"s", "v"}, {"t"});
  body.Output("again");
  body.Output("t");
  g.Node("SequenceEmpty", {}, {"none"});
  g.Node("Loop", {"trips", "", "none"}, {"all"}, {{"body", GraphAttribute(body.graph())}});
  g.Output("all");
  const Tensor x = *Tensor::Create(DataType::kFloat, {1024});
  const auto limited = Session::Create(g.model(), {.memory_limit = 1 << 20});
  REQUIRE(limited.ok());
  CHECK((*limited)->Run({{"x", x}}).status().code() == absl::StatusCode::kResourceExhausted);
  const auto free = Session::Create(g.model());
  REQUIRE(free.ok());
  const RunControl control(RunControl::Clock::now() + std::chrono::milliseconds(20));
  CHECK((*free)->Run({{"x", x}}, {.control = &control}).status().code() ==
        absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("a sequence keeps what was put in, whatever happens to its source", "[control]") {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kFloat, Shape{4}));
  g.Constant("position", Tensor::Scalar<int64_t>(-2));
  g.Node("Neg", {"x"}, {"a"});
  g.Node("SequenceConstruct", {"a", "x"}, {"s"});
  g.Node("Abs", {"a"}, {"b"});  // may take over a's memory
  g.Node("SequenceInsert", {"s", "b"}, {"t"});
  g.Node("SequenceAt", {"t", "position"}, {"y"});
  g.Node("SequenceErase", {"t", "position"}, {"u"});
  g.Node("ConcatFromSequence", {"u"}, {"z"}, {{"axis", IntAttribute(0)}});
  g.Output("y");
  g.Output("z");
  auto session = Session::Create(g.model());
  REQUIRE(session.ok());
  const auto outputs = (*session)->Run({{"x", Tensor::Of<float>({4}, {1, 2, 3, 4})}});
  INFO(outputs.status().message());
  REQUIRE(outputs.ok());
  CHECK((*outputs)[0].tensor().data<float>()[3] == 4);
  const auto z = (*outputs)[1].tensor().span<float>();
  CHECK(std::vector<float>(z.begin(), z.end()) == std::vector<float>{-1, -2, -3, -4, 1, 2, 3, 4});
}

TEST_CASE("Scan-8: an item without steps gives zeros of the shape of the others' steps",
          "[control]") {
  GraphBuilder g(8);
  g.Input("lengths", Type::Tensor(DataType::kInt64, Shape{2}));
  g.Input("state", Type::Tensor(DataType::kFloat, Shape{2, 1}));
  g.Input("x", Type::Tensor(DataType::kFloat, Shape{2, 2, 1}));
  GraphBuilder body(8);
  body.Input("s", Type::Tensor(DataType::kFloat));
  body.Input("v", Type::Tensor(DataType::kFloat));
  body.Node("Add", {"s", "v"}, {"sum"});
  body.Node("Identity", {"sum"}, {"each"});
  body.Output("sum");
  body.Output("each");
  g.Node("Scan", {"lengths", "state", "x"}, {"last", "all"},
         {{"body", GraphAttribute(body.graph())}, {"num_scan_inputs", IntAttribute(1)}});
  g.Output("last");
  g.Output("all");
  const auto session = Session::Create(g.model());
  REQUIRE(session.ok());
  const auto run = [&](std::vector<int64_t> lengths) {
    return (*session)->Run({{"lengths", Tensor::Of<int64_t>({2}, lengths)},
                            {"state", Tensor::Of<float>({2, 1}, {10, 20})},
                            {"x", Tensor::Of<float>({2, 2, 1}, {1, 2, 3, 4})}});
  };
  const auto outputs = run({0, 1});
  INFO(outputs.status().message());
  REQUIRE(outputs.ok());
  const auto last = (*outputs)[0].tensor().span<float>(),
             all = (*outputs)[1].tensor().span<float>();
  CHECK(std::vector<float>(last.begin(), last.end()) == std::vector<float>{10, 23});
  CHECK((*outputs)[1].tensor().shape() == Shape{2, 2, 1});
  CHECK(std::vector<float>(all.begin(), all.end()) == std::vector<float>{0, 0, 23, 0});
  CHECK_FALSE(run({0, 3}).ok());
  CHECK_FALSE(run({-1, 0}).ok());
}

TEST_CASE("a Loop or Scan without iterations yields what its body declares, 0 times", "[control]") {
  GraphBuilder g;
  g.Input("n", Type::Tensor(DataType::kInt64, Shape{}));
  g.Input("x", Type::Tensor(DataType::kFloat));  // of unknown shape, as are all that follow
  const Type row = Type::Tensor(DataType::kFloat, SymbolicShape{Dim(4), Dim("N")});
  GraphBuilder loop, scan;
  loop.Input("i", Type::Tensor(DataType::kInt64, Shape{}));
  loop.Input("go", Type::Tensor(DataType::kBool, Shape{}));
  loop.Capture("v", g, "x");
  loop.Node("Identity", {"go"}, {"again"});
  loop.Node("Identity", {"v"}, {"row"});
  loop.Output("again");
  loop.Output("row", row);
  scan.Input("v", Type::Tensor(DataType::kFloat));
  scan.Node("Identity", {"v"}, {"row"});
  scan.Output("row", row);
  g.Node("Loop", {"n"}, {"a"}, {{"body", GraphAttribute(loop.graph())}});
  g.Node("Scan", {"x"}, {"b"},
         {{"body", GraphAttribute(scan.graph())}, {"num_scan_inputs", IntAttribute(1)}});
  g.Output("a");
  g.Output("b");
  const auto session = Session::Create(g.model());
  INFO(session.status());
  REQUIRE(session.ok());
  const auto outputs = (*session)->Run(
      {{"n", Tensor::Scalar<int64_t>(0)}, {"x", *Tensor::Create(DataType::kFloat, {0, 4, 2})}});
  INFO(outputs.status());
  REQUIRE(outputs.ok());
  CHECK((*outputs)[0].tensor().shape() == Shape{0, 4, 0});
  CHECK((*outputs)[1].tensor().shape() == Shape{0, 4, 0});
}

TEST_CASE("positions outside a sequence are errors", "[control]") {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kFloat, Shape{1}));
  g.Input("p", Type::Tensor(DataType::kInt64, Shape{}));
  g.Node("SequenceConstruct", {"x", "x"}, {"s"});
  g.Node("SequenceAt", {"s", "p"}, {"y"});
  g.Output("y");
  auto session = Session::Create(g.model());
  REQUIRE(session.ok());
  for (int64_t position : {2, -3, 100}) {
    const auto result = (*session)->Run(
        {{"x", Tensor::Of<float>({1}, {1})}, {"p", Tensor::Scalar<int64_t>(position)}});
    CHECK_THAT(std::string(result.status().message()),
               Contains("SequenceAt") && Contains(std::to_string(position)));
  }
}

}  // namespace
}  // namespace sardonyx
