#include <catch2/catch.hpp>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

/// A graph of one float input of two dimensions, to which nodes are added one by one.
struct Builder {
  Graph graph;
  ValueId x;

  Builder() {
    x = graph.AddValue("x", Type::Tensor(DataType::kFloat, Shape({2, 3})));
    graph.inputs = {x};
  }
  ValueId Number(float value) {
    return graph.AddConstant(graph.FreshName("c"), Tensor::Scalar(value));
  }
  ValueId Add(const char* op, std::vector<ValueId> inputs,
              std::map<std::string, Attribute> attributes = {}) {
    const ValueId out =
        graph.AddValue(graph.FreshName("v"), Type::Tensor(DataType::kFloat, Shape({2, 3})));
    Node node{.op_type = op, .version = 13, .inputs = std::move(inputs), .outputs = {out}};
    node.attributes = std::move(attributes);
    node.op = FindOp("", op);
    ParseContext parse(node);
    node.attrs = *node.op->parse(parse);
    graph.nodes.push_back(std::move(node));
    return out;
  }
  /// Applies every node's rewrites once; the last node's operator afterwards.
  std::string Rewritten(ValueId output) {
    graph.outputs = {output};
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      if (graph.nodes[i].removed) continue;
      for (const Rewrite& rewrite : graph.nodes[i].op->rewrites) {
        REQUIRE(
            rewrite.apply(graph, static_cast<int>(i), graph.Producers(), graph.UseCounts()).ok());
      }
    }
    return graph.nodes.back().op_type;
  }
};

TEST_CASE("gates become activations", "[elementwise]") {
  Builder swish;
  const ValueId gate = swish.Add("Sigmoid", {swish.x});
  CHECK(swish.Rewritten(swish.Add("Mul", {gate, swish.x})) == "Swish");
  CHECK(swish.graph.nodes[0].removed);
  CHECK(swish.graph.nodes[1].inputs == std::vector<ValueId>{swish.x});

  Builder hard;
  const ValueId slope = hard.Add("HardSigmoid", {hard.x}, {{"alpha", {1.0f / 6}}});
  CHECK(hard.Rewritten(hard.Add("Mul", {hard.x, slope})) == "HardSwish");

  Builder steep;  // the default slope is 0.2
  const ValueId other = steep.Add("HardSigmoid", {steep.x});
  CHECK(steep.Rewritten(steep.Add("Mul", {steep.x, other})) == "Mul");

  Builder shared;  // the gate is read elsewhere too
  const ValueId twice = shared.Add("Sigmoid", {shared.x});
  shared.Add("Exp", {twice});
  CHECK(shared.Rewritten(shared.Add("Mul", {twice, shared.x})) == "Mul");

  Builder foreign;  // another value's gate
  const ValueId y = foreign.Add("Exp", {foreign.x});
  const ValueId of_y = foreign.Add("Sigmoid", {y});
  CHECK(foreign.Rewritten(foreign.Add("Mul", {of_y, foreign.x})) == "Mul");
}

TEST_CASE("what is spelt out becomes Gelu", "[elementwise]") {
  for (int form = 0; form < 4; ++form) {
    INFO("form " << form);
    Builder b;
    const ValueId scaled = form % 2 == 0 ? b.Add("Div", {b.x, b.Number(1.4142135f)})
                                         : b.Add("Mul", {b.Number(0.70710677f), b.x});
    const ValueId half = form == 2 ? b.Add("Mul", {b.x, b.Number(0.5f)}) : kNoValue;
    const ValueId sum = b.Add("Add", {b.Add("Erf", {scaled}), b.Number(1.0f)});
    ValueId y = kNoValue;
    if (form < 2) y = b.Add("Mul", {b.Add("Mul", {b.x, sum}), b.Number(0.5f)});
    if (form == 2) y = b.Add("Mul", {half, sum});
    if (form == 3) y = b.Add("Mul", {b.x, b.Add("Mul", {sum, b.Number(0.5f)})});
    CHECK(b.Rewritten(y) == "Gelu");
    CHECK(b.graph.nodes.back().inputs == std::vector<ValueId>{b.x});
  }
  Builder wrong;  // plus 2
  const ValueId erf = wrong.Add("Erf", {wrong.Add("Div", {wrong.x, wrong.Number(1.4142135f)})});
  const ValueId sum = wrong.Add("Add", {erf, wrong.Number(2.0f)});
  CHECK(wrong.Rewritten(wrong.Add("Mul", {wrong.Add("Mul", {wrong.x, sum}), wrong.Number(0.5f)})) ==
        "Mul");
}

}  // namespace
}  // namespace sardonyx
