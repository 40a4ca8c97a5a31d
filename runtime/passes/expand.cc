#include "runtime/passes/expand.h"

#include "absl/strings/str_join.h"
#include "runtime/base/limits.h"
#include "runtime/op.h"
#include "runtime/passes/resolve.h"

namespace sardonyx {

StatusOr<bool> ExpandNodes(Graph& graph) {
  bool changed = false;
  const size_t before = graph.nodes.size();
  for (size_t i = 0; i < before; ++i) {
    const OpDef* op = graph.nodes[i].op;
    if (graph.nodes[i].removed || op->expand == nullptr) continue;
    changed = true;
    const StatusOr<bool> done = op->expand(graph, static_cast<int>(i));
    if (!done.ok()) {
      return Prepend(done.status(), absl::StrCat(graph.nodes[i].Describe(), ": "));
    }
    graph.nodes[i].removed = *done;
    if (graph.nodes.size() > static_cast<size_t>(Limits{}.nodes)) {
      return LimitExceeded(graph.nodes[i].Describe(), " makes the graph larger than the limit of ",
                           Limits{}.nodes, " nodes");
    }
  }
  if (!changed) return false;
  const std::vector<std::string> problems = ResolveOperators(graph);
  if (!problems.empty()) return InvalidArgument(absl::StrJoin(problems, "\n"));
  std::erase_if(graph.nodes, [](const Node& node) { return node.removed; });
  SX_RETURN_IF_ERROR(graph.Sort());
  return true;
}

}  // namespace sardonyx
