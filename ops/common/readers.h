// Finding what reads a value, and taking its place, for rewrites that absorb the node behind
// theirs.
#pragma once

#include <vector>

#include "runtime/graph/graph.h"

namespace sardonyx {

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
