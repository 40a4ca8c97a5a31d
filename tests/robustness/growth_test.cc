// Small models that grow: each limit stops them before they take what they ask for.
#include <catch2/catch.hpp>

#include "importer/importer.h"
#include "runtime/session/session.h"
#include "tests/graph_builder.h"
#include "tests/importer/models.h"

namespace sardonyx {
namespace {

using Catch::Contains;

TEST_CASE("messages of too many parts are refused before they are parsed", "[robust]") {
  wire::ModelProto model = ReluModel();
  const auto error = [&] {
    const auto made = ImportBytes(model.SerializeAsString());
    return made.ok() ? "none" : std::string(made.status().message());
  };
  CHECK(error() == "none");
  for (int i = 0; i < 2'000'000; ++i) model.mutable_graph()->mutable_node(0)->add_input("");
  CHECK_THAT(error(), Contains("more strings and messages than 2000000"));
}

/// y = v0 doubled `count` times by nodes of `op`, which take their input twice.
void Double(GraphBuilder& g, const std::string& op, int count,
            const std::map<std::string, Attribute>& attributes = {}) {
  for (int i = 0; i < count; ++i) {
    const std::string from = "v" + std::to_string(i);
    g.Node(op, {from, from}, {i + 1 < count ? "v" + std::to_string(i + 1) : "y"}, attributes);
  }
  g.Output("y");
}

TEST_CASE("constants that double are not folded without end", "[robust]") {
  GraphBuilder g;
  g.Constant("v0", Tensor::Of<float>({1}, {1}));
  Double(g, "Concat", 30, {{"axis", Attribute{int64_t{0}}}});
  // 2^30 floats are 4 GiB, of which loading computes no more than a part.
  const auto session = Session::Create(g.model(), {.threads = 1, .memory_limit = 100 << 20});
  CHECK_THAT(std::string(session.status().message()), Contains("the memory limit of 104857600"));
}

TEST_CASE("strings that double count in the memory limit", "[robust]") {
  GraphBuilder g;
  g.Input("v0", Type::Tensor(DataType::kString, Shape({1})));
  Double(g, "StringConcat", 40);
  const auto session = Session::Create(g.model(), {.threads = 1, .memory_limit = 1 << 20});
  REQUIRE(session.ok());
  const Tensor start = Tensor::Of<std::string>({1}, {"ab"});
  const auto outputs = (*session)->Run({{"v0", start}});
  CHECK(outputs.status().code() == absl::StatusCode::kResourceExhausted);
  CHECK((*session)->budget()->peak() <= 1 << 20);
}

TEST_CASE("a long string is not repeated beyond the memory limit", "[robust]") {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kString, Shape({1})));
  g.Constant("n", Tensor::Of<int64_t>({1}, {1000}));
  g.Node("Tile", {"x", "n"}, {"y"});
  g.Output("y");
  const auto session = Session::Create(g.model(), {.threads = 1, .memory_limit = 1 << 20});
  REQUIRE(session.ok());
  const auto run = [&](size_t length) {
    return (*session)->Run({{"x", Tensor::Of<std::string>({1}, {std::string(length, 'x')})}});
  };
  CHECK(run(100).ok());
  CHECK_THAT(std::string(run(10'000).status().message()), Contains("1000 strings"));
  CHECK(run(100).ok());
}

TEST_CASE("a sequence of many small tensors counts what each takes", "[robust]") {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kFloat, SymbolicShape{Dim("N")}));
  g.Node("SplitToSequence", {"x"}, {"s"}, {{"keepdims", Attribute{int64_t{0}}}});
  g.Node("SequenceLength", {"s"}, {"y"});
  g.Output("y");
  const auto session = Session::Create(g.model(), {.threads = 1, .memory_limit = 8 << 20});
  REQUIRE(session.ok());
  const auto run = [&](int64_t n) {
    return (*session)->Run({{"x", *Tensor::Create(DataType::kFloat, Shape({n}))}}).status().code();
  };
  CHECK(run(1000) == absl::StatusCode::kOk);
  CHECK(run(100'000) == absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace sardonyx
