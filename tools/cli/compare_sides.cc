#include "tools/cli/compare_sides.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "runtime/base/nearest.h"
#include "tools/cli/input_spec.h"
#include "tools/cli/layer_json.h"
#include "tools/cli/model_file.h"

namespace sardonyx {
namespace {

Status CheckBackend(const std::string& option, const std::string& name) {
  const std::vector<std::string> names = RunnerNames();
  if (std::find(names.begin(), names.end(), name) != names.end()) return absl::OkStatus();
  return UsageError(absl::StrCat(option, ": there is no backend '", name, "'; it is one of ",
                                 absl::StrJoin(names, ", "), DidYouMean(name, names)));
}

}  // namespace

StatusOr<std::vector<Side>> SidesOf(const CompareCommand& command) {
  std::vector<Side> sides;
  if (command.models.size() > 2) return UsageError("one model or two, not more");
  if (command.models.size() == 2) {
    if (!command.backends.empty()) {
      return UsageError("--backends is for one model; two models run on one, --backend");
    }
    SX_RETURN_IF_ERROR(CheckBackend("--backend", command.session.backend));
    for (const std::string& model : command.models) {
      SX_RETURN_IF_ERROR(CheckFileExists(model));
      sides.push_back({.label = model, .model = model, .backend = command.session.backend});
    }
    return sides;
  }
  if (command.session.backend != "auto") {
    return UsageError("--backend is for two models; --backends A,B names what one is compared on");
  }
  const std::string& names =
      command.backends.empty() ? CompareCommand::kDefaultBackends : command.backends;
  for (const std::string& backend : SplitList(names)) {
    SX_RETURN_IF_ERROR(CheckBackend("--backends", backend));
    sides.push_back({.label = backend, .model = command.models[0], .backend = backend});
  }
  if (sides.size() < 2) {
    return UsageError("--backends: name at least two, as in --backends reference,native");
  }
  return sides;
}

StatusOr<std::unique_ptr<Runner>> SideLoader::Load(const Side& side,
                                                   const RunnerOptions& options) const {
  SX_ASSIGN_OR_RETURN(std::shared_ptr<Model> model, LoadModel(side.model, command_.session));
  auto runner = MakeRunner(side.backend, std::move(model), side.model, options);
  if (!runner.ok()) return OfSide(side, runner.status());
  return runner;
}

StatusOr<std::map<std::string, Value>> SideLoader::InputsFor(const Runner& runner) {
  if (!inputs_) {
    SX_ASSIGN_OR_RETURN(inputs_, MakeInputs(runner.inputs(), command_.input, runner.symbols()));
  }
  return *inputs_;
}

RunnerOptions RunnerOptionsOf(const CompareCommand& command) {
  return {
      .session = command.session, .onnxruntime = command.onnxruntime, .openvino = command.openvino};
}

void ReportGraph(const Runner& runner, const PlanReport& plan, Report& report) {
  const std::vector<Port>& outputs = runner.outputs();
  const auto own = outputs.begin() + static_cast<std::ptrdiff_t>(runner.own_outputs());
  report.json()["graph"] = {{"inputs", ToJson(runner.inputs())},
                            {"outputs", ToJson(std::vector<Port>(outputs.begin(), own))},
                            {"layers", ToJson(plan.layers)}};
}

Status OfSide(const Side& side, const Status& status) {
  return IsUsageError(status) ? status : Prepend(status, absl::StrCat(side.label, ": "));
}

void ReportFailure(const Side& side, const Status& status, Report& report) {
  PrintError(status.message());
  report.json()["failed"].push_back(
      {{"backend", side.label}, {"error", std::string(status.message())}});
}

}  // namespace sardonyx
