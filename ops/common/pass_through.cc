#include "ops/common/pass_through.h"

#include <algorithm>

namespace sardonyx {

bool PassThrough(Graph& graph, Node& node) {
  const ValueId from = node.outputs[0], to = node.inputs[0];
  if (std::find(graph.outputs.begin(), graph.outputs.end(), from) != graph.outputs.end()) {
    return false;
  }
  graph.ReplaceUses(from, to);
  node.removed = true;
  return true;
}

}  // namespace sardonyx
