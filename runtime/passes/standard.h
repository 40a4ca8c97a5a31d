// Making a graph smaller in such a way that it can still be written as ONNX.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/graph/graph.h"
#include "runtime/op.h"
#include "runtime/passes/infer.h"

namespace sardonyx {

/// What a pass did to the whole graph, its subgraphs included.
struct PassReport {
  std::string pass;
  bool changed = false;
  bool has_no_onnx = false;  // its result cannot be written as ONNX and was undone
  size_t nodes_before = 0, nodes_after = 0;
};

struct StandardOptions {
  EvaluateOptions evaluate;
  std::vector<std::string> passes;  // some of StandardPasses
  /// Called after each pass of each round.
  std::function<Status(const PassReport&, const Graph&)> after = {};
};

/// The passes there are for this graph, in the order in which they run: constant folding, what
/// changes nothing, what is repeated, the rewrites of its operators by name, and what is dead.
std::vector<std::string> StandardPasses(const Graph& graph);

/// Runs the passes over a graph whose operators have been resolved, again and again until nothing
/// changes. Its values then have their inferred types; outputs keep what they are declared to be
/// where inference knows less. Rewrites that put something into typed attributes for which ONNX has
/// no words are undone and left out. Nodes are brought to the opset version in `opsets` where their
/// operator has not changed between. Errors: those of inference, a pass that there is not.
Status OptimizeStandard(Graph& graph, const std::map<std::string, int>& opsets,
                        const StandardOptions& options);

}  // namespace sardonyx
