// Everything about a model that keeps it from running.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "runtime/graph/graph.h"
#include "runtime/session/session.h"

namespace sardonyx {

struct Problem {
  enum class Kind { kFile, kOperator, kShapes, kCompile };  // where it shows
  Kind kind;
  std::string text;  // one sentence
};

/// Problems of `kind`, one for each line of `text`.
std::vector<Problem> ProblemsOf(Problem::Kind kind, absl::string_view text);

/// All problems: operators, opsets, counts and attributes of all nodes, then
/// types and shapes of all that can be inferred; where these are right, what compiling says.
/// Inference goes on behind a node that failed, whose outputs count as unknown.
std::vector<Problem> FindProblems(const std::shared_ptr<const Model>& model,
                                  const SessionOptions& options);

/// Gives the values of a model's graph their types, as far as these can be inferred.
void InferWhatCanBe(const CustomOps& custom, Graph& graph);

}  // namespace sardonyx
