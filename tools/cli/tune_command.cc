// `sardonyx tune`: which kernel is the fastest for each layer, by measurement.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/session/plan_file.h"
#include "runtime/session/tune.h"
#include "tools/cli/commands.h"
#include "tools/cli/input_spec.h"
#include "tools/cli/model_file.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

Json ToJson(const TunedLayer& layer) {
  Json item;
  item["name"] = layer.name;
  item["op"] = layer.op;
  item["output"] = layer.output;
  item["by_estimate"] = layer.by_estimate;
  item["kernels"] = Json::array();
  for (const auto& [kernel, ms] : layer.kernels) {
    item["kernels"].push_back({{"kernel", kernel}, {"ms", ms}});
  }
  return item;
}

std::string Describe(const std::vector<std::pair<std::string, double>>& kernels, size_t i) {
  if (i >= kernels.size()) return "";
  return absl::StrCat(kernels[i].first, " ", FormatMilliseconds(kernels[i].second));
}

}  // namespace

StatusOr<int> Run(const TuneCommand& command) {
  SX_ASSIGN_OR_RETURN(const SessionOptions options, ToSessionOptions(command.session));
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model,
                      LoadModel(command.model, command.session));
  std::map<std::string, Value> inputs;
  PlanOrigin origin{.model = command.model, .cpu = ThisCpu()};
  {
    SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Create(model, options));
    SX_ASSIGN_OR_RETURN(inputs, MakeInputs(session->inputs(), command.input, options.symbols));
    origin.threads = session->pool().threads();
  }
  Progress progress(0);
  progress.Show(0, absl::StrCat("measuring the kernels of ", command.model));
  const RunControl control(DeadlineAfter(command.session.time_limit));
  SX_ASSIGN_OR_RETURN(const Tuning tuning, Tune(model, options, inputs,
                                                {.seconds = command.seconds, .control = &control}));
  progress.Clear();

  Report report("tune", command.json);
  report.json()["model"] = command.model;
  report.json()["threads"] = origin.threads;
  report.json()["estimated_ms"] = tuning.estimated_ms;
  report.json()["tuned_ms"] = tuning.tuned_ms;
  Table table({"operator", "name", "fastest", "second", "third", "by estimate"}, "llllll");
  Json layers = Json::array();
  int changed = 0;
  for (const TunedLayer& layer : tuning.layers) {
    const bool differs = layer.by_estimate != layer.kernels.front().first;
    changed += differs ? 1 : 0;
    table.AddRow({layer.op, ShortName(layer.name), Describe(layer.kernels, 0),
                  Describe(layer.kernels, 1), Describe(layer.kernels, 2),
                  differs ? layer.by_estimate : "the same"});
    layers.push_back(ToJson(layer));
  }
  report.json()["layers"] = std::move(layers);
  report.Print(table.ToString());
  report.Print(absl::StrFormat(
      "\n%d of %d layers differ from the estimate; a run takes %s by estimate, %s tuned\n", changed,
      tuning.layers.size(), FormatMilliseconds(tuning.estimated_ms),
      FormatMilliseconds(tuning.tuned_ms)));
  if (tuning.kernels.empty()) report.Print("together they were not faster, so the plan is empty\n");
  if (!command.output.empty()) {
    const Status written = WritePlanFile(command.output, origin, tuning);
    if (!written.ok()) return Failed(written, report);
    report.Print(absl::StrCat("written to ", command.output, "; --plan takes it\n"));
  }
  SX_RETURN_IF_ERROR(report.Write());
  return 0;
}

}  // namespace sardonyx
