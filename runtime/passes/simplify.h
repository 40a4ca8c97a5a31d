// Making a graph smaller without changing what it computes.
#pragma once

#include "runtime/graph/graph.h"
#include "runtime/op.h"
#include "runtime/passes/infer.h"

namespace sardonyx {

struct SimplifyOptions {
  bool optimize = true;        // false: infer only
  bool channels_last = false;  // with optimize: choose layouts (AssignLayouts)
};

/// Infers, folds constants, drops what changes nothing or repeats another node, and applies the
/// operators' rewrites until nothing changes. Values of the result carry their inferred types.
/// Inputs (graph.inputs, captures) keep the types they have. Errors: those of inference.
Status Simplify(Graph& graph, const EvaluateOptions& evaluate, const SimplifyOptions& options);

}  // namespace sardonyx
