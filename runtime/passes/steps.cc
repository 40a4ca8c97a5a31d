#include "runtime/passes/steps.h"

#include <algorithm>
#include <map>

namespace sardonyx {
namespace {

bool IsOutput(const Graph& graph, ValueId id) {
  return std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end();
}

/// Same kind and element type, and dimensions known to be equal one by one.
bool SameType(const Type& a, const Type& b) {
  return a.is_tensor() && b.is_tensor() && a.element == b.element && a.shape && b.shape &&
         SameDims(*a.shape, *b.shape);
}

template <typename T>
void AppendBytes(std::string& key, const T& value) {
  key.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

/// A key equal for attributes that are equal; false where they are not compared (tensors that are
/// large, graphs, types).
bool AppendKey(const Attribute& attribute, std::string& key) {
  AppendBytes(key, attribute.data.index());
  return std::visit(
      [&]<typename T>(const T& value) {
        if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, float>) {
          AppendBytes(key, value);
          return true;
        } else if constexpr (std::is_same_v<T, std::string>) {
          absl::StrAppend(&key, value.size(), ":", value);
          return true;
        } else if constexpr (std::is_same_v<T, std::vector<int64_t>> ||
                             std::is_same_v<T, std::vector<float>>) {
          AppendBytes(key, value.size());
          for (auto element : value) AppendBytes(key, element);
          return true;
        } else {
          return false;
        }
      },
      attribute.data);
}

/// Lets go of constants that nobody reads any more.
void DropUnusedConstants(Graph& graph, const std::vector<int>& uses) {
  for (size_t i = 0; i < uses.size(); ++i) {
    if (uses[i] == 0) graph.values[i].constant.reset();
  }
}

}  // namespace

bool FoldConstants(Graph& graph, const Knowledge& known) {
  bool changed = false;
  for (Node& node : graph.nodes) {
    if (node.removed || !node.op->pure || node.outputs.empty()) continue;
    const bool folded = std::all_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
      return id == kNoValue || known[id].value.has_value();
    });
    if (!folded) continue;
    for (ValueId id : node.outputs) {
      if (id != kNoValue) graph.values[id].constant = known[id].value;
    }
    node.removed = true;
    changed = true;
  }
  return changed;
}

bool DropIdentities(Graph& graph, const Knowledge& known) {
  bool changed = false;
  for (Node& node : graph.nodes) {
    if (node.removed || !node.op->view || node.inputs.empty() || node.inputs[0] == kNoValue) {
      continue;
    }
    const ValueId from = node.outputs[0], to = node.inputs[0];
    if (from == kNoValue || IsOutput(graph, from) || !SameType(known[from].type, known[to].type)) {
      continue;
    }
    graph.ReplaceUses(from, to);
    node.removed = true;
    changed = true;
  }
  return changed;
}

bool MergeRepeated(Graph& graph) {
  bool changed = false;
  std::map<std::string, const Node*> seen;
  for (Node& node : graph.nodes) {
    if (node.removed || !node.op->pure || node.outputs.empty()) continue;
    std::string key;
    AppendBytes(key, node.op);
    AppendBytes(key, node.version);
    AppendBytes(key, node.inputs.size());
    for (ValueId input : node.inputs) AppendBytes(key, input);
    AppendBytes(key, node.outputs.size());
    for (ValueId output : node.outputs) AppendBytes(key, output == kNoValue);
    bool comparable = true;
    for (const auto& [name, attribute] : node.attributes) {
      absl::StrAppend(&key, name, "=");
      comparable = comparable && AppendKey(attribute, key);
    }
    if (!comparable) continue;
    const auto [place, fresh] = seen.emplace(std::move(key), &node);
    if (fresh) continue;
    const bool output = std::any_of(node.outputs.begin(), node.outputs.end(),
                                    [&](ValueId id) { return IsOutput(graph, id); });
    if (output) continue;
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] != kNoValue)
        graph.ReplaceUses(node.outputs[i], place->second->outputs[i]);
    }
    node.removed = true;
    changed = true;
  }
  return changed;
}

bool DropDead(Graph& graph) {
  std::vector<int> uses = graph.UseCounts();
  bool changed = false;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    Node& node = graph.nodes[i];
    if (node.removed) continue;
    const bool used = std::any_of(node.outputs.begin(), node.outputs.end(),
                                  [&](ValueId id) { return id != kNoValue && uses[id] > 0; });
    if (used) continue;
    for (ValueId read : graph.Reads(node)) --uses[read];
    node.removed = true;
    changed = true;
  }
  return changed;
}

StatusOr<bool> ApplyRewrites(Graph& graph, const std::function<bool(const Rewrite&)>& wanted) {
  bool changed = false;
  std::vector<int> producers = graph.Producers();
  std::vector<int> uses = graph.UseCounts();
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (size_t r = 0; !graph.nodes[i].removed && r < graph.nodes[i].op->rewrites.size(); ++r) {
      const Rewrite& rewrite = graph.nodes[i].op->rewrites[r];
      if (wanted && !wanted(rewrite)) continue;
      SX_ASSIGN_OR_RETURN(const bool applied,
                          rewrite.apply(graph, static_cast<int>(i), producers, uses));
      if (!applied) continue;
      changed = true;
      producers = graph.Producers();
      uses = graph.UseCounts();
      DropUnusedConstants(graph, uses);
    }
  }
  return changed;
}

void KeepTypes(Graph& graph, const Knowledge& known) {
  for (size_t i = 0; i < known.size(); ++i) graph.values[i].type = known[i].type;
}

Status Infer(const Graph& graph, const EvaluateOptions& evaluate, Knowledge& known) {
  known = KnowConstants(graph);
  for (ValueId id : graph.inputs) {
    if (!known[id].value) known[id].type = graph.values[id].type;
  }
  for (const Capture& capture : graph.captures) {
    known[capture.inner].type = graph.values[capture.inner].type;
  }
  return InferGraph(graph, evaluate, known);
}

}  // namespace sardonyx
