#include "tools/cli/runner_foreign.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "tools/cli/model_file.h"

namespace sardonyx {

StatusOr<std::vector<Value>> ForeignRunner::Run(const std::map<std::string, Value>& inputs,
                                                const RunOptions& options) {
  SX_ASSIGN_OR_RETURN(const Inputs tensors, TensorsOf(inputs));
  SX_ASSIGN_OR_RETURN(std::vector<Value> outputs, Compute(tensors, /*read=*/true));
  if (!options.observer) return outputs;
  for (size_t layer = 0; layer < plan_.layers.size(); ++layer) {
    for (const std::string& name : plan_.layers[layer].output_names) {
      const auto port = std::find_if(outputs_.begin(), outputs_.end(),
                                     [&](const Port& p) { return p.name == name; });
      if (port == outputs_.end()) continue;
      SX_RETURN_IF_ERROR(options.observer({.layer = static_cast<int>(layer),
                                           .name = name,
                                           .value = outputs[port - outputs_.begin()]}));
    }
  }
  return outputs;
}

StatusOr<std::vector<double>> ForeignRunner::Measure(const std::map<std::string, Value>& inputs,
                                                     const MeasureOptions& options) {
  using Clock = std::chrono::steady_clock;
  SX_ASSIGN_OR_RETURN(const Inputs tensors, TensorsOf(inputs));
  return RepeatRuns(options, [&]() -> StatusOr<RunTime> {
    const Clock::time_point begin = Clock::now();
    SX_RETURN_IF_ERROR(Compute(tensors, /*read=*/false).status());
    return RunTime{std::chrono::duration<double, std::milli>(Clock::now() - begin).count()};
  });
}

bool ForeignRunner::AddOutputs(const std::string& name, const RunnerOptions& options,
                               Model& model) {
  Graph& graph = model.graph;
  const bool every = options.fetch_all || options.observe;
  const std::set<std::string> wanted(options.fetch.begin(), options.fetch.end());
  std::set<ValueId> present(graph.outputs.begin(), graph.outputs.end());
  name_ = name;
  own_outputs_ = graph.outputs.size();
  for (const Node& node : graph.nodes) {
    LayerReport layer{.name = node.name, .op = node.op_type, .kernel = name};
    for (const ValueId id : node.inputs) {
      layer.input_names.push_back(id == kNoValue ? "" : graph.value(id).name);
    }
    for (const ValueId id : node.outputs) {
      layer.output_names.push_back(id == kNoValue ? "" : graph.value(id).name);
      if (id == kNoValue || !(every || wanted.count(graph.value(id).name) > 0)) continue;
      if (present.insert(id).second) graph.outputs.push_back(id);
    }
    if (every) plan_.layers.push_back(std::move(layer));
  }
  return graph.outputs.size() > own_outputs_;
}

StatusOr<ForeignRunner::Inputs> ForeignRunner::TensorsOf(
    const std::map<std::string, Value>& inputs) const {
  Inputs tensors;
  for (const auto& [name, value] : inputs) {
    if (value.is_none()) continue;
    if (!value.is_tensor()) {
      return Unimplemented("input '", name, "': only tensors are given to ", name_);
    }
    tensors.emplace_back(name, value.tensor());
  }
  return tensors;
}

StatusOr<SessionOptions> ForeignOptions(const RunnerOptions& options) {
  SessionFlags flags = options.session;
  flags.backend = "auto";  // which only says that the rest is to be read
  return ToSessionOptions(flags);
}

}  // namespace sardonyx
