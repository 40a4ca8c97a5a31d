#include "runtime/session/session.h"

#include <catch2/catch.hpp>
#include <thread>

#include "runtime/session/execution.h"
#include "tests/graph_builder.h"

namespace sardonyx {
namespace {

using Catch::Contains;

/// y = relu(x + 1) @ w, x being [N,2].
std::shared_ptr<Model> SmallModel() {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kFloat, SymbolicShape{Dim("N"), Dim(2)}));
  g.Constant("one", Tensor::Scalar(1.0f));
  g.Constant("w", Tensor::Of<float>({2, 2}, {1, 2, 3, 4}));
  g.Node("Add", {"x", "one"}, {"sum"});
  g.Node("Relu", {"sum"}, {"positive"});
  g.Node("MatMul", {"positive", "w"}, {"y"});
  g.Output("y");
  return g.model();
}

std::vector<float> Floats(const Value& value) {
  const auto span = value.tensor().span<float>();
  return {span.begin(), span.end()};
}

TEST_CASE("a model runs on inputs of several shapes, within a bounded cache of plans",
          "[session]") {
  auto session = Session::Create(SmallModel(), {.max_plans = 2});
  REQUIRE(session.ok());
  for (int round = 0; round < 2; ++round) {
    for (int64_t n : {1, 2, 3, 4, 0}) {
      auto x = Tensor::Create(DataType::kFloat, {n, 2});
      REQUIRE(x.ok());
      for (int64_t i = 0; i < x->size(); ++i) x->data<float>()[i] = static_cast<float>(i) - 2;
      const auto outputs = (*session)->Run({{"x", *x}});
      REQUIRE(outputs.ok());
      REQUIRE((*outputs)[0].tensor().shape() == Shape{n, 2});
      for (int64_t i = 0; i < n; ++i) {
        const float a = std::max(0.0f, 2.0f * i - 1), b = std::max(0.0f, 2.0f * i);
        CHECK((*outputs)[0].tensor().data<float>()[2 * i] == a + 3 * b);
        CHECK((*outputs)[0].tensor().data<float>()[2 * i + 1] == 2 * a + 4 * b);
      }
    }
  }
}

TEST_CASE("wrong inputs are refused and the session goes on working", "[session]") {
  auto session = Session::Create(SmallModel());
  REQUIRE(session.ok());
  const Tensor good = Tensor::Of<float>({1, 2}, {0, 0});
  const auto message = [&](const std::map<std::string, Value>& inputs) {
    return std::string((*session)->Run(inputs).status().message());
  };
  CHECK_THAT(message({{"xx", good}}), Contains("no input 'xx'") && Contains("'x'"));
  CHECK_THAT(message({}), Contains("input 'x'") && Contains("missing"));
  CHECK_THAT(message({{"x", Tensor::Of<double>({1, 2}, {0, 0})}}),
             Contains("double[1,2]") && Contains("float[N,2]"));
  CHECK_THAT(message({{"x", Tensor::Of<float>({1, 3}, {0, 0, 0})}}), Contains("float[1,3]"));
  CHECK_THAT(message({{"x", Tensor::Of<float>({2}, {0, 0})}}), Contains("float[2]"));
  CHECK_THAT(message({{"x", Sequence{}}}), Contains("sequence"));
  const auto outputs = (*session)->Run({{"x", good}});
  REQUIRE(outputs.ok());
  CHECK(Floats((*outputs)[0]) == std::vector<float>{4, 6});
}

TEST_CASE("an observer sees each layer's outputs, and can end the run", "[session]") {
  auto session = Session::Create(SmallModel(), {.optimize = false});
  REQUIRE(session.ok());
  const std::map<std::string, Value> inputs = {{"x", Tensor::Of<float>({1, 2}, {-5, 1})}};
  std::vector<std::string> names;
  std::vector<std::vector<float>> values;
  const auto watch = [&](const LayerOutput& output) {
    CHECK(output.layer == static_cast<int>(names.size()));
    names.emplace_back(output.name);
    values.push_back(Floats(output.value));
    return absl::OkStatus();
  };
  REQUIRE((*session)->Run(inputs, {.observer = watch}).ok());
  CHECK(names == std::vector<std::string>{"sum", "positive", "y"});
  CHECK(values == std::vector<std::vector<float>>{{-4, 2}, {0, 2}, {6, 8}});

  names.clear();
  const auto stop = [&](const LayerOutput& output) -> Status {
    names.emplace_back(output.name);
    return output.name == "positive" ? InvalidArgument("enough") : absl::OkStatus();
  };
  const Status status = (*session)->Run(inputs, {.observer = stop}).status();
  CHECK_THAT(std::string(status.message()), Contains("(Relu, #1): enough"));
  CHECK(names == std::vector<std::string>{"sum", "positive"});
  CHECK((*session)->Run(inputs).ok());
}

TEST_CASE("any value can be fetched, and a wrong name gets the nearest", "[session]") {
  auto session = Session::Create(SmallModel(), {.extra_outputs = {"sum", "one"}});
  REQUIRE(session.ok());
  REQUIRE((*session)->outputs().size() == 3);
  const auto outputs = (*session)->Run({{"x", Tensor::Of<float>({1, 2}, {-5, 1})}});
  REQUIRE(outputs.ok());
  CHECK(Floats((*outputs)[1]) == std::vector<float>{-4, 2});
  CHECK(Floats((*outputs)[2]) == std::vector<float>{1});
  const auto wrong = Session::Create(SmallModel(), {.extra_outputs = {"sun"}});
  CHECK_THAT(std::string(wrong.status().message()), Contains("'sun'") && Contains("'sum'"));
  auto all = Session::Create(SmallModel(), {.fetch_all = true});
  REQUIRE(all.ok());
  CHECK((*all)->outputs().size() == 3);
}

TEST_CASE("a symbol can be fixed", "[session]") {
  auto session = Session::Create(SmallModel(), {.symbols = {{"N", 3}}});
  REQUIRE(session.ok());
  CHECK((*session)->inputs()[0].type.ToString() == "float[3,2]");
  CHECK_FALSE((*session)->Run({{"x", Tensor::Of<float>({1, 2}, {0, 0})}}).ok());
  const auto wrong = Session::Create(SmallModel(), {.symbols = {{"M", 3}}});
  CHECK_THAT(std::string(wrong.status().message()), Contains("'M'"));
}

TEST_CASE("many threads run one program", "[session]") {
  auto session = Session::Create(SmallModel(), {.threads = 2});
  REQUIRE(session.ok());
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const auto value = static_cast<float>(t + 1);
        const int64_t n = 1 + (t + i) % 3;
        Tensor x = *Tensor::Create(DataType::kFloat, {n, 2});
        std::fill_n(x.data<float>(), x.size(), value);
        const auto outputs = (*session)->Run({{"x", x}});
        if (!outputs.ok() || Floats((*outputs)[0])[0] != 4 * (value + 1)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("a run stops when it is cancelled or late", "[session]") {
  auto session = Session::Create(SmallModel());
  REQUIRE(session.ok());
  const std::map<std::string, Value> inputs = {{"x", Tensor::Of<float>({1, 2}, {0, 0})}};
  RunControl cancelled;
  cancelled.Stop();
  CHECK((*session)->Run(inputs, {.control = &cancelled}).status().code() ==
        absl::StatusCode::kCancelled);
  const RunControl late(RunControl::Clock::now() - std::chrono::seconds(1));
  CHECK((*session)->Run(inputs, {.control = &late}).status().code() ==
        absl::StatusCode::kDeadlineExceeded);
  CHECK((*session)->Run(inputs).ok());
}

TEST_CASE("a deadline ends a long matrix product soon", "[session]") {
  GraphBuilder g;
  g.Input("a", Type::Tensor(DataType::kFloat, Shape{1500, 1500}));
  g.Node("MatMul", {"a", "a"}, {"b"});
  g.Node("MatMul", {"b", "a"}, {"c"});
  g.Output("c");
  for (BackendChoice backend : {BackendChoice::kReference, BackendChoice::kNative}) {
    auto session = Session::Create(g.model(), {.backend = backend});
    REQUIRE(session.ok());
    const RunControl control(RunControl::Clock::now() + std::chrono::milliseconds(2));
    const auto result = (*session)->Run({{"a", *Tensor::Create(DataType::kFloat, {1500, 1500})}},
                                        {.control = &control});
    CHECK(result.status().code() == absl::StatusCode::kDeadlineExceeded);
  }
}

TEST_CASE("the memory limit is kept and named", "[session]") {
  auto session = Session::Create(SmallModel(), {.memory_limit = 1 << 20});
  REQUIRE(session.ok());
  const Tensor large = *Tensor::Create(DataType::kFloat, {1 << 20, 2});
  const auto result = (*session)->Run({{"x", large}});
  CHECK(result.status().code() == absl::StatusCode::kResourceExhausted);
  CHECK_THAT(std::string(result.status().message()), Contains("1048576"));
  CHECK((*session)->Run({{"x", Tensor::Of<float>({1, 2}, {0, 0})}}).ok());
}

TEST_CASE("every problem of a model is told at once", "[session]") {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kFloat, Shape{2}));
  g.Node("Rellu", {"x"}, {"a"});
  g.Node("Relu", {"a"}, {"b"}, {{"slope", IntAttribute(1)}});
  g.Node("Add", {"b"}, {"c"});
  g.Output("c");
  const auto session = Session::Create(g.model());
  const std::string message(session.status().message());
  CHECK_THAT(message, Contains("'Rellu'") && Contains("'Relu'"));
  CHECK_THAT(message, Contains("'slope'"));
  CHECK_THAT(message, Contains("1 inputs"));
}

TEST_CASE("the plan shares memory among values that do not meet", "[session]") {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kFloat, Shape{64, 64}));
  std::string last = "x";
  for (int i = 0; i < 10; ++i) {
    const std::string next = "t" + std::to_string(i);
    g.Node("MatMul", {last, "x"}, {next});
    last = next;
  }
  g.Output(last);
  auto session = Session::Create(g.model());
  REQUIRE(session.ok());
  const auto report = (*session)->Describe();
  REQUIRE(report.ok());
  CHECK(report->layers.size() == 10);
  CHECK(report->unshared_bytes == 10 * 64 * 64 * 4);
  CHECK(report->arena_bytes == 2 * 64 * 64 * 4);
  CHECK(report->layers[0].multiply_adds == 64.0 * 64 * 64);
}

TEST_CASE("an operator does not overwrite an input that another input views", "[session]") {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kFloat, Shape{3}));
  g.Constant("shape", Tensor::Of<int64_t>({2}, {3, 1}));
  g.Constant("indices", Tensor::Of<int64_t>({3, 1}, {2, 1, 0}));
  g.Node("Neg", {"x"}, {"a"});
  g.Node("Reshape", {"a", "shape"}, {"column"});
  g.Node("Flatten", {"column"}, {"row"}, {{"axis", IntAttribute(0)}});
  g.Node("Squeeze", {"row"}, {"updates"});
  g.Node("ScatterND", {"a", "indices", "updates"}, {"y"});
  g.Output("y");
  auto session = Session::Create(g.model());
  REQUIRE(session.ok());
  const auto outputs = (*session)->Run({{"x", Tensor::Of<float>({3}, {1, 2, 3})}});
  REQUIRE(outputs.ok());
  CHECK(Floats((*outputs)[0]) == std::vector<float>{-3, -2, -1});
}

}  // namespace
}  // namespace sardonyx
