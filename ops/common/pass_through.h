// For rewrites of nodes that turn out to hand their input on.
#pragma once

#include "runtime/graph/graph.h"

namespace sardonyx {

/// Removes the node, its first input in the place of its first output. False where that is an
/// output of the graph, which keeps its value and its name.
bool PassThrough(Graph& graph, Node& node);

}  // namespace sardonyx
