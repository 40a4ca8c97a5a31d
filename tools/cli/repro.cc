#include "tools/cli/repro.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "exporter/exporter.h"
#include "runtime/session/program.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

namespace fs = std::filesystem;

/// What remains of a graph.
struct Cut {
  std::set<int> nodes;
  std::vector<std::pair<ValueId, Value>> inputs;
};

/// Walks from `target` backwards to known values.
StatusOr<Cut> FindCut(const Graph& graph, ValueId target, const KnownValue& known) {
  Cut cut;
  const std::vector<int> producers = graph.Producers();
  std::set<ValueId> seen = {target};
  std::vector<ValueId> open = {target};
  while (!open.empty()) {
    const ValueId id = open.back();
    open.pop_back();
    if (graph.constant(id) != nullptr) continue;
    if (id != target) {
      SX_ASSIGN_OR_RETURN(std::optional<Value> value, known(graph.value(id).name));
      if (value) {
        cut.inputs.emplace_back(id, *std::move(value));
        continue;
      }
    }
    const int producer = producers[id];
    if (producer < 0) return InvalidArgument("no node computes '", graph.value(id).name, "'");
    cut.nodes.insert(producer);
    for (const ValueId read : graph.Reads(graph.nodes[producer])) {
      if (seen.insert(read).second) open.push_back(read);
    }
  }
  std::sort(cut.inputs.begin(), cut.inputs.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return cut;
}

/// `set` is the folder of the data set.
Status WriteValue(const fs::path& set, const std::string& file, const std::string& name,
                  const Value& value) {
  SX_ASSIGN_OR_RETURN(const std::string bytes, SerializeValue(value, TypeOf(value), name));
  return WriteFile((set / file).string(), bytes);
}

}  // namespace

StatusOr<int> SaveRepro(Model& model, const std::string& tensor, const Value& expected,
                        const KnownValue& known, const std::string& directory) {
  Graph& graph = model.graph;
  const auto found = std::find_if(graph.values.begin(), graph.values.end(),
                                  [&](const ValueInfo& value) { return value.name == tensor; });
  if (found == graph.values.end()) return InvalidArgument("no node computes '", tensor, "'");
  const auto target = static_cast<ValueId>(found - graph.values.begin());
  SX_ASSIGN_OR_RETURN(const Cut cut, FindCut(graph, target, known));

  std::error_code error;
  const fs::path set = fs::path(directory) / "test_data_set_0";
  fs::create_directories(set, error);
  if (error) return InvalidArgument("cannot make '", set.string(), "': ", error.message());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    graph.nodes[i].removed = cut.nodes.count(static_cast<int>(i)) == 0;
  }
  graph.inputs.clear();
  graph.output_names.clear();
  graph.outputs = {target};
  graph.values[target].type = TypeOf(expected);
  for (size_t i = 0; i < cut.inputs.size(); ++i) {
    const auto& [id, value] = cut.inputs[i];
    graph.inputs.push_back(id);
    graph.values[id].type = TypeOf(value);
    SX_RETURN_IF_ERROR(
        WriteValue(set, absl::StrCat("input_", i, ".pb"), graph.value(id).name, value));
  }
  SX_RETURN_IF_ERROR(WriteValue(set, "output_0.pb", tensor, expected));
  graph.Compact();
  SX_RETURN_IF_ERROR(ExportFile(model, (fs::path(directory) / "model.onnx").string()));
  return static_cast<int>(cut.nodes.size());
}

Status CheckReproDirectory(const std::string& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) return absl::OkStatus();
  if (fs::is_directory(directory, error) && fs::is_empty(directory, error)) return absl::OkStatus();
  return UsageError(absl::StrCat("--save-repro: '", directory, "' is there and not empty"));
}

}  // namespace sardonyx
