// `sardonyx compare`: one model on several backends, outputs and times side by side.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/cli/commands.h"
#include "tools/cli/input_spec.h"
#include "tools/cli/measure.h"
#include "tools/cli/model_file.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

/// What one backend made of the model.
struct Candidate {
  std::string backend;
  std::vector<Port> ports;
  std::vector<Value> outputs;
  Statistics latency;
  int layers = 0, fallback = 0;  // all but views; those on reference kernels
};

StatusOr<SessionOptions> OptionsFor(const CompareCommand& command, const std::string& backend) {
  SessionFlags flags = command.session;
  flags.backend = backend;
  StatusOr<SessionOptions> options = ToSessionOptions(flags);
  if (!options.ok()) return options;
  options->fetch_all = command.fetch == "all";
  if (!options->fetch_all) options->extra_outputs = SplitList(command.fetch);
  return options;
}

Status RunCandidate(const std::shared_ptr<const Model>& model, const CompareCommand& command,
                    const std::string& backend, std::map<std::string, Value>& inputs,
                    Candidate& candidate) {
  candidate.backend = backend;
  SX_ASSIGN_OR_RETURN(const SessionOptions options, OptionsFor(command, backend));
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Create(model, options));
  candidate.ports = session->outputs();
  if (inputs.empty()) {  // the first backend's; the others run on the same
    SX_ASSIGN_OR_RETURN(inputs, MakeInputs(session->inputs(), command.input, options.symbols));
  }
  const RunControl control(DeadlineAfter(command.session.time_limit));
  SX_ASSIGN_OR_RETURN(candidate.outputs,
                      session->Run(inputs, {.control = &control, .seed = command.input.seed}));
  SX_ASSIGN_OR_RETURN(const std::vector<double> times,
                      MeasureRuns(*session, inputs,
                                  {.seconds = 0.5,
                                   .min_runs = 3,
                                   .max_runs = 100,
                                   .time_limit = command.session.time_limit,
                                   .seed = command.input.seed}));
  candidate.latency = Summarize(times);
  std::map<std::string, Shape> shapes;
  for (const auto& [name, value] : inputs) {
    if (value.is_tensor()) shapes[name] = value.tensor().shape();
  }
  SX_ASSIGN_OR_RETURN(const PlanReport plan, session->Describe(shapes));
  for (const LayerReport& layer : plan.layers) {
    if (layer.kernel == "view") continue;
    ++candidate.layers;
    candidate.fallback += layer.backend == Backend::kReference;
  }
  return absl::OkStatus();
}

/// One row for each output and backend but the first; returns whether all agree. What was fetched
/// beyond the model's own outputs stands first, in the order of the graph, so that the first
/// difference is where backends part.
bool CompareAll(const std::vector<Candidate>& candidates, size_t model_outputs,
                const Tolerance& tolerance, Report& report) {
  const Candidate& base = candidates[0];
  Table table({"output", "type", "backend", "max abs error", "max rel error", "normwise", ""},
              "lllrrrl");
  Json list = Json::array();
  std::string first_mismatch;
  const size_t count = base.outputs.size();
  for (size_t at = 0; at < count; ++at) {
    const size_t i = (at + model_outputs) % count;
    Json item;
    item["name"] = base.ports[i].name;
    item["type"] = base.outputs[i].ToString();
    item["backends"] = Json::array();
    for (size_t k = 1; k < candidates.size(); ++k) {
      const Comparison comparison =
          CompareValues(candidates[k].outputs[i], base.outputs[i], tolerance);
      table.AddRow({k == 1 ? base.ports[i].name : "", k == 1 ? base.outputs[i].ToString() : "",
                    candidates[k].backend, FormatError(comparison.max_abs),
                    FormatError(comparison.max_rel), FormatError(comparison.normwise),
                    comparison.match ? "agrees" : "DIFFERS"});
      Json entry;
      entry["backend"] = candidates[k].backend;
      entry["match"] = comparison.match;
      entry["reason"] = comparison.reason;
      entry["max_abs_error"] = comparison.max_abs;
      entry["max_rel_error"] = comparison.max_rel;
      entry["normwise_error"] = comparison.normwise;
      entry["mismatches"] = comparison.mismatches;
      entry["elements"] = comparison.elements;
      item["backends"].push_back(std::move(entry));
      if (!comparison.match && first_mismatch.empty()) {
        first_mismatch = absl::StrCat("'", base.ports[i].name, "' on ", candidates[k].backend, ": ",
                                      comparison.reason);
      }
    }
    list.push_back(std::move(item));
  }
  report.Print(table.ToString());
  if (!first_mismatch.empty()) {
    report.Print(absl::StrCat("first difference: ", first_mismatch, "\n"));
  }
  report.json()["outputs"] = std::move(list);
  return first_mismatch.empty();
}

void PrintTimes(const std::vector<Candidate>& candidates, Report& report) {
  Table table({"backend", "median", "min", "speed", "layers on reference"}, "lrrrr");
  Json list = Json::array();
  for (const Candidate& candidate : candidates) {
    table.AddRow({candidate.backend, FormatMilliseconds(candidate.latency.median),
                  FormatMilliseconds(candidate.latency.min),
                  absl::StrFormat("%.2fx", candidates[0].latency.median /
                                               std::max(candidate.latency.median, 1e-9)),
                  absl::StrCat(candidate.fallback, " of ", candidate.layers)});
    Json item;
    item["backend"] = candidate.backend;
    item["median_ms"] = candidate.latency.median;
    item["min_ms"] = candidate.latency.min;
    item["runs"] = candidate.latency.count;
    item["layers"] = candidate.layers;
    item["fallback_layers"] = candidate.fallback;
    list.push_back(std::move(item));
  }
  report.Print(absl::StrCat("\n", table.ToString()));
  report.json()["backends"] = std::move(list);
}

}  // namespace

StatusOr<int> Run(const CompareCommand& command) {
  const std::vector<std::string> backends = SplitList(command.backends);
  if (backends.size() < 2) {
    return UsageError("--backends: name at least two, as in --backends reference,native");
  }
  for (const std::string& backend : backends) {
    SX_RETURN_IF_ERROR(OptionsFor(command, backend).status());
  }
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model,
                      LoadModel(command.model, command.session));
  std::map<std::string, Value> inputs;
  std::vector<Candidate> candidates(backends.size());
  Progress progress(static_cast<int64_t>(backends.size()));
  for (size_t i = 0; i < backends.size(); ++i) {
    progress.Show(static_cast<int64_t>(i), backends[i]);
    const Status status = RunCandidate(model, command, backends[i], inputs, candidates[i]);
    if (!status.ok()) {
      return IsUsageError(status) ? status
                                  : Prepend(status, absl::StrCat("backend ", backends[i], ": "));
    }
  }
  progress.Clear();
  Report report("compare", command.json);
  report.json()["model"] = command.model;
  report.json()["reference"] = backends[0];
  const bool match = CompareAll(candidates, model->graph.outputs.size(), command.tolerance, report);
  PrintTimes(candidates, report);
  report.json()["match"] = match;
  SX_RETURN_IF_ERROR(report.Write());
  return match ? 0 : 1;
}

}  // namespace sardonyx
