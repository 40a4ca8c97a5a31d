// `sardonyx inspect`: a model layer by layer.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tools/cli/commands.h"
#include "tools/cli/input_spec.h"
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

std::string FirstOutputText(const LayerReport& layer) {
  std::string text;
  int more = 0;
  for (const Type& type : layer.outputs) {
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

}  // namespace

StatusOr<int> Run(const InspectCommand& command) {
  SX_ASSIGN_OR_RETURN(SessionOptions options, ToSessionOptions(command.session));
  options.optimize = !command.as_written;
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model,
                      LoadModel(command.model, command.session));
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Create(model, options));
  SX_ASSIGN_OR_RETURN(const PlanReport plan,
                      session->Describe(CloseShapes(session->inputs(), options.symbols)));

  Report report("inspect", command.json, command.html);
  report.json()["model"] = command.model;
  report.json()["backend"] = command.session.backend;
  if (!model->producer_name.empty()) {
    report.Print(
        absl::StrCat("made by ", model->producer_name, " ", model->producer_version, "\n"));
  }
  PrintPorts("input", session->inputs(), report);
  PrintPorts("output", session->outputs(), report);
  report.Print("\n");

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
    table.AddRow({absl::StrCat(i), layer.op, ShortName(layer.name), FirstOutputText(layer),
                  layer.parameters > 0 ? FormatInteger(layer.parameters) : "",
                  layer.multiply_adds > 0 ? FormatCount(layer.multiply_adds) : "",
                  bytes > 0 ? FormatBytes(bytes) : "", layer.kernel});
    for (const std::string& refusal : layer.refusals) {
      if (command.why) table.AddRow({"", "", "", "", "", "", "", absl::StrCat("  not ", refusal)});
    }
    layers.push_back(ToJson(layer));
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
  SX_RETURN_IF_ERROR(report.Write());
  return 0;
}

}  // namespace sardonyx
