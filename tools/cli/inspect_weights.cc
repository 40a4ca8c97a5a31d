// `inspect --weights`.
#include "absl/strings/str_format.h"
#include "tools/cli/bars.h"
#include "tools/cli/inspect_parts.h"
#include "tools/cli/tensor_stats.h"

namespace sardonyx {
namespace {

constexpr int kBins = 16;

double ZeroShare(const TensorStats& stats) {
  return stats.elements > 0 ? static_cast<double>(stats.zeros) / static_cast<double>(stats.elements)
                            : 0;
}

/// What there is to say of numbers; strings and complex numbers have no range.
void Describe(const Tensor& tensor, std::vector<std::string>& cells, Json& item) {
  const StatusOr<TensorStats> stats = StatsOf(tensor);
  if (!stats.ok()) return;
  const auto counts = HistogramOf(tensor, *stats, kBins);
  const std::vector<int64_t> histogram = counts.ok() ? *counts : std::vector<int64_t>();
  const auto number = [](double x) { return absl::StrFormat("%.4g", x); };
  const auto count = [](int64_t n) { return n > 0 ? FormatInteger(n) : ""; };
  cells = {number(stats->min),
           number(stats->max),
           number(stats->mean),
           absl::StrFormat("%.1f %%", 100 * ZeroShare(*stats)),
           count(stats->nans),
           count(stats->infinities),
           ShowsPictures() ? Sparkline(histogram) : ""};
  item["min"] = stats->min;
  item["max"] = stats->max;
  item["mean"] = stats->mean;
  item["sparsity"] = ZeroShare(*stats);
  item["nans"] = stats->nans;
  item["infinities"] = stats->infinities;
  item["histogram"] = histogram;
}

}  // namespace

void ReportWeights(const Graph& graph, Report& report) {
  Table table({"weight", "type", "size", "min", "max", "mean", "zero", "NaN", "Inf",
               ShowsPictures() ? "histogram" : ""},
              "llrrrrrrrl");
  Json list = Json::array();
  for (const ValueInfo& value : graph.values) {
    if (!value.constant) continue;
    const Tensor& tensor = *value.constant;
    Json item;
    item["name"] = value.name;
    item["type"] = tensor.ToString();
    item["bytes"] = tensor.bytes();
    std::vector<std::string> cells;
    Describe(tensor, cells, item);
    cells.insert(cells.begin(),
                 {ShortName(value.name), tensor.ToString(), FormatBytes(tensor.bytes())});
    table.AddRow(std::move(cells));
    list.push_back(std::move(item));
  }
  report.Print(absl::StrCat("\n", table.ToString()));
  report.json()["weights"] = std::move(list);
}

}  // namespace sardonyx
