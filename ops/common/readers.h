// Finding what reads a value, and taking its place, for rewrites that absorb the node behind
// theirs.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "runtime/graph/graph.h"

namespace sardonyx {

/// Whether it is that operator of ai.onnx, of that opset or a later one.
inline bool IsStandard(const Node& node, absl::string_view op, int least_version) {
  return node.domain.empty() && node.op_type == op && node.version >= least_version;
}

/// Whether both are known to be float tensors of equal shape.
inline bool SameFloatShape(const Type& a, const Type& b) {
  return a.element == DataType::kFloat && b.element == DataType::kFloat && a.shape && b.shape &&
         SameDims(*a.shape, *b.shape);
}

/// The node that computes `value`; null where none does. `producers` are graph.Producers().
inline const Node* ProducerOf(const Graph& graph, const std::vector<int>& producers,
                              ValueId value) {
  return value == kNoValue || producers[value] < 0 ? nullptr : &graph.nodes[producers[value]];
}

/// The node that alone reads output 0 of node `node`, and reads it once; -1 where the value has
/// more readers or none, is an output of the graph or captured by a subgraph. `uses` are
/// graph.UseCounts().
inline int OnlyReader(const Graph& graph, int node, const std::vector<int>& uses) {
  const ValueId value = graph.nodes[node].outputs[0];
  if (value == kNoValue || value >= static_cast<int>(uses.size()) || uses[value] != 1) return -1;
  // Nodes are in an order in which they can run, and a reader is mostly the next one.
  for (size_t i = node + 1; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].removed) continue;
    for (const ValueId input : graph.nodes[i].inputs) {
      if (input == value) return static_cast<int>(i);
    }
  }
  return -1;
}

/// Makes node `node` yield what `reader`, which read it, yielded, and drops `reader`.
inline void TakeOutputOf(Graph& graph, int node, int reader) {
  graph.nodes[node].outputs[0] = graph.nodes[reader].outputs[0];
  graph.nodes[reader].removed = true;
}

}  // namespace sardonyx
