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

/// Goes on behind a node that failed, whose outputs count as unknown.
Knowledge InferAll(const Graph& graph, const EvaluateOptions& evaluate,
                   std::vector<Problem>& problems) {
  Knowledge known = KnowConstants(graph);
  for (const ValueId id : graph.inputs) known[id].type = graph.value(id).type;
  Graph alone;  // one node at a time, so that an error of one leaves the others to be looked at
  for (const Node& node : graph.nodes) {
    if (!IsResolved(node)) continue;
    alone.nodes.assign(1, node);
    const Status status = InferGraph(alone, evaluate, known);
    if (!status.ok()) {
      problems.push_back({Problem::Kind::kShapes, std::string(status.message())});
    }
  }
  return known;
}

}  // namespace

std::vector<Problem> ProblemsOf(Problem::Kind kind, absl::string_view text) {
  std::vector<Problem> problems;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    problems.push_back({kind, std::string(line)});
  }
  return problems;
}

std::vector<Problem> FindProblems(const std::shared_ptr<const Model>& model,
                                  const SessionOptions& options) {
  Graph graph = model->graph.Clone();
  std::vector<Problem> problems;
  for (const std::string& text : ResolveOperators(graph, options.custom_ops)) {
    problems.push_back({Problem::Kind::kOperator, text});
  }
  ThreadPool pool(1);
  const RunControl unlimited;
  const RunEnvironment environment{.pool = &pool,
                                   .control = &unlimited,
                                   .budget = std::make_shared<MemoryBudget>(options.memory_limit)};
  InferAll(graph, {.environment = &environment, .max_bytes = 4096}, problems);
  if (!problems.empty()) return problems;
  const Status status = Session::Create(model, options).status();
  return ProblemsOf(Problem::Kind::kCompile, status.message());
}

void InferWhatCanBe(const CustomOps& custom, Graph& graph) {
  Graph resolved = graph.Clone();
  std::vector<Problem> problems;
  ResolveOperators(resolved, custom);
  const Knowledge known = InferAll(resolved, {}, problems);
  for (size_t i = 0; i < known.size(); ++i) {
    const Type& type = known[i].type;
    if (type.kind != Type::Kind::kUnknown) graph.values[i].type = type;
  }
}

}  // namespace sardonyx
