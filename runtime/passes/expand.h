// Nodes that stand for others.
#pragma once

#include "runtime/graph/graph.h"

namespace sardonyx {

/// Replaces each node whose operator can be expanded (OpDef::expand), types having been inferred,
/// and resolves what takes its place. True where types must be inferred again: before the next
/// call if nodes are left, or because the graph has changed. Errors name the node.
StatusOr<bool> ExpandNodes(Graph& graph);

}  // namespace sardonyx
