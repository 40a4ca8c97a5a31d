// `sardonyx profile`: where the time of a run goes.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/session/execution.h"
#include "runtime/session/profile.h"
#include "tools/cli/bars.h"
#include "tools/cli/commands.h"
#include "tools/cli/input_spec.h"
#include "tools/cli/layer_json.h"
#include "tools/cli/measure.h"
#include "tools/cli/model_file.h"
#include "tools/cli/output.h"
#include "tools/cli/roofline.h"

namespace sardonyx {
namespace {

constexpr int kBarCells = 12;

/// What a layer costs, or all that one kernel computes.
struct Share {
  Backend backend = Backend::kReference;
  int layers = 0;
  double ms = 0;  // a run's, on average
  double multiply_adds = 0;
  double least_ms = 0;  // that the machine's ceilings allow
  int64_t traffic = 0;  // bytes that have to be read and written
  int64_t memory = 0;   // bytes of outputs and scratch

  void Add(const Share& other) {
    backend = other.backend;
    layers += other.layers;
    ms += other.ms;
    multiply_adds += other.multiply_adds;
    least_ms += other.least_ms;
    traffic += other.traffic;
    memory = std::max(memory, other.memory);
  }
};

Share ShareOf(const LayerReport& layer, double ms, const Roofline& roofline) {
  return {.backend = layer.backend,
          .layers = 1,
          .ms = ms,
          .multiply_adds = layer.multiply_adds,
          .least_ms = 1e3 * LeastSeconds(layer, roofline),
          .traffic = TrafficOf(layer),
          .memory = ActivationBytes(layer) + layer.scratch_bytes};
}

/// Billions in a second; "" for none.
std::string Billions(double count, double ms) {
  return count > 0 && ms > 0 ? absl::StrFormat("%.1f", 1e-6 * count / ms) : "";
}

std::string Percent(double part, double whole) {
  return absl::StrFormat("%.1f %%", whole > 0 ? 100 * part / whole : 0.0);
}

/// The columns that layers and kernels have in common, after those that name them.
const std::vector<std::string> kTitles = {"time", "share", "GFLOP/s", "GB/s", "roofline", "memory"};
constexpr const char* kAlignments = "rrrrrr";

std::vector<std::string> Cells(const Share& share, double total) {
  return {FormatMilliseconds(share.ms),
          Percent(share.ms, total),
          Billions(2 * share.multiply_adds, share.ms),
          Billions(static_cast<double>(share.traffic), share.ms),
          RooflineText(share.least_ms, share.ms),
          share.memory > 0 ? FormatBytes(share.memory) : ""};
}

Json ToJson(const Share& share) {
  Json item;
  item["ms"] = share.ms;
  item["multiply_adds"] = share.multiply_adds;
  item["traffic_bytes"] = share.traffic;
  item["memory_bytes"] = share.memory;
  item["roofline"] = share.ms > 0 ? share.least_ms / share.ms : 0;
  return item;
}

/// A table whose rows begin with their own cells and go on with those of a Share, and on a terminal
/// with its bar.
class ShareTable {
 public:
  ShareTable(std::vector<std::string> titles, const std::string& alignments, double total)
      : total_(total), pictures_(ShowsPictures()), table_(Titles(titles), Alignments(alignments)) {}

  void Add(std::vector<std::string> cells, const Share& share, const std::string& kernel) {
    for (std::string& cell : Cells(share, total_)) cells.push_back(std::move(cell));
    cells.push_back(kernel);
    if (pictures_) cells.push_back(Bar(total_ > 0 ? share.ms / total_ : 0, kBarCells));
    table_.AddRow(std::move(cells));
  }
  std::string ToString() const { return table_.ToString(); }

 private:
  std::vector<std::string> Titles(std::vector<std::string> titles) const {
    titles.insert(titles.end(), kTitles.begin(), kTitles.end());
    titles.emplace_back("kernel");
    if (pictures_) titles.emplace_back("");
    return titles;
  }
  std::string Alignments(const std::string& own) const {
    return absl::StrCat(own, kAlignments, pictures_ ? "ll" : "l");
  }

  double total_;
  bool pictures_;
  Table table_;
};

void PrintLayers(const PlanReport& plan, const std::vector<Share>& shares, double total,
                 Report& report) {
  ShareTable table({"#", "operator", "name"}, "rll", total);
  Json layers = Json::array();
  for (size_t i = 0; i < plan.layers.size(); ++i) {
    const LayerReport& layer = plan.layers[i];
    table.Add({absl::StrCat(i), layer.op, ShortName(layer.name)}, shares[i], layer.kernel);
    Json item = ToJson(layer);
    item.update(ToJson(shares[i]));
    layers.push_back(std::move(item));
  }
  report.Print(table.ToString());
  report.json()["layers"] = std::move(layers);
}

/// Operators with their kernels, the costliest first.
void PrintKernels(const PlanReport& plan, const std::vector<Share>& shares, double total,
                  Report& report) {
  std::map<std::pair<std::string, std::string>, Share> sums;
  for (size_t i = 0; i < plan.layers.size(); ++i) {
    sums[{plan.layers[i].op, plan.layers[i].kernel}].Add(shares[i]);
  }
  std::vector<std::pair<std::pair<std::string, std::string>, Share>> order(sums.begin(),
                                                                           sums.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second.ms > b.second.ms; });
  ShareTable table({"operator", "layers"}, "lr", total);
  Json kernels = Json::array();
  for (const auto& [key, sum] : order) {
    table.Add({key.first, absl::StrCat(sum.layers)}, sum, key.second);
    Json item = ToJson(sum);
    item["op"] = key.first;
    item["kernel"] = key.second;
    item["backend"] = std::string(Name(sum.backend));
    item["layers"] = sum.layers;
    kernels.push_back(std::move(item));
  }
  report.Print(table.ToString());
  report.json()["kernels"] = std::move(kernels);
}

/// One run more, drawn.
Status TraceRun(const ProfileCommand& command, Session& session,
                const std::map<std::string, Value>& inputs) {
  SX_ASSIGN_OR_RETURN(const std::vector<Value> arranged, session.Arrange(inputs));
  const std::unique_ptr<ExecutionContext> context = session.NewContext();
  RunControl control(DeadlineAfter(command.session.time_limit));
  RunOptions options{.control = &control, .seed = command.input.seed};
  SX_RETURN_IF_ERROR(context->Run(arranged, options));
  Profile profile;
  control.set_work_log(profile.workers());
  options.profile = &profile;
  SX_RETURN_IF_ERROR(context->Run(arranged, options));
  return profile.WriteTrace(command.trace);
}

}  // namespace

StatusOr<int> Run(const ProfileCommand& command) {
  SX_ASSIGN_OR_RETURN(const SessionOptions options, ToSessionOptions(command.session));
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model,
                      LoadModel(command.model, command.session));
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session,
                      OpenSession(model, options, command.session));
  SX_ASSIGN_OR_RETURN(const auto inputs,
                      MakeInputs(session->inputs(), command.input, options.symbols));
  SX_ASSIGN_OR_RETURN(const PlanReport plan, session->Describe(ShapesOf(inputs)));
  const Roofline roofline = MeasureRoofline(session->pool());

  std::vector<double> layer_ms(plan.layers.size()), warm_up;
  MeasureOptions measure = MeasureOptionsOf(command);
  measure.on_warm_up = [&](double ms) { warm_up.push_back(ms); };
  std::vector<double> plain;
  measure.on_plain = [&](double ms) { plain.push_back(ms); };
  measure.on_layers = [&](const std::vector<NodeTiming>& timings) {
    for (const NodeTiming& timing : timings) {
      layer_ms[static_cast<size_t>(timing.layer)] +=
          static_cast<double>(timing.end_ns - timing.begin_ns) * 1e-6;
    }
  };
  SX_ASSIGN_OR_RETURN(const std::vector<double> times, MeasureRuns(*session, inputs, measure));
  const Statistics latency = Summarize(times);
  const double plain_ms = Summarize(plain).median;
  std::vector<Share> shares;
  double in_layers = 0;
  for (size_t i = 0; i < layer_ms.size(); ++i) {
    const double ms = layer_ms[i] / static_cast<double>(latency.count);
    shares.push_back(ShareOf(plan.layers[i], ms, roofline));
    in_layers += ms;
  }

  Report report("profile", command.json, command.html);
  report.json()["model"] = command.model;
  report.json()["backend"] = command.session.backend;
  report.json()["threads"] = session->pool().threads();
  report.json()["inputs"] = ToJson(session->inputs());
  report.json()["outputs"] = ToJson(session->outputs());
  report.json()["runs"] = latency.count;
  report.json()["run_ms"] = latency.mean;
  report.json()["layers_ms"] = in_layers;
  report.json()["median_ms"] = latency.median;
  report.json()["plain_median_ms"] = plain_ms;
  report.json()["first_run_ms"] = warm_up.front();
  report.json()["warm_up_runs"] = warm_up.size();
  report.json()["peak_gflops"] = roofline.flops * 1e-9;
  report.json()["peak_gb_per_s"] = roofline.bytes_per_second * 1e-9;
  PrintLayers(plan, shares, in_layers, report);
  report.Print("\n");
  PrintKernels(plan, shares, in_layers, report);
  report.Print(absl::StrFormat(
      "\nfirst run %s, %d runs to warm up\n%d runs of %s on average (median %s, without taking "
      "times %s), %s of it in layers\nthe machine, %d threads: %.0f GFLOP/s, %.1f GB/s from "
      "memory; %s\n",
      FormatMilliseconds(warm_up.front()), warm_up.size(), latency.count,
      FormatMilliseconds(latency.mean), FormatMilliseconds(latency.median),
      FormatMilliseconds(plain_ms), Percent(in_layers, latency.mean), session->pool().threads(),
      roofline.flops * 1e-9, roofline.bytes_per_second * 1e-9, kAboveRoofline));
  if (!command.trace.empty()) {
    const Status traced = TraceRun(command, *session, inputs);
    if (!traced.ok()) return Failed(traced, report);
    report.Print(absl::StrCat("a run over time written to ", command.trace, "\n"));
  }
  SX_RETURN_IF_ERROR(report.Write());
  return 0;
}

}  // namespace sardonyx
