// Choosing between ONNX's layout of tensors, [N, C, D...], and channels-last, [N, D..., C].
#pragma once

#include "runtime/graph/graph.h"

namespace sardonyx {

/// Moves nodes that gain from it, and those between them that can follow, to channels-last tensors
/// (OpDef::channels_last), with transpositions where the layouts meet. The graph's inputs, outputs
/// and what subgraphs capture stay as they are. Types of values must be inferred; nodes must be in
/// an order in which they can run, and afterwards need sorting.
/// Whether anything changed.
bool AssignLayouts(Graph& graph);

}  // namespace sardonyx
