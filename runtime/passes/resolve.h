// Binding a graph's nodes to operators.
#pragma once

#include <string>
#include <vector>

#include "runtime/graph/graph.h"
#include "runtime/op.h"

namespace sardonyx {

/// Finds the operator of every node that has none yet, subgraphs included, checks the counts of its
/// inputs and outputs, and parses its attributes into Node::attrs. All problems are returned, one
/// sentence each; none: the graph is ready for inference. `custom` must outlive the graph.
std::vector<std::string> ResolveOperators(Graph& graph, const CustomOps& custom = {});

}  // namespace sardonyx
