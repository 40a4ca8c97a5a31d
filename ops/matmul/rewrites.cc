// What MatMul and Gemm absorb: a bias added behind them, and an activation.
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
  if (attrs.bias || attrs.activation || !IsFloat(graph, node.outputs[0])) return false;
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

}  // namespace

std::vector<Rewrite> MatMulRewrites() {
  return {{"matmul+bias", AbsorbBias}, {"matmul+activation", AbsorbActivation<MatMulAttrs>}};
}

std::vector<Rewrite> GemmRewrites() { return {{"gemm+activation", AbsorbActivation<GemmAttrs>}}; }

}  // namespace sardonyx
