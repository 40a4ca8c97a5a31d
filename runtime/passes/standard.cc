#include "runtime/passes/standard.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "runtime/base/nearest.h"
#include "runtime/passes/steps.h"

namespace sardonyx {
namespace {

constexpr const char* kFold = "fold";
constexpr const char* kViews = "views";
constexpr const char* kRepeated = "repeated";
constexpr const char* kDead = "dead";

void CollectRewrites(const Graph& graph, std::set<std::string>& names) {
  for (const Node& node : graph.nodes) {
    for (const Rewrite& rewrite : node.op->rewrites) {
      if (!rewrite.after_layouts) names.emplace(rewrite.name);
    }
    for (const Graph* subgraph : node.Subgraphs()) CollectRewrites(*subgraph, names);
  }
}

size_t CountNodes(const Graph& graph) {
  size_t count = graph.nodes.size();
  for (const Node& node : graph.nodes) {
    for (const Graph* subgraph : node.Subgraphs()) count += CountNodes(*subgraph);
  }
  return count;
}

/// A graph as it was, to go back to. Subgraphs are shared with it but for what they capture, all
/// that a rewrite of the graph around them may change.
class Snapshot {
 public:
  explicit Snapshot(const Graph& graph) : graph_(graph) {
    for (const Node& node : graph.nodes) {
      for (const Graph* subgraph : node.Subgraphs()) captures_.push_back(subgraph->captures);
    }
  }
  const Graph& graph() const { return graph_; }
  Graph Restore() && {
    size_t next = 0;
    for (const Node& node : graph_.nodes) {
      for (Graph* subgraph : node.Subgraphs()) subgraph->captures = std::move(captures_[next++]);
    }
    return std::move(graph_);
  }

 private:
  Graph graph_;
  std::vector<std::vector<Capture>> captures_;
};

/// Whether some node has typed attributes that no node had before.
bool HasNewAttrs(const Graph& before, const Graph& after) {
  std::unordered_set<const Attrs*> known;
  for (const Node& node : before.nodes) known.insert(node.attrs.get());
  return std::any_of(after.nodes.begin(), after.nodes.end(), [&](const Node& node) {
    return !node.removed && known.count(node.attrs.get()) == 0;
  });
}

class Passes {
 public:
  explicit Passes(const EvaluateOptions& evaluate) : evaluate_(evaluate) {}

  StatusOr<PassReport> Run(const std::string& pass, Graph& graph) {
    PassReport report{.pass = pass, .nodes_before = CountNodes(graph)};
    SX_ASSIGN_OR_RETURN(report.changed, RunIn(pass, graph));
    report.has_no_onnx = left_out_.count(pass) > 0;
    report.nodes_after = CountNodes(graph);
    return report;
  }

 private:
  StatusOr<bool> RunIn(const std::string& pass, Graph& graph) {
    Knowledge known;
    SX_RETURN_IF_ERROR(Infer(graph, evaluate_, known));
    SX_ASSIGN_OR_RETURN(bool changed, Apply(pass, known, graph));
    if (changed) {
      graph.Compact();
      SX_RETURN_IF_ERROR(graph.Sort());
      SX_RETURN_IF_ERROR(Infer(graph, evaluate_, known));
    }
    KeepTypes(graph, known);
    for (const Node& node : graph.nodes) {
      for (Graph* subgraph : node.Subgraphs()) {
        for (const Capture& capture : subgraph->captures) {
          subgraph->values[capture.inner].type = graph.values[capture.outer].type;
        }
        SX_ASSIGN_OR_RETURN(const bool inside, RunIn(pass, *subgraph));
        changed |= inside;
      }
    }
    return changed;
  }

  StatusOr<bool> Apply(const std::string& pass, const Knowledge& known, Graph& graph) {
    if (pass == kFold) return FoldConstants(graph, known);
    if (pass == kViews) return DropIdentities(graph, known);
    if (pass == kRepeated) return MergeRepeated(graph);
    if (pass == kDead) return DropDead(graph);
    if (left_out_.count(pass) > 0) return false;
    KeepTypes(graph, known);
    Snapshot before(graph);
    SX_ASSIGN_OR_RETURN(const bool changed, ApplyRewrites(graph, [&](const Rewrite& rewrite) {
                          return rewrite.name == pass;
                        }));
    if (!changed || !HasNewAttrs(before.graph(), graph)) return changed;
    graph = std::move(before).Restore();
    left_out_.insert(pass);
    return false;
  }

  EvaluateOptions evaluate_;
  std::set<std::string> left_out_;
};

/// A version of the operator's domain is as good as another where nothing has changed between.
void AlignVersions(const std::map<std::string, int>& opsets, Graph& graph) {
  for (Node& node : graph.nodes) {
    const auto wanted = opsets.find(node.domain);
    if (wanted != opsets.end()) {
      const auto [low, high] = std::minmax(node.version, wanted->second);
      const bool same = std::none_of(node.op->versions.begin(), node.op->versions.end(),
                                     [&](int v) { return v > low && v <= high; }) &&
                        (node.op->last_version == 0 || high <= node.op->last_version);
      if (same) node.version = wanted->second;
    }
    for (Graph* subgraph : node.Subgraphs()) AlignVersions(opsets, *subgraph);
  }
}

/// What inference has found, and where that is nothing, what the model declares.
Type Merge(Type inferred, const Type& declared) {
  if (inferred.kind == Type::Kind::kUnknown) return declared;
  if (!inferred.is_tensor() || !declared.is_tensor()) return inferred;
  if (inferred.element == DataType::kUndefined) inferred.element = declared.element;
  if (!inferred.shape) inferred.shape = declared.shape;
  if (inferred.rank() != declared.rank()) return inferred;
  for (int i = 0; i < inferred.rank(); ++i) {
    Dim& dim = (*inferred.shape)[i];
    if (!dim.known() && dim.symbol.empty()) dim = (*declared.shape)[i];
  }
  return inferred;
}

}  // namespace

std::vector<std::string> StandardPasses(const Graph& graph) {
  std::set<std::string> rewrites;
  CollectRewrites(graph, rewrites);
  std::vector<std::string> passes = {kFold, kViews, kRepeated};
  passes.insert(passes.end(), rewrites.begin(), rewrites.end());
  passes.emplace_back(kDead);
  return passes;
}

Status OptimizeStandard(Graph& graph, const std::map<std::string, int>& opsets,
                        const StandardOptions& options) {
  const std::vector<std::string> known = StandardPasses(graph);
  for (const std::string& pass : options.passes) {
    if (std::find(known.begin(), known.end(), pass) == known.end()) {
      return InvalidArgument("there is no pass '", pass, "' for this model",
                             DidYouMean(pass, known));
    }
  }
  AlignVersions(opsets, graph);
  // An initializer that is an input too may be overridden: it is no constant.
  std::vector<std::optional<Tensor>> defaults;
  for (const ValueId id : graph.inputs) {
    defaults.push_back(std::move(graph.values[id].constant));
    graph.values[id].constant.reset();
  }
  std::vector<Type> declared;
  for (const ValueId id : graph.outputs) declared.push_back(graph.values[id].type);

  Passes passes(options.evaluate);
  bool changed = true;
  for (int round = 0; changed && round < kMaxRounds; ++round) {
    changed = false;
    for (const std::string& pass : options.passes) {
      SX_ASSIGN_OR_RETURN(const PassReport report, passes.Run(pass, graph));
      changed |= report.changed;
      if (options.after) SX_RETURN_IF_ERROR(options.after(report, graph));
    }
  }
  for (size_t i = 0; i < defaults.size(); ++i) {
    graph.values[graph.inputs[i]].constant = std::move(defaults[i]);
  }
  for (size_t i = 0; i < declared.size(); ++i) {
    Type& type = graph.values[graph.outputs[i]].type;
    type = Merge(std::move(type), declared[i]);
  }
  return absl::OkStatus();
}

}  // namespace sardonyx
