// `sardonyx inspect`: a model layer by layer.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tools/cli/commands.h"
#include "tools/cli/input_spec.h"
#include "tools/cli/inspect_parts.h"
#include "tools/cli/layer_json.h"
#include "tools/cli/model_file.h"
#include "tools/cli/output.h"
#include "tools/cli/roofline.h"

namespace sardonyx {
namespace {

/// "1x64x56x56", "?" for the unknown.
std::string ShapeText(const Type& type) {
  if (!type.is_tensor() || !type.shape) return type.is_tensor() ? "?" : type.ToString();
  return absl::StrJoin(*type.shape, "x", [](std::string* out, const Dim& dim) {
    absl::StrAppend(out, dim.ToString());
  });
}

/// Types of layers' outputs, by name, as far as they follow from the model alone.
using OpenTypes = std::map<std::string, Type>;

OpenTypes FindOpenTypes(Session& session) {
  OpenTypes types;
  const auto is_fixed = [](const Port& port) { return port.type.StaticShape().has_value(); };
  if (std::all_of(session.inputs().begin(), session.inputs().end(), is_fixed)) return types;
  const StatusOr<PlanReport> plan = session.Describe();
  if (!plan.ok()) return types;  // sizes alone make shapes that fit
  for (const LayerReport& layer : plan->layers) {
    for (size_t i = 0; i < layer.outputs.size(); ++i) {
      types[layer.output_names[i]] = layer.outputs[i];
    }
  }
  return types;
}

/// The type of an output with the names of dimensions that nothing fixes.
Type NamedOutput(const LayerReport& layer, size_t i, const OpenTypes& open) {
  Type type = layer.outputs[i];
  const auto found = open.find(layer.output_names[i]);
  if (found == open.end() || !type.is_tensor() || found->second.rank() != type.rank()) return type;
  for (int axis = 0; axis < type.rank(); ++axis) {
    const Dim& dim = (*found->second.shape)[static_cast<size_t>(axis)];
    if (!dim.symbol.empty()) (*type.shape)[static_cast<size_t>(axis)] = dim;
  }
  return type;
}

std::string FirstOutputText(const LayerReport& layer, const OpenTypes& open) {
  std::string text;
  int more = 0;
  for (size_t i = 0; i < layer.outputs.size(); ++i) {
    const Type type = NamedOutput(layer, i, open);
    if (type.kind == Type::Kind::kUnknown && !text.empty()) continue;
    if (text.empty()) {
      text = type.is_tensor() && type.rank() == 0 ? "scalar" : ShapeText(type);
    } else {
      ++more;
    }
  }
  return more > 0 ? absl::StrCat(text, " +", more) : text;
}

void PrintPorts(absl::string_view title, const std::vector<Port>& ports, Report& report) {
  for (const Port& port : ports) {
    report.Print(absl::StrCat(title, " ", port.name, ": ", port.type.ToString(),
                              port.has_default ? " (has a default)" : "", "\n"));
  }
  report.json()[absl::StrCat(title, "s")] = ToJson(ports);
}

void PrintLayers(const InspectCommand& command, const PlanReport& plan, const OpenTypes& open,
                 Report& report) {
  Table table(
      {"#", "operator", "name", "output", "parameters", "mult-adds", "activation", "kernel"},
      "rlllrrrl");
  int64_t parameters = 0, activation = 0;
  double multiply_adds = 0;
  Json layers = Json::array();
  for (size_t i = 0; i < plan.layers.size(); ++i) {
    const LayerReport& layer = plan.layers[i];
    const int64_t bytes = ActivationBytes(layer);
    parameters += layer.parameters;
    multiply_adds += layer.multiply_adds;
    activation += bytes;
    table.AddRow({absl::StrCat(i), layer.op, ShortName(layer.name), FirstOutputText(layer, open),
                  layer.parameters > 0 ? FormatInteger(layer.parameters) : "",
                  layer.multiply_adds > 0 ? FormatCount(layer.multiply_adds) : "",
                  bytes > 0 ? FormatBytes(bytes) : "", layer.kernel});
    for (const std::string& refusal : layer.refusals) {
      if (command.why) table.AddRow({"", "", "", "", "", "", "", absl::StrCat("  not ", refusal)});
    }
    Json item = ToJson(layer);
    item["named_output_shape"] =
        DimensionsToJson(layer.outputs.empty() ? Type() : NamedOutput(layer, 0, open));
    layers.push_back(std::move(item));
  }
  table.AddLine();
  table.AddRow({"", "total", "", "", FormatInteger(parameters), FormatCount(multiply_adds),
                FormatBytes(activation), absl::StrCat(plan.layers.size(), " layers")});
  report.Print(table.ToString());
  report.Print(absl::StrFormat("\nweights %s, intermediate values %s (%s if none were reused)\n",
                               FormatBytes(plan.constant_bytes), FormatBytes(plan.arena_bytes),
                               FormatBytes(plan.unshared_bytes)));

  Json totals;
  totals["layers"] = plan.layers.size();
  totals["parameters"] = parameters;
  totals["multiply_adds"] = multiply_adds;
  totals["activation_bytes"] = activation;
  totals["arena_bytes"] = plan.arena_bytes;
  totals["unshared_bytes"] = plan.unshared_bytes;
  totals["constant_bytes"] = plan.constant_bytes;
  report.json()["totals"] = std::move(totals);
  report.json()["layers"] = std::move(layers);
}

/// What needs a model that compiles.
Status ReportPlan(const InspectCommand& command, const std::shared_ptr<Model>& model,
                  const SessionOptions& options, Report& report) {
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Create(model, options));
  PrintPorts("input", session->inputs(), report);
  PrintPorts("output", session->outputs(), report);
  report.Print("\n");
  SX_ASSIGN_OR_RETURN(const PlanReport plan,
                      session->Describe(CloseShapes(session->inputs(), options.symbols)));
  PrintLayers(command, plan, FindOpenTypes(*session), report);
  if (command.memory) ReportMemory(plan, report);
  if (command.dot.empty()) return absl::OkStatus();
  return WriteFile(command.dot, DotOf(plan, session->inputs(), session->outputs()));
}

StatusOr<int> ReportDifferences(const InspectCommand& command, const Model& model) {
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> other, LoadModel(command.diff, command.session));
  Report report("inspect", command.json);
  report.json()["model"] = command.model;
  report.json()["other"] = command.diff;
  const bool differ = ReportDifferences(model, *other, report);
  SX_RETURN_IF_ERROR(report.Write());
  return differ ? 1 : 0;
}

}  // namespace

StatusOr<int> Run(const InspectCommand& command) {
  SX_ASSIGN_OR_RETURN(SessionOptions options, ToSessionOptions(command.session));
  options.optimize = !command.as_written;
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model,
                      LoadModel(command.model, command.session));
  if (!command.diff.empty()) return ReportDifferences(command, *model);
  Report report("inspect", command.json, command.html);
  report.json()["model"] = command.model;
  report.json()["backend"] = command.session.backend;
  if (!model->producer_name.empty()) {
    report.Print(
        absl::StrCat("made by ", model->producer_name, " ", model->producer_version, "\n"));
  }
  const Status status = ReportPlan(command, model, options, report);
  if (command.weights) ReportWeights(model->graph, report);
  if (!status.ok()) return Failed(status, report);
  SX_RETURN_IF_ERROR(report.Write());
  return 0;
}

}  // namespace sardonyx
