#include "ops/norm/fusion.h"

#include "ops/common/make_node.h"
#include "ops/common/readers.h"
#include "ops/reduce/reduce.h"

namespace sardonyx {
namespace {

/// The value whose means over the last axis, kept as one of size 1, are `value`.
ValueId MeanOf(const Graph& graph, const std::vector<int>& producers, ValueId value) {
  const Node* node = ProducerOf(graph, producers, value);
  if (node == nullptr || !IsStandard(*node, "ReduceMean", 1)) return kNoValue;
  const auto& attrs = static_cast<const ReduceAttrs&>(*node->attrs);
  Ints axes = attrs.axes;
  if (node->inputs.size() > 1 && node->inputs[1] != kNoValue) {
    const Tensor* given = graph.constant(node->inputs[1]);
    const auto ints = given == nullptr ? StatusOr<Ints>(Ints()) : ToInts(*given);
    if (!ints.ok()) return kNoValue;
    axes = *ints;
  }
  const int rank = graph.value(node->inputs[0]).type.rank();
  const bool last = axes.size() == 1 && (axes[0] == -1 || axes[0] == rank - 1);
  return last && attrs.keepdims && rank >= 1 ? node->inputs[0] : kNoValue;
}

/// The one element of a float constant of rank 0 or 1.
std::optional<float> NumberOf(const Graph& graph, ValueId value) {
  const Tensor* number = graph.constant(value);
  if (number == nullptr || number->size() != 1 || number->rank() > 1 ||
      number->type() != DataType::kFloat) {
    return std::nullopt;
  }
  return number->data<float>()[0];
}

/// The value that `value` is the square of.
ValueId RootOf(const Graph& graph, const std::vector<int>& producers, ValueId value) {
  const Node* node = ProducerOf(graph, producers, value);
  if (node == nullptr || node->inputs.size() != 2) return kNoValue;
  const bool multiplies = IsStandard(*node, "Mul", 7) && node->inputs[0] == node->inputs[1];
  const bool squares = IsStandard(*node, "Pow", 7) && NumberOf(graph, node->inputs[1]) == 2.0f;
  return multiplies || squares ? node->inputs[0] : kNoValue;
}

/// The other input of a node of that operator which alone reads what node `index` yields; the
/// reader goes to *reader. kNoValue where there is none.
ValueId BesideIn(const Graph& graph, const std::vector<int>& uses, int index, absl::string_view op,
                 int* reader) {
  *reader = OnlyReader(graph, index, uses);
  if (*reader < 0 || !IsStandard(graph.nodes[*reader], op, 7)) return kNoValue;
  const auto& inputs = graph.nodes[*reader].inputs;
  return inputs[inputs[0] == graph.nodes[index].outputs[0] ? 1 : 0];
}

/// Whether `value` is a float vector with an element for each of the last axis of x.
bool IsRowVector(const Graph& graph, ValueId value, const Type& x) {
  if (value == kNoValue) return false;
  const Type& type = graph.value(value).type;
  return type.element == DataType::kFloat && type.rank() == 1 && x.shape->back().known() &&
         (*type.shape)[0].SameAs(x.shape->back());
}

StatusOr<bool> SqrtToLayerNorm(Graph& graph, int index, const std::vector<int>& producers,
                               const std::vector<int>& uses) {
  const Node* add = ProducerOf(graph, producers, graph.nodes[index].inputs[0]);
  if (add == nullptr || !IsStandard(*add, "Add", 7)) return false;
  const int number = NumberOf(graph, add->inputs[1]) ? 1 : 0;
  const auto epsilon = NumberOf(graph, add->inputs[number]);
  if (!epsilon) return false;
  // The variance is the mean square of x - mean.
  const ValueId squares = MeanOf(graph, producers, add->inputs[1 - number]);
  if (squares == kNoValue) return false;
  const ValueId centred = RootOf(graph, producers, squares);
  const Node* sub = ProducerOf(graph, producers, centred);
  if (sub == nullptr || !IsStandard(*sub, "Sub", 7)) return false;
  const ValueId x = sub->inputs[0];
  if (MeanOf(graph, producers, sub->inputs[1]) != x) return false;
  const Type& type = graph.value(x).type;
  if (type.element != DataType::kFloat || type.rank() < 1) return false;

  int div = -1, scaled = -1, shifted = -1;
  if (BesideIn(graph, uses, index, "Div", &div) != centred ||
      graph.nodes[div].inputs[0] != centred) {
    return false;
  }
  const ValueId scale = BesideIn(graph, uses, div, "Mul", &scaled);
  if (!IsRowVector(graph, scale, type)) return false;
  const ValueId bias = BesideIn(graph, uses, scaled, "Add", &shifted);
  const bool has_bias = IsRowVector(graph, bias, type);
  const int last = has_bias ? shifted : scaled;
  std::vector<ValueId> inputs = {x, scale};
  if (has_bias) inputs.push_back(bias);
  SX_ASSIGN_OR_RETURN(Node norm, MakeNode("LayerNormalization", std::move(inputs),
                                          graph.nodes[last].outputs, {{"epsilon", {*epsilon}}}));
  norm.name = graph.nodes[last].name;
  norm.index = graph.nodes[last].index;
  graph.nodes[last] = std::move(norm);
  return true;
}

}  // namespace

std::vector<Rewrite> SqrtRewrites() { return {{"sqrt to layer norm", SqrtToLayerNorm}}; }

}  // namespace sardonyx
