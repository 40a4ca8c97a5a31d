// What `inspect` shows besides the table of layers.
#pragma once

#include <string>

#include "runtime/graph/graph.h"
#include "runtime/session/session.h"
#include "tools/cli/output.h"

namespace sardonyx {

/// The weights as the model has them, one in a line: range, mean, share of zeros, histogram.
void ReportWeights(const Graph& graph, Report& report);

/// How much of the arena is in use while each layer runs, where values lie in it, and which of them
/// make the peak.
void ReportMemory(const PlanReport& plan, Report& report);

/// The layers as a graph in DOT, the language of Graphviz.
std::string DotOf(const PlanReport& plan, const std::vector<Port>& inputs,
                  const std::vector<Port>& outputs);

/// What differs between two models: operator sets, inputs and outputs, nodes and weights, nodes
/// being matched by their first output's name. Whether anything does.
bool ReportDifferences(const Model& a, const Model& b, Report& report);

}  // namespace sardonyx
