#include "runtime/graph/extract.h"

#include <algorithm>
#include <unordered_map>

#include "absl/strings/str_join.h"
#include "runtime/base/nearest.h"

namespace sardonyx {
namespace {

using Names = std::vector<std::string>;

StatusOr<std::vector<ValueId>> FindValues(const Graph& graph, const Names& names) {
  std::unordered_map<std::string, ValueId> ids;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    ids.emplace(graph.OutputName(i), graph.outputs[i]);
  }
  for (size_t i = 0; i < graph.values.size(); ++i) {
    ids.emplace(graph.values[i].name, static_cast<ValueId>(i));
  }
  std::vector<ValueId> found;
  for (const std::string& name : names) {
    const auto id = ids.find(name);
    if (id == ids.end() || name.empty()) {
      Names known;
      for (const ValueInfo& value : graph.values) known.push_back(value.name);
      return InvalidArgument("the model has no value '", name, "'", DidYouMean(name, known));
    }
    if (std::find(found.begin(), found.end(), id->second) != found.end()) {
      return InvalidArgument("'", name, "' is named twice");
    }
    found.push_back(id->second);
  }
  return found;
}

/// Makes the values come from nowhere, so that nothing before them is needed.
void CutBefore(const std::vector<ValueId>& values, Graph& graph) {
  for (const ValueId id : values) {
    for (Node& node : graph.nodes)
      std::replace(node.outputs.begin(), node.outputs.end(), id, kNoValue);
    const bool is_input =
        std::find(graph.inputs.begin(), graph.inputs.end(), id) != graph.inputs.end();
    if (!is_input) graph.values[id].constant.reset();
  }
}

/// Removes the nodes that `outputs` do not depend on; for each value whether they do.
std::vector<bool> KeepNeeded(const std::vector<ValueId>& outputs, Graph& graph) {
  std::vector<bool> needed(graph.values.size(), false);
  for (const ValueId id : outputs) needed[id] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    Node& node = graph.nodes[i];
    node.removed = std::none_of(node.outputs.begin(), node.outputs.end(),
                                [&](ValueId id) { return id != kNoValue && needed[id]; });
    if (node.removed) continue;
    for (const ValueId id : graph.Reads(node)) needed[id] = true;
  }
  return needed;
}

}  // namespace

Status Extract(const Names& input_names, const Names& output_names, Graph& graph) {
  SX_ASSIGN_OR_RETURN(const std::vector<ValueId> cuts, FindValues(graph, input_names));
  SX_ASSIGN_OR_RETURN(const std::vector<ValueId> outputs, FindValues(graph, output_names));
  const auto is_cut = [&](ValueId id) {
    return std::find(cuts.begin(), cuts.end(), id) != cuts.end();
  };
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (is_cut(outputs[i]))
      return InvalidArgument("'", output_names[i], "' is both input and output");
  }
  CutBefore(cuts, graph);
  const std::vector<bool> needed = KeepNeeded(outputs, graph);
  for (size_t i = 0; i < cuts.size(); ++i) {
    if (!needed[cuts[i]]) {
      return InvalidArgument("'", input_names[i], "' is not needed to compute ",
                             absl::StrJoin(output_names, ", "));
    }
  }
  std::vector<ValueId> inputs = cuts;
  Names missing;
  for (const ValueId id : graph.inputs) {
    if (!needed[id] || is_cut(id)) continue;
    inputs.push_back(id);
    if (!cuts.empty() && !graph.values[id].constant) missing.push_back(graph.values[id].name);
  }
  if (!missing.empty()) {
    return InvalidArgument("computing ", absl::StrJoin(output_names, ", "), " takes ",
                           absl::StrJoin(missing, ", "),
                           " too; name an input in the way or add it");
  }
  graph.inputs = std::move(inputs);
  graph.outputs = outputs;
  graph.output_names.clear();
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (graph.values[outputs[i]].name != output_names[i]) graph.output_names[i] = output_names[i];
  }
  graph.Compact();
  return absl::OkStatus();
}

}  // namespace sardonyx
