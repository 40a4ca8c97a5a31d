// Checks that a graph is well formed.
#pragma once

#include "runtime/graph/graph.h"

namespace sardonyx {

/// Checks what every pass relies on, in the graph and its subgraphs: ids are in range; no two
/// values share a name; each value comes from at most one input, constant (a graph input may have
/// one as its default), node or capture, and what is read comes from one; graph inputs are
/// distinct; constants agree with their declared types; captures name values of the enclosing
/// graph; nodes come after what they read.
/// Errors: one line for each problem, the first few dozen.
Status Verify(const Graph& graph);

/// Whether one value may have both types: what both of them say agrees.
bool Compatible(const Type& a, const Type& b);

}  // namespace sardonyx
