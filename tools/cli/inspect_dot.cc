// `inspect --dot`.
#include <map>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "tools/cli/inspect_parts.h"

namespace sardonyx {
namespace {

/// A string of the DOT language that shows these lines.
std::string Quoted(const std::vector<std::string>& lines) {
  return absl::StrCat(
      "\"",
      absl::StrJoin(lines, "\\n",
                    [](std::string* out, const std::string& line) {
                      absl::StrAppend(
                          out, absl::StrReplaceAll(Printable(line),
                                                   {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", " "}}));
                    }),
      "\"");
}

std::string Ellipse(absl::string_view id, const Port& port) {
  return absl::StrCat("  ", id,
                      " [shape=ellipse, label=", Quoted({port.name, port.type.ToString()}), "];\n");
}

}  // namespace

std::string DotOf(const PlanReport& plan, const std::vector<Port>& inputs,
                  const std::vector<Port>& outputs) {
  std::string text = "digraph model {\n  node [shape=box, fontname=\"sans-serif\"];\n";
  std::map<std::string, std::string> given;  // the graph's inputs by name
  // What computes a value: a layer, an input of the graph, or neither, as constants have none.
  const auto connect = [&](int layer, const std::string& name, absl::string_view reader) {
    const auto input = given.find(name);
    if (layer >= 0) {
      absl::StrAppend(&text, "  layer", layer, " -> ", reader, ";\n");
    } else if (input != given.end()) {
      absl::StrAppend(&text, "  ", input->second, " -> ", reader, ";\n");
    }
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::string id = absl::StrCat("input", i);
    absl::StrAppend(&text, Ellipse(id, inputs[i]));
    given[inputs[i].name] = id;
  }
  for (size_t i = 0; i < plan.layers.size(); ++i) {
    const LayerReport& layer = plan.layers[i];
    const std::string id = absl::StrCat("layer", i);
    const std::string type = layer.outputs.empty() ? "" : layer.outputs[0].ToString();
    absl::StrAppend(&text, "  ", id, " [label=", Quoted({layer.op, type, layer.kernel}),
                    ", tooltip=", Quoted({layer.name}), "];\n");
    std::vector<std::string> read = layer.input_names;
    read.insert(read.end(), layer.captured_names.begin(), layer.captured_names.end());
    for (size_t k = 0; k < read.size(); ++k) connect(layer.producers[k], read[k], id);
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string id = absl::StrCat("output", i);
    absl::StrAppend(&text, Ellipse(id, outputs[i]));
    connect(plan.output_producers[i], outputs[i].name, id);
  }
  return text + "}\n";
}

}  // namespace sardonyx
