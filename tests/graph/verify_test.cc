#include "runtime/graph/verify.h"

#include <catch2/catch.hpp>

namespace sardonyx {
namespace {

using Catch::Contains;

std::string Error(const Graph& graph) {
  const Status status = Verify(graph);
  return status.ok() ? "no error" : std::string(status.message());
}

Graph Chain() {
  Graph graph;
  graph.inputs = {graph.AddValue("x")};
  const ValueId w = graph.AddConstant("w", Tensor::Scalar(1.0f));
  const ValueId y = graph.AddValue("y");
  const ValueId z = graph.AddValue("z");
  graph.nodes.push_back(
      {.name = "a", .op_type = "Add", .index = 0, .inputs = {0, w}, .outputs = {y}});
  graph.nodes.push_back({.name = "b",
                         .op_type = "Add",
                         .index = 1,
                         .inputs = {y, kNoValue},
                         .outputs = {z, kNoValue}});
  graph.outputs = {z};
  return graph;
}

TEST_CASE("Verify takes a well-formed graph and names what is wrong", "[graph]") {
  CHECK(Verify(Chain()).ok());
  Graph graph = Chain();
  std::swap(graph.nodes[0], graph.nodes[1]);
  CHECK_THAT(Error(graph), Contains("node 'b'") && Contains("'y', is computed only later"));
  graph = Chain();
  graph.nodes[0].removed = true;
  CHECK_THAT(Error(graph), Contains("input 0, 'y', is given by nothing"));
  graph = Chain();
  graph.nodes[1].outputs[1] = 2;
  CHECK_THAT(Error(graph), Contains("gives 'y', which is given already"));
  graph = Chain();
  graph.nodes[1].inputs[1] = 17;
  CHECK_THAT(Error(graph), Contains("input 1 is value 17 of 4"));
  graph = Chain();
  graph.outputs[0] = -1;
  CHECK_THAT(Error(graph), Contains("a graph output is value -1"));
  graph = Chain();
  graph.values[3].name = "y";
  CHECK_THAT(Error(graph), Contains("two values have the name 'y'"));
  graph = Chain();
  graph.inputs.push_back(0);
  CHECK_THAT(Error(graph), Contains("gives 'x', which is given already"));
  graph = Chain();
  graph.values[1].type = Type::Tensor(DataType::kFloat, Shape({2}));
  CHECK_THAT(Error(graph), Contains("constant 'w' is float[], declared as float[2]"));
  graph = Chain();
  graph.captures.push_back({.inner = 2, .outer = 0});
  CHECK_THAT(Error(graph), Contains("the outermost graph captures"));
}

TEST_CASE("Verify looks into subgraphs", "[graph]") {
  Graph graph = Chain();
  auto body = std::make_shared<Graph>();
  const ValueId inner = body->AddValue("y");
  body->captures = {{.inner = inner, .outer = 2}};
  body->outputs = {inner};
  graph.nodes[1].attributes["body"].data = body;
  CHECK(Verify(graph).ok());
  body->captures[0].outer = 3;
  CHECK_THAT(Error(graph), Contains("a value that its subgraph reads, 'z', is computed only"));
  body->captures[0].outer = 9;
  CHECK_THAT(Error(graph), Contains("in the subgraph of node 'b'") && Contains("value 9"));
  body->captures.clear();
  CHECK_THAT(Error(graph), Contains("graph output 'y' is given by nothing"));
}

TEST_CASE("Types that both describe one value", "[graph]") {
  const Type any = Type::Tensor(DataType::kFloat);
  const Type n3 = Type::Tensor(DataType::kFloat, SymbolicShape{Dim("N"), Dim(3)});
  const Type s23 = Type::Tensor(DataType::kFloat, Shape({2, 3}));
  CHECK(Compatible(any, n3));
  CHECK(Compatible(n3, s23));
  CHECK(Compatible(Type(), s23));
  CHECK_FALSE(Compatible(s23, Type::Tensor(DataType::kFloat, Shape({2, 4}))));
  CHECK_FALSE(Compatible(s23, Type::Tensor(DataType::kFloat, Shape({2}))));
  CHECK_FALSE(Compatible(s23, Type::Tensor(DataType::kInt8)));
  CHECK_FALSE(Compatible(s23, Type::Sequence(s23)));
  CHECK(Compatible(Type::Sequence(any), Type::Sequence(s23)));
}

}  // namespace
}  // namespace sardonyx
