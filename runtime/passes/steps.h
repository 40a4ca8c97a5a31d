// The steps of which a graph is made smaller; each may be taken at any time, in any order.
#pragma once

#include <functional>

#include "runtime/graph/graph.h"
#include "runtime/op.h"
#include "runtime/passes/infer.h"

namespace sardonyx {

/// How often the steps are taken at most: enough for chains of rewrites that enable one another.
constexpr int kMaxRounds = 8;

/// Infers every value; inputs and captures have the types that the graph gives them.
Status Infer(const Graph& graph, const EvaluateOptions& evaluate, Knowledge& known);
/// Makes what is known of types the graph's own knowledge.
void KeepTypes(Graph& graph, const Knowledge& known);

// Each says whether it changed anything. Removed nodes stay until Graph::Compact.

/// Results that are the same in every run become constants; their nodes go.
bool FoldConstants(Graph& graph, const Knowledge& known);
/// Views into the shape that their input has already go.
bool DropIdentities(Graph& graph, const Knowledge& known);
/// Nodes that compute what an earlier one has computed go. Only while no rewrite has changed typed
/// attributes, which are not compared.
bool MergeRepeated(Graph& graph);
/// Nodes whose results nobody reads go.
bool DropDead(Graph& graph);
/// Applies the operators' rewrites that are `wanted` (null: all), each as often as it can be; types
/// must have been kept. Nodes may be out of order then.
StatusOr<bool> ApplyRewrites(Graph& graph,
                             const std::function<bool(const Rewrite&)>& wanted = nullptr);

}  // namespace sardonyx
