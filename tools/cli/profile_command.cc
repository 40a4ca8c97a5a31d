// `sardonyx profile`: where the time of a run goes.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/cli/commands.h"
#include "tools/cli/input_spec.h"
#include "tools/cli/measure.h"
#include "tools/cli/model_file.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

/// Times of a layer, or of all that one kernel computes.
struct Share {
  int layers = 0;
  double ms = 0;  // a run's, on average
  double multiply_adds = 0;
};

/// Billions of multiplications and additions in a second; "" where they are not counted.
std::string Speed(const Share& share) {
  if (share.multiply_adds <= 0 || share.ms <= 0) return "";
  return absl::StrFormat("%.1f", 2e-6 * share.multiply_adds / share.ms);
}

std::string Percent(double part, double whole) {
  return absl::StrFormat("%.1f %%", whole > 0 ? 100 * part / whole : 0.0);
}

Json ToJson(const Share& share) {
  Json item;
  item["ms"] = share.ms;
  item["multiply_adds"] = share.multiply_adds;
  return item;
}

void PrintLayers(const PlanReport& plan, const std::vector<Share>& shares, double total,
                 Report& report) {
  Table table({"#", "operator", "name", "time", "share", "GFLOP/s", "kernel"}, "rllrrrl");
  Json layers = Json::array();
  for (size_t i = 0; i < plan.layers.size(); ++i) {
    const LayerReport& layer = plan.layers[i];
    table.AddRow({absl::StrCat(i), layer.op, ShortName(layer.name),
                  FormatMilliseconds(shares[i].ms), Percent(shares[i].ms, total), Speed(shares[i]),
                  layer.kernel});
    Json item = ToJson(shares[i]);
    item["name"] = layer.name;
    item["op"] = layer.op;
    item["kernel"] = layer.kernel;
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
    Share& sum = sums[{plan.layers[i].op, plan.layers[i].kernel}];
    ++sum.layers;
    sum.ms += shares[i].ms;
    sum.multiply_adds += shares[i].multiply_adds;
  }
  std::vector<std::pair<std::pair<std::string, std::string>, Share>> order(sums.begin(),
                                                                           sums.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second.ms > b.second.ms; });
  Table table({"operator", "kernel", "layers", "time", "share", "GFLOP/s"}, "llrrrr");
  Json kernels = Json::array();
  for (const auto& [key, sum] : order) {
    table.AddRow({key.first, key.second, absl::StrCat(sum.layers), FormatMilliseconds(sum.ms),
                  Percent(sum.ms, total), Speed(sum)});
    Json item = ToJson(sum);
    item["op"] = key.first;
    item["kernel"] = key.second;
    item["layers"] = sum.layers;
    kernels.push_back(std::move(item));
  }
  report.Print(table.ToString());
  report.json()["kernels"] = std::move(kernels);
}

}  // namespace

StatusOr<int> Run(const ProfileCommand& command) {
  SX_ASSIGN_OR_RETURN(const SessionOptions options, ToSessionOptions(command.session));
  SX_ASSIGN_OR_RETURN(std::shared_ptr<Model> model, LoadModel(command.model, command.session));
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session,
                      Session::Create(std::move(model), options));
  SX_ASSIGN_OR_RETURN(const auto inputs,
                      MakeInputs(session->inputs(), command.input, options.symbols));
  SX_ASSIGN_OR_RETURN(const PlanReport plan, session->Describe(ShapesOf(inputs)));

  std::vector<Share> shares(plan.layers.size());
  MeasureOptions measure = MeasureOptionsOf(command);
  measure.on_layers = [&](const std::vector<NodeTiming>& timings) {
    for (const NodeTiming& timing : timings) {
      shares[timing.layer].ms += static_cast<double>(timing.end_ns - timing.begin_ns) * 1e-6;
    }
  };
  SX_ASSIGN_OR_RETURN(const std::vector<double> times, MeasureRuns(*session, inputs, measure));
  const Statistics latency = Summarize(times);
  double in_layers = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    shares[i].ms /= static_cast<double>(latency.count);
    shares[i].multiply_adds = plan.layers[i].multiply_adds;
    in_layers += shares[i].ms;
  }

  Report report("profile", command.json);
  report.json()["model"] = command.model;
  report.json()["backend"] = command.session.backend;
  report.json()["threads"] = session->pool().threads();
  report.json()["runs"] = latency.count;
  report.json()["run_ms"] = latency.mean;
  report.json()["layers_ms"] = in_layers;
  PrintLayers(plan, shares, in_layers, report);
  report.Print("\n");
  PrintKernels(plan, shares, in_layers, report);
  report.Print(absl::StrFormat("\n%d runs of %s on average (median %s), %s of it in layers\n",
                               latency.count, FormatMilliseconds(latency.mean),
                               FormatMilliseconds(latency.median),
                               Percent(in_layers, latency.mean)));
  SX_RETURN_IF_ERROR(report.Write());
  return 0;
}

}  // namespace sardonyx
