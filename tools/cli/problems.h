// Everything about a model that keeps it from running.
#pragma once

#include <string>
#include <vector>

#include "runtime/graph/graph.h"
#include "runtime/session/session.h"

namespace sardonyx {

/// One sentence for each problem: operators, opsets, counts and attributes of all nodes, then
/// types and shapes of all that can be inferred; where these are right, what compiling says.
/// Inference goes on behind a node that failed, whose outputs count as unknown.
std::vector<std::string> FindProblems(const std::shared_ptr<const Model>& model,
                                      const SessionOptions& options);

}  // namespace sardonyx
