// Cutting a part out of a graph.
#pragma once

#include <string>
#include <vector>

#include "runtime/graph/graph.h"

namespace sardonyx {

/// Leaves of `graph` what computes the values `outputs` from the values `inputs`, all of them named
/// as the model names them. The values become the graph's inputs and outputs, in that order, and
/// have the types that the graph gives them; a graph input with a default stays one where it is
/// read. No inputs: those of the graph that are read.
/// Errors: no such value; an input of the graph that the part reads is not among `inputs`; one of
/// `inputs` is not read; an output that is one of `inputs`. The graph is then of no more use.
Status Extract(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
               Graph& graph);

}  // namespace sardonyx
