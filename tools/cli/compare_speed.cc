#include "tools/cli/compare_speed.h"

#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "runtime/session/tune.h"
#include "tools/cli/measure.h"
#include "tools/cli/model_file.h"
#include "tools/cli/roofline.h"

namespace sardonyx {
namespace {

/// What it takes one side to compute a tensor, transpositions to its layouts included.
struct Cost {
  double ms = 0;        // the least of all runs, of each layer
  double least_ms = 0;  // by the roofline
  std::string kernel, op;
  std::vector<size_t> layers;  // of the side
};

/// Of one side, by tensor.
struct Costs {
  std::vector<std::string> order;  // as they were computed
  std::map<std::string, Cost> by_tensor;
  double run_ms = 0;
};

Json ToJson(const std::string& kernel, double ms, double least_ms) {
  Json item = {{"kernel", kernel}, {"ms", nullptr}, {"share_of_roofline", nullptr}};
  if (ms > 0) item["ms"] = ms;
  if (ms > 0 && least_ms > 0) item["share_of_roofline"] = least_ms / ms;
  return item;
}

StatusOr<Costs> MeasureSide(const CompareCommand& command, const Side& side,
                            const Roofline& roofline, SideLoader& loader, Report& report) {
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Runner> runner,
                      loader.Load(side, RunnerOptionsOf(command)));
  SX_ASSIGN_OR_RETURN(const auto inputs, loader.InputsFor(*runner));
  SX_ASSIGN_OR_RETURN(const PlanReport plan, runner->Describe(ShapesOf(inputs)));
  if (!report.json().contains("graph")) ReportGraph(*runner, plan, report);
  std::vector<std::string> tensors(plan.layers.size());
  const auto watch = [&](const LayerOutput& output) {
    std::string& name = tensors[output.layer];
    if (name.empty()) name = std::string(output.name);
    return absl::OkStatus();
  };
  const RunControl control(DeadlineAfter(command.session.time_limit));
  const RunOptions run{.control = &control, .seed = command.input.seed, .observer = watch};
  if (const auto ran = runner->Run(inputs, run); !ran.ok()) return OfSide(side, ran.status());

  std::vector<double> least(plan.layers.size(), std::numeric_limits<double>::infinity());
  MeasureOptions measure{.seconds = command.seconds / 4,
                         .time_limit = command.session.time_limit,
                         .seed = command.input.seed};
  measure.on_layers = [&](const std::vector<NodeTiming>& timings) {
    for (const NodeTiming& timing : timings) {
      const double ms = static_cast<double>(timing.end_ns - timing.begin_ns) * 1e-6;
      least[timing.layer] = std::min(least[timing.layer], ms);
    }
  };
  const auto times = runner->Measure(inputs, measure);
  if (!times.ok()) return OfSide(side, times.status());
  Costs costs{.run_ms = Summarize(*times).min};
  for (size_t i = 0; i < tensors.size(); ++i) {
    const LayerReport& layer = plan.layers[i];
    if (layer.kernel == "view" || tensors[i].empty()) continue;
    const auto [place, fresh] = costs.by_tensor.try_emplace(tensors[i]);
    if (fresh) {
      costs.order.push_back(tensors[i]);
      place->second = {.kernel = layer.kernel, .op = layer.op};
    }
    place->second.layers.push_back(i);
    place->second.ms += least[i];
    place->second.least_ms += 1e3 * LeastSeconds(layer, roofline);
  }
  return costs;
}

/// A row for each tensor, those of the first side first.
void PrintSides(const std::vector<Side>& sides, const std::vector<Costs>& all, Report& report) {
  std::vector<std::string> titles = {"operator", "tensor"}, order;
  std::string alignments = "ll";
  for (const Side& side : sides) {
    titles.insert(titles.end(), {side.label, "roofline", "kernel"});
    alignments += "rrl";
  }
  for (const Costs& costs : all) {
    for (const std::string& tensor : costs.order) {
      if (std::find(order.begin(), order.end(), tensor) == order.end()) order.push_back(tensor);
    }
  }
  Table table(titles, alignments);
  Json list = Json::array();
  for (const std::string& tensor : order) {
    std::vector<std::string> cells = {"", ShortName(tensor)};
    Json item = {{"tensor", tensor}, {"sides", Json::array()}};
    for (size_t i = 0; i < all.size(); ++i) {
      const auto found = all[i].by_tensor.find(tensor);
      if (found == all[i].by_tensor.end()) {
        cells.insert(cells.end(), 3, "");
        continue;
      }
      const Cost& cost = found->second;
      if (cells[0].empty()) cells[0] = cost.op;
      cells.insert(cells.end(), {FormatMilliseconds(cost.ms), RooflineText(cost.least_ms, cost.ms),
                                 cost.kernel});
      Json entry = ToJson(cost.kernel, cost.ms, cost.least_ms);
      entry["backend"] = sides[i].label;
      entry["layers"] = cost.layers;
      item["op"] = cost.op;
      item["sides"].push_back(std::move(entry));
    }
    table.AddRow(std::move(cells));
    list.push_back(std::move(item));
  }
  table.AddLine();
  std::vector<std::string> totals = {"", "a whole run"};
  report.json()["backends"] = Json::array();
  for (size_t i = 0; i < all.size(); ++i) {
    totals.insert(totals.end(), {FormatMilliseconds(all[i].run_ms), "", ""});
    report.json()["backends"].push_back({{"backend", sides[i].label}, {"min_ms", all[i].run_ms}});
  }
  table.AddRow(std::move(totals));
  report.Print(table.ToString());
  report.json()["layers"] = std::move(list);
}

/// What a plan says against kernels, by kernel: "conv.winograd4: stride is 2".
std::map<std::string, std::string> ReasonsOf(const LayerReport& layer) {
  std::map<std::string, std::string> reasons;
  for (const std::string& refusal : layer.refusals) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(refusal, absl::MaxSplits(": ", 1));
    reasons[parts.first] = parts.second;
  }
  return reasons;
}

/// The layer's kernels: those that were measured, fastest first, then those that did not take it.
void PrintChoice(const LayerReport& layer, const TunedLayer* tuned, const Roofline& roofline,
                 Table& table, Json& list) {
  std::map<std::string, std::string> reasons = ReasonsOf(layer);
  const double least_ms = 1e3 * LeastSeconds(layer, roofline);
  Json item = {{"node", layer.name}, {"op", layer.op}, {"kernel", layer.kernel}};
  item["candidates"] = Json::array();
  bool first = true;
  const auto add = [&](const std::string& kernel, double ms) {
    const std::string reason = kernel == layer.kernel ? "taken" : reasons[kernel];
    table.AddRow({first ? layer.op : "", first ? ShortName(layer.name) : "", kernel,
                  ms > 0 ? FormatMilliseconds(ms) : "", RooflineText(least_ms, ms), reason});
    first = false;
    Json entry = ToJson(kernel, ms, least_ms);
    entry["reason"] = reason;
    item["candidates"].push_back(std::move(entry));
  };
  std::set<std::string> listed;
  if (tuned != nullptr) {
    for (const auto& [kernel, ms] : tuned->kernels) {
      listed.insert(kernel);
      add(kernel, ms);
    }
  }
  if (listed.insert(layer.kernel).second) add(layer.kernel, 0);
  for (const std::string& refusal : layer.refusals) {
    const std::string kernel = refusal.substr(0, refusal.find(": "));
    if (listed.insert(kernel).second) add(kernel, 0);
  }
  list.push_back(std::move(item));
}

/// What auto takes for each layer, how fast the others are, and what speaks against them.
Status PrintChoices(const CompareCommand& command, const std::map<std::string, Value>& inputs,
                    const Roofline& roofline, Report& report) {
  SX_ASSIGN_OR_RETURN(const SessionOptions options, ToSessionOptions(command.session));
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model,
                      LoadModel(command.models[0], command.session));
  const RunControl control(DeadlineAfter(command.session.time_limit));
  SX_ASSIGN_OR_RETURN(const Tuning tuning, Tune(model, options, inputs,
                                                {.seconds = command.seconds, .control = &control}));
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Create(model, options));
  SX_ASSIGN_OR_RETURN(const PlanReport plan, session->Describe(ShapesOf(inputs)));
  Table table({"operator", "node", "kernel", "time", "roofline", "what auto says"}, "lllrrl");
  Json list = Json::array();
  for (const LayerReport& layer : plan.layers) {
    if (layer.kernel == "view" || layer.candidates.size() + layer.refusals.size() < 2) continue;
    const auto tuned = std::find_if(
        tuning.layers.begin(), tuning.layers.end(),
        [&](const TunedLayer& other) { return other.output == layer.output_names[0]; });
    PrintChoice(layer, tuned == tuning.layers.end() ? nullptr : &*tuned, roofline, table, list);
  }
  report.json()["choices"] = std::move(list);
  report.Print(absl::StrCat("\nkernels of each layer with a choice\n", table.ToString()));
  return absl::OkStatus();
}

}  // namespace

Status CompareSpeed(const CompareCommand& command, const std::vector<Side>& sides, Report& report) {
  SX_ASSIGN_OR_RETURN(const SessionOptions options, ToSessionOptions(command.session));
  ThreadPool pool(options.threads > 0 ? options.threads : UsableThreads());
  const Roofline roofline = MeasureRoofline(pool);
  SideLoader loader(command);
  Progress progress(static_cast<int64_t>(sides.size()));
  std::vector<Costs> all;
  for (const Side& side : sides) {
    progress.Show(static_cast<int64_t>(all.size()), side.label);
    SX_ASSIGN_OR_RETURN(Costs costs, MeasureSide(command, side, roofline, loader, report));
    all.push_back(std::move(costs));
  }
  progress.Clear();
  report.json()["threads"] = pool.threads();
  report.json()["peak_gflops"] = roofline.flops * 1e-9;
  report.json()["memory_gb_per_s"] = roofline.bytes_per_second * 1e-9;
  PrintSides(sides, all, report);
  report.Print(absl::StrFormat(
      "roofline with --threads %d: %.0f GFLOP/s, %.1f GB/s from memory\n%s\n", pool.threads(),
      roofline.flops * 1e-9, roofline.bytes_per_second * 1e-9, kAboveRoofline));
  if (command.models.size() > 1) return absl::OkStatus();
  progress.Show(0, "every kernel of each layer");
  return PrintChoices(command, loader.inputs(), roofline, report);
}

}  // namespace sardonyx
