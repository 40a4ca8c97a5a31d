// Choosing between ONNX's layout of tensors, [N, C, D...], and channels-last, [N, D..., C].
#pragma once

#include "absl/strings/string_view.h"
#include "runtime/graph/graph.h"

namespace sardonyx {

/// Moves nodes that gain from it, and those between them that can follow, to channels-last tensors
/// (OpDef::channels_last), with transpositions where the layouts meet. The graph's inputs, outputs
/// and what subgraphs capture stay as they are. Types of values must be inferred; nodes must be in
/// an order in which they can run, and afterwards need sorting.
/// Whether anything changed.
bool AssignLayouts(Graph& graph);

/// A value's name before the pass: a channels-last one has that of the value it stands for.
absl::string_view NameInModel(const ValueInfo& value);

}  // namespace sardonyx
