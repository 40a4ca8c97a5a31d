#include "runtime/passes/simplify.h"

#include "runtime/base/limits.h"
#include "runtime/passes/expand.h"
#include "runtime/passes/layout.h"
#include "runtime/passes/steps.h"

namespace sardonyx {
namespace {

/// What a subgraph captures of this graph's constants becomes its own constant.
void PushConstantsIntoSubgraphs(Graph& graph) {
  for (Node& node : graph.nodes) {
    for (Graph* subgraph : node.Subgraphs()) {
      std::erase_if(subgraph->captures, [&](const Capture& capture) {
        const Tensor* constant = graph.constant(capture.outer);
        if (constant == nullptr) return false;
        subgraph->values[capture.inner].constant = *constant;
        return true;
      });
    }
  }
}

/// Infers, and expands nodes until none is left that can be.
Status InferExpanded(Graph& graph, const EvaluateOptions& evaluate, Knowledge& known) {
  for (int round = 0; round <= Limits{}.nesting; ++round) {
    SX_RETURN_IF_ERROR(Infer(graph, evaluate, known));
    KeepTypes(graph, known);
    SX_ASSIGN_OR_RETURN(const bool changed, ExpandNodes(graph));
    if (!changed) return absl::OkStatus();
  }
  return LimitExceeded("nodes that expand into others are nested deeper than ", Limits{}.nesting);
}

}  // namespace

Status Simplify(Graph& graph, const EvaluateOptions& evaluate, const SimplifyOptions& options) {
  Knowledge known;
  SX_RETURN_IF_ERROR(InferExpanded(graph, options.optimize ? evaluate : EvaluateOptions{}, known));
  bool layouts_open = true;
  for (int round = 0; options.optimize && round < kMaxRounds; ++round) {
    bool changed = FoldConstants(graph, known);
    changed |= DropIdentities(graph, known);
    // Only before rewrites: what they put into the typed attributes is not compared.
    if (round == 0) changed |= MergeRepeated(graph);
    KeepTypes(graph, known);  // rewrites read them
    known.clear();            // nor does it hold on to constants that they replace
    SX_ASSIGN_OR_RETURN(const bool rewritten, ApplyRewrites(graph, [&](const Rewrite& rewrite) {
                          return rewrite.after_layouts != layouts_open;
                        }));
    changed |= rewritten;
    changed |= DropDead(graph);
    if (!changed && layouts_open && options.channels_last) {
      layouts_open = false;
      changed = AssignLayouts(graph);
    }
    graph.Compact();
    SX_RETURN_IF_ERROR(graph.Sort());
    SX_RETURN_IF_ERROR(Infer(graph, evaluate, known));
    if (!changed) break;
  }
  KeepTypes(graph, known);
  PushConstantsIntoSubgraphs(graph);
  graph.Compact();
  return absl::OkStatus();
}

}  // namespace sardonyx
