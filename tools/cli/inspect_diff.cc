// `inspect --diff`.
#include <map>
#include <set>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tools/cli/compare_values.h"
#include "tools/cli/inspect_parts.h"

namespace sardonyx {
namespace {

/// What two models have under one name.
struct Difference {
  std::string kind, name;
  std::string what;

  std::string ToString() const { return absl::StrCat(kind, " '", name, "': ", what); }
};
using Differences = std::vector<Difference>;

/// What `a` and `b` have by the same name: `compare` says how those differ, "" for not at all.
template <typename Items, typename Compare>
void Match(const std::string& kind, const Items& a, const Items& b, const Compare& compare,
           Differences& found) {
  for (const auto& [name, item] : a) {
    const auto other = b.find(name);
    const std::string what = other == b.end() ? "only in the first" : compare(item, other->second);
    if (!what.empty()) found.push_back({kind, name, what});
  }
  for (const auto& [name, item] : b) {
    if (a.count(name) == 0) found.push_back({kind, name, "only in the second"});
  }
}

Differences CompareGraphs(const Graph& a, const Graph& b);

std::string Changed(const std::string& a, const std::string& b) {
  return a == b ? "" : absl::StrCat(a, " -> ", b);
}

std::string Join(const Differences& differences) {
  return absl::StrJoin(differences, "; ", [](std::string* out, const Difference& difference) {
    absl::StrAppend(out, difference.ToString());
  });
}

std::string Compare(const Tensor& a, const Tensor& b) {
  if (a.ToString() != b.ToString()) return Changed(a.ToString(), b.ToString());
  const Comparison comparison = CompareValues(b, a, {.rtol = 0, .atol = 0});
  if (comparison.match) return "";
  return absl::StrCat(
      a.ToString(), ": ", comparison.mismatches, " of ", comparison.elements, " elements differ",
      comparison.max_abs > 0 ? absl::StrCat(", by ", FormatError(comparison.max_abs), " at most")
                             : "");
}
std::string Compare(const Type& a, const Type& b) { return Changed(a.ToString(), b.ToString()); }
std::string Compare(const std::string& a, const std::string& b) { return Changed(a, b); }
std::string Compare(int64_t a, int64_t b) { return Changed(absl::StrCat(a), absl::StrCat(b)); }
std::string Compare(float a, float b) {
  return Changed(absl::StrFormat("%.9g", a), absl::StrFormat("%.9g", b));
}
std::string Compare(const std::shared_ptr<Graph>& a, const std::shared_ptr<Graph>& b) {
  return Join(CompareGraphs(*a, *b));
}
template <typename T>
std::string Compare(const std::vector<T>& a, const std::vector<T>& b) {
  if constexpr (std::is_same_v<T, int64_t>) {
    return Changed(absl::StrJoin(a, ","), absl::StrJoin(b, ","));
  }
  if (a.size() != b.size()) return absl::StrCat(a.size(), " elements -> ", b.size());
  std::vector<std::string> lines;
  for (size_t i = 0; i < a.size(); ++i) {
    const std::string what = Compare(a[i], b[i]);
    if (!what.empty()) lines.push_back(absl::StrCat("element ", i, ": ", what));
  }
  return absl::StrJoin(lines, "; ");
}

std::string CompareAttributes(const Attribute& a, const Attribute& b) {
  if (a.data.index() != b.data.index()) return "of another kind";
  return std::visit([&]<typename T>(const T& x) { return Compare(x, std::get<T>(b.data)); },
                    a.data);
}

std::vector<std::string> NamesOf(const Graph& graph, const std::vector<ValueId>& ids) {
  std::vector<std::string> names;
  for (const ValueId id : ids) names.push_back(id == kNoValue ? "" : graph.value(id).name);
  return names;
}

/// A node with the names of its inputs.
struct NamedNode {
  const Node* node;
  std::vector<std::string> inputs;
};

std::string CompareNodes(const NamedNode& a, const NamedNode& b) {
  if (a.node->op_type != b.node->op_type) return Changed(a.node->op_type, b.node->op_type);
  Differences found;
  Match("attribute", a.node->attributes, b.node->attributes, CompareAttributes, found);
  std::string what = Join(found);
  if (a.inputs != b.inputs) {
    what = absl::StrCat("inputs ", absl::StrJoin(a.inputs, ","), " -> ",
                        absl::StrJoin(b.inputs, ","), what.empty() ? "" : "; ", what);
  }
  return what.empty() ? "" : absl::StrCat(a.node->op_type, ": ", what);
}

/// By the name of the first output.
std::map<std::string, NamedNode> NodesOf(const Graph& graph) {
  std::map<std::string, NamedNode> nodes;
  for (const Node& node : graph.nodes) {
    for (const std::string& output : NamesOf(graph, node.outputs)) {
      if (output.empty()) continue;
      nodes.emplace(output, NamedNode{&node, NamesOf(graph, node.inputs)});
      break;
    }
  }
  return nodes;
}

std::map<std::string, Tensor> WeightsOf(const Graph& graph) {
  std::map<std::string, Tensor> weights;
  for (const ValueInfo& value : graph.values) {
    if (value.constant) weights.emplace(value.name, *value.constant);
  }
  return weights;
}

std::map<std::string, Type> InputsOf(const Graph& graph) {
  std::map<std::string, Type> types;
  for (const ValueId id : graph.inputs) types.emplace(graph.value(id).name, graph.value(id).type);
  return types;
}

std::map<std::string, Type> OutputsOf(const Graph& graph) {
  std::map<std::string, Type> types;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    types.emplace(graph.OutputName(i), graph.value(graph.outputs[i]).type);
  }
  return types;
}

Differences CompareGraphs(const Graph& a, const Graph& b) {
  const auto compare = [](const auto& x, const auto& y) { return Compare(x, y); };
  Differences found;
  Match("input", InputsOf(a), InputsOf(b), compare, found);
  Match("output", OutputsOf(a), OutputsOf(b), compare, found);
  Match("node of", NodesOf(a), NodesOf(b), CompareNodes, found);
  Match("weight", WeightsOf(a), WeightsOf(b), compare, found);
  return found;
}

}  // namespace

bool ReportDifferences(const Model& a, const Model& b, Report& report) {
  Differences found;
  Match(
      "operator set", a.opsets, b.opsets, [](int x, int y) { return Compare(int64_t{x}, y); },
      found);
  for (Difference& difference : CompareGraphs(a.graph, b.graph)) found.push_back(difference);
  report.json()["differences"] = Json::array();
  for (const Difference& difference : found) {
    report.Print(difference.ToString() + "\n");
    report.json()["differences"].push_back(
        {{"kind", difference.kind}, {"name", difference.name}, {"what", difference.what}});
  }
  report.Print(absl::StrCat(found.size(), found.size() == 1 ? " difference\n" : " differences\n"));
  return !found.empty();
}

}  // namespace sardonyx
