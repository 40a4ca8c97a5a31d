// What MatMul and Gemm absorb: a bias and a tensor added behind them, and an activation.
#include "ops/common/make_node.h"
#include "ops/common/readers.h"
#include "ops/matmul/matmul.h"

namespace sardonyx {
namespace {

bool IsFloat(const Graph& graph, ValueId value) {
  const Type& type = graph.value(value).type;
  return type.is_tensor() && type.element == DataType::kFloat;
}

/// Whether `value` is a float tensor that holds one number for each of `columns`, and broadcasts
/// to a result of `rank` without making it larger.
bool IsColumnBias(const Graph& graph, ValueId value, const Dim& columns, int rank) {
  const auto shape = graph.value(value).type.StaticShape();
  return IsFloat(graph, value) && shape && columns.known() && shape->rank() >= 1 &&
         shape->rank() <= rank && (*shape)[shape->rank() - 1] == columns.value &&
         shape->Elements() == columns.value;
}

template <typename A>
StatusOr<bool> AbsorbActivation(Graph& graph, int index, const std::vector<int>&,
                                const std::vector<int>& uses) {
  const Node& node = graph.nodes[index];
  const auto& attrs = static_cast<const A&>(*node.attrs);
  if (attrs.activation || !IsFloat(graph, node.outputs[0])) return false;
  const int reader = OnlyReader(graph, index, uses);
  if (reader < 0 || graph.nodes[reader].inputs[0] != node.outputs[0]) return false;
  const auto activation = ActivationOf(graph, graph.nodes[reader]);
  if (!activation) return false;
  auto fused = std::make_shared<A>(attrs);
  fused->activation = *activation;
  graph.nodes[index].attrs = std::move(fused);
  TakeOutputOf(graph, index, reader);
  return true;
}

StatusOr<bool> AbsorbBias(Graph& graph, int index, const std::vector<int>& producers,
                          const std::vector<int>& uses) {
  Node& node = graph.nodes[index];
  const auto& attrs = static_cast<const MatMulAttrs&>(*node.attrs);
  if (attrs.bias || attrs.residual || attrs.activation || !IsFloat(graph, node.outputs[0]))
    return false;
  const int reader = OnlyReader(graph, index, uses);
  if (reader < 0) return false;
  const Node& add = graph.nodes[reader];
  // Before opset 7 Add's broadcasting was governed by attributes.
  if (!add.domain.empty() || add.op_type != "Add" || add.version < 7) return false;
  const ValueId bias = add.inputs[add.inputs[0] == node.outputs[0] ? 1 : 0];
  const Type& result = graph.value(node.outputs[0]).type;
  const Type& right = graph.value(node.inputs[1]).type;
  // With a vector on the right the last dimension of the result is A's rows.
  if (result.rank() < 1 || right.rank() < 2 ||
      !IsColumnBias(graph, bias, result.shape->back(), result.rank())) {
    return false;
  }
  if (const int producer = producers[bias]; producer >= index) return false;  // computed later
  auto fused = std::make_shared<MatMulAttrs>(attrs);
  fused->bias = true;
  node.attrs = std::move(fused);
  node.inputs.push_back(bias);
  TakeOutputOf(graph, index, reader);
  return true;
}

/// Whether the node's inputs leave room for a residual, and may be given one.
bool TakesResidual(const Graph&, const Node&, const MatMulAttrs& attrs) {
  return !attrs.residual && !attrs.activation;
}
bool TakesResidual(const Graph& graph, const Node& gemm, const GemmAttrs& attrs) {
  if (attrs.residual || attrs.activation || attrs.beta != 1) return false;
  if (gemm.inputs.size() <= 2 || gemm.inputs[2] == kNoValue) return true;
  const auto c = graph.value(gemm.inputs[2]).type.StaticShape();
  return c && StridesOfBias(*c).row == 0;
}

void AddResidual(Node& node, MatMulAttrs& attrs, ValueId residual) {
  attrs.residual = true;
  node.inputs.push_back(residual);
}
void AddResidual(Node& node, GemmAttrs& attrs, ValueId residual) {
  attrs.residual = true;
  node.inputs.resize(kGemmResidual, kNoValue);
  node.inputs.push_back(residual);
}

/// An Add of a tensor of the result's shape; views of the result may come between.
template <typename A>
StatusOr<bool> AbsorbResidual(Graph& graph, int index, const std::vector<int>&,
                              const std::vector<int>& uses) {
  const auto& attrs = static_cast<const A&>(*graph.nodes[index].attrs);
  if (!TakesResidual(graph, graph.nodes[index], attrs)) return false;
  int last = index, reader = OnlyReader(graph, index, uses);
  while (reader >= 0 && graph.nodes[reader].op->view &&
         graph.nodes[reader].inputs[0] == graph.nodes[last].outputs[0]) {
    last = reader;
    reader = OnlyReader(graph, last, uses);
  }
  if (reader < 0 || !IsStandard(graph.nodes[reader], "Add", 7)) return false;
  const ValueId product = graph.nodes[last].outputs[0];
  const Node& add = graph.nodes[reader];
  ValueId residual = add.inputs[add.inputs[0] == product ? 1 : 0];
  // Nothing that the residual is made from can depend on the product, whose only reader is the Add.
  if (!SameFloatShape(graph.value(product).type, graph.value(residual).type)) return false;
  if (last != index) {
    const auto shape = graph.value(graph.nodes[index].outputs[0]).type.StaticShape();
    if (!shape) return false;
    SX_ASSIGN_OR_RETURN(residual, AddReshape(graph, residual, *shape));
  }
  auto fused = std::make_shared<A>(attrs);
  AddResidual(graph.nodes[index], *fused, residual);
  graph.nodes[index].attrs = std::move(fused);
  TakeOutputOf(graph, last, reader);
  return true;
}

}  // namespace

std::vector<Rewrite> MatMulRewrites() {
  return {{"matmul+bias", AbsorbBias},
          {"matmul+residual", AbsorbResidual<MatMulAttrs>},
          {"matmul+activation", AbsorbActivation<MatMulAttrs>}};
}

std::vector<Rewrite> GemmRewrites() {
  return {{"gemm+residual", AbsorbResidual<GemmAttrs>},
          {"gemm+activation", AbsorbActivation<GemmAttrs>}};
}

}  // namespace sardonyx
