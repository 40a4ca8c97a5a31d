#include "tools/cli/compare_outputs.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/cli/difference.h"
#include "tools/cli/measure.h"
#include "tools/cli/model_file.h"

namespace sardonyx {
namespace {

/// What one side made of its model.
struct Candidate {
  std::string label;
  size_t own_outputs = 0;  // the model's, which stand before what was fetched
  std::vector<Port> ports;
  std::vector<Value> outputs;
  Statistics latency;
  int layers = 0, fallback = 0;  // all but views; those on reference kernels

  /// The output of that name; null where there is none.
  const Value* Find(const std::string& name) const {
    for (size_t i = 0; i < ports.size(); ++i) {
      if (ports[i].name == name) return &outputs[i];
    }
    return nullptr;
  }
};

Status RunCandidate(const CompareCommand& command, const Side& side, SideLoader& loader,
                    Candidate& candidate, Report& report) {
  RunnerOptions options = RunnerOptionsOf(command);
  options.fetch_all = command.fetch == "all";
  if (!options.fetch_all) options.fetch = SplitList(command.fetch);
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Runner> runner, loader.Load(side, options));
  SX_ASSIGN_OR_RETURN(const auto inputs, loader.InputsFor(*runner));
  const RunControl control(DeadlineAfter(command.session.time_limit));
  auto outputs = runner->Run(inputs, {.control = &control, .seed = command.input.seed});
  if (!outputs.ok()) return OfSide(side, outputs.status());
  const auto times = runner->Measure(inputs, {.seconds = 0.5,
                                              .max_runs = 100,
                                              .time_limit = command.session.time_limit,
                                              .seed = command.input.seed});
  if (!times.ok()) return OfSide(side, times.status());
  candidate = {.label = side.label,
               .own_outputs = runner->own_outputs(),
               .ports = runner->outputs(),
               .outputs = *std::move(outputs),
               .latency = Summarize(*times)};
  SX_ASSIGN_OR_RETURN(const PlanReport plan, runner->Describe(ShapesOf(inputs)));
  if (!report.json().contains("graph")) ReportGraph(*runner, plan, report);
  for (const LayerReport& layer : plan.layers) {
    if (layer.kernel == "view") continue;
    ++candidate.layers;
    candidate.fallback += layer.backend == Backend::kReference;
  }
  return absl::OkStatus();
}

/// The table of all outputs, as it grows.
class OutputTable {
 public:
  explicit OutputTable(const CompareCommand& command) : command_(command) {}

  /// An output of the first side beside those that others have under its name.
  void Add(const std::string& name, const Value& expected, const std::vector<Candidate>& candidates,
           bool in_detail) {
    Json item;
    item["name"] = name;
    item["type"] = expected.ToString();
    item["backends"] = Json::array();
    for (size_t k = 1; k < candidates.size(); ++k) {
      const Value* actual = candidates[k].Find(name);
      if (actual == nullptr) continue;
      const bool first = item["backends"].empty();
      const Difference difference =
          MeasureDifference(*actual, expected, command_.tolerance, command_.top);
      const Comparison& comparison = difference.comparison;
      table_.AddRow({first ? ShortName(name) : "", first ? expected.ToString() : "",
                     candidates[k].label, FormatError(comparison.max_abs),
                     difference.errors ? FormatError(difference.errors->mean_abs) : "",
                     FormatError(comparison.max_rel),
                     difference.errors ? FormatError(difference.errors->mean_rel) : "",
                     FormatError(comparison.normwise), comparison.match ? "agrees" : "DIFFERS"});
      if (in_detail) {
        absl::StrAppend(&details_, "\n", name, " on ", candidates[k].label, "\n",
                        Describe(difference));
      }
      Json entry;
      entry["backend"] = candidates[k].label;
      entry.update(ToJson(difference));
      item["backends"].push_back(std::move(entry));
      if (!comparison.match && first_mismatch_.empty()) {
        first_mismatch_ =
            absl::StrCat("'", name, "' on ", candidates[k].label, ": ", comparison.reason);
      }
    }
    compared_ += item["backends"].empty() ? 0 : 1;
    list_.push_back(std::move(item));
  }

  bool empty() const { return compared_ == 0; }
  /// Prints everything; whether all agree.
  bool Finish(Report& report) {
    if (!empty()) report.Print(absl::StrCat(table_.ToString(), details_, "\n"));
    if (!first_mismatch_.empty()) {
      report.Print(absl::StrCat("first difference: ", first_mismatch_, "\n\n"));
    }
    report.json()["outputs"] = std::move(list_);
    return first_mismatch_.empty();
  }

 private:
  const CompareCommand& command_;
  Table table_{
      {"output", "type", "side", "max abs error", "mean", "max rel error", "mean", "normwise", ""},
      "lllrrrrrl"};
  Json list_ = Json::array();
  std::string details_, first_mismatch_;
  int compared_ = 0;
};

void PrintTimes(const std::vector<Candidate>& candidates, Report& report) {
  Table table({"side", "median", "min", "speed", "layers on reference"}, "lrrrr");
  Json list = Json::array();
  for (const Candidate& candidate : candidates) {
    table.AddRow(
        {candidate.label, FormatMilliseconds(candidate.latency.median),
         FormatMilliseconds(candidate.latency.min),
         absl::StrFormat("%.2fx",
                         candidates[0].latency.median / std::max(candidate.latency.median, 1e-9)),
         candidate.layers == 0 ? "" : absl::StrCat(candidate.fallback, " of ", candidate.layers)});
    Json item;
    item["backend"] = candidate.label;
    item["median_ms"] = candidate.latency.median;
    item["min_ms"] = candidate.latency.min;
    item["runs"] = candidate.latency.count;
    item["layers"] = candidate.layers;
    item["fallback_layers"] = candidate.fallback;
    list.push_back(std::move(item));
  }
  report.Print(table.ToString());
  report.json()["backends"] = std::move(list);
}

}  // namespace

StatusOr<bool> CompareOutputsOf(const CompareCommand& command, const std::vector<Side>& sides,
                                Report& report) {
  SideLoader loader(command);
  std::vector<Candidate> candidates;
  bool complete = true;
  Progress progress(static_cast<int64_t>(sides.size()));
  for (size_t i = 0; i < sides.size(); ++i) {
    progress.Show(static_cast<int64_t>(i), sides[i].label);
    Candidate candidate;
    const Status status = RunCandidate(command, sides[i], loader, candidate, report);
    if (status.ok()) {
      candidates.push_back(std::move(candidate));
      continue;
    }
    if (i == 0 || IsUsageError(status)) return status;  // there is nothing to compare with
    progress.Clear();
    ReportFailure(sides[i], status, report);
    complete = false;
  }
  progress.Clear();
  const Candidate& base = candidates[0];
  OutputTable table(command);
  // What was fetched beyond the model's own outputs stands first, in the order of the graph, so
  // that the first difference is where the sides part.
  for (size_t at = 0; at < base.outputs.size(); ++at) {
    const size_t i = (at + base.own_outputs) % base.outputs.size();
    table.Add(base.ports[i].name, base.outputs[i], candidates, i < base.own_outputs);
  }
  if (table.empty() && complete) {
    return InvalidArgument("there is nothing to compare: no output has a name that ",
                           sides[0].label, " and another side share");
  }
  const bool match = table.Finish(report);
  PrintTimes(candidates, report);
  return match && complete;
}

}  // namespace sardonyx
