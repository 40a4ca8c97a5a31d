// Inference of types, shapes and small values over a whole graph.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// What is known of a value.
struct Known {
  Type type;
  std::optional<Tensor> value;        // where it is the same in every run (of these shapes)
  std::optional<SymbolicShape> ints;  // see InferContext::ints
};
using Knowledge = std::vector<Known>;  // by ValueId

/// How far nodes with known inputs are computed. A result is kept up to max_bytes, or, where it is
/// larger, up to twice what its inputs take. Once all that is known comes to max_total, as in a
/// chain of nodes each of which doubles its input, only results of a few kilobytes are.
struct EvaluateOptions {
  const RunEnvironment* environment = nullptr;  // null: nothing is computed
  int64_t max_bytes = 0;
  int64_t max_total = std::numeric_limits<int64_t>::max();
};

/// What the graph's constants and those of its subgraphs take.
int64_t ConstantBytes(const Graph& graph);

/// Knowledge of a graph's constants; everything else unknown.
Knowledge KnowConstants(const Graph& graph);

/// Infers every value that `graph`'s nodes compute from what `known` says of its inputs, captures
/// and constants. Operators must have been resolved. Errors name the node.
Status InferGraph(const Graph& graph, const EvaluateOptions& evaluate, Knowledge& known);

/// Types of one node's outputs from values at hand, each known wholly; `fallback` gives the types
/// of inputs that are no tensors.
StatusOr<std::vector<Type>> InferFromValues(const Node& node, absl::Span<const Value* const> inputs,
                                            absl::Span<const Type> fallback);

}  // namespace sardonyx
