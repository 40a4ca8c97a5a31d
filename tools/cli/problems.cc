#include "tools/cli/problems.h"

#include "absl/strings/str_split.h"
#include "runtime/passes/infer.h"
#include "runtime/passes/resolve.h"

namespace sardonyx {
namespace {

/// Whether a node, and every node inside it, has its operator and attributes.
bool IsResolved(const Node& node) {
  if (node.op == nullptr || node.attrs == nullptr) return false;
  for (const Graph* subgraph : node.Subgraphs()) {
    for (const Node& inner : subgraph->nodes) {
      if (!IsResolved(inner)) return false;
    }
  }
  return true;
}

void FindInferenceProblems(const Graph& graph, const EvaluateOptions& evaluate,
                           std::vector<std::string>& problems) {
  Knowledge known = KnowConstants(graph);
  for (const ValueId id : graph.inputs) known[id].type = graph.value(id).type;
  Graph alone;  // one node at a time, so that an error of one leaves the others to be looked at
  for (const Node& node : graph.nodes) {
    if (!IsResolved(node)) continue;
    alone.nodes.assign(1, node);
    const Status status = InferGraph(alone, evaluate, known);
    if (!status.ok()) problems.emplace_back(status.message());
  }
}

}  // namespace

std::vector<std::string> FindProblems(const std::shared_ptr<const Model>& model,
                                      const SessionOptions& options) {
  Graph graph = model->graph.Clone();
  std::vector<std::string> problems = ResolveOperators(graph, options.custom_ops);
  ThreadPool pool(1);
  const RunControl unlimited;
  const RunEnvironment environment{.pool = &pool,
                                   .control = &unlimited,
                                   .budget = std::make_shared<MemoryBudget>(options.memory_limit)};
  FindInferenceProblems(graph, {.environment = &environment, .max_bytes = 4096}, problems);
  if (!problems.empty()) return problems;
  const Status status = Session::Create(model, options).status();
  if (!status.ok()) problems = absl::StrSplit(status.message(), '\n', absl::SkipEmpty());
  return problems;
}

}  // namespace sardonyx
