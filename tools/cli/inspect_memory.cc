// `inspect --memory`.
#include <algorithm>

#include "absl/strings/str_join.h"
#include "tools/cli/bars.h"
#include "tools/cli/inspect_parts.h"

namespace sardonyx {
namespace {

constexpr int kBarCells = 30;

/// For each layer how much is in use while it runs.
std::vector<int64_t> BytesInUse(const PlanReport& plan) {
  std::vector<int64_t> bytes(plan.layers.size(), 0);
  for (const BufferReport& buffer : plan.buffers) {
    for (int layer = buffer.first; layer <= buffer.last; ++layer) {
      bytes[static_cast<size_t>(layer)] += buffer.bytes;
    }
  }
  return bytes;
}

std::string OverTime(const PlanReport& plan, const std::vector<int64_t>& in_use, int64_t most) {
  Table table({"#", "operator", "name", "in use", ""}, "rllrl");
  for (size_t i = 0; i < in_use.size(); ++i) {
    const double part = most > 0 ? static_cast<double>(in_use[i]) / static_cast<double>(most) : 0;
    table.AddRow({absl::StrCat(i), plan.layers[i].op, ShortName(plan.layers[i].name),
                  FormatBytes(in_use[i]), ShowsPictures() ? Bar(part, kBarCells) : ""});
  }
  return table.ToString();
}

bool InUseAt(int layer, const BufferReport& buffer) {
  return buffer.first <= layer && layer <= buffer.last;
}

/// `peak` is the layer while which most is in use.
std::string Places(const PlanReport& plan, int peak) {
  Table table({"offset", "size", "layers", "at the peak", "values"}, "rrlll");
  for (const BufferReport& buffer : plan.buffers) {
    table.AddRow({buffer.offset < 0 ? "outside" : FormatInteger(buffer.offset),
                  FormatBytes(buffer.bytes), absl::StrCat(buffer.first, " to ", buffer.last),
                  InUseAt(peak, buffer) ? "yes" : "",
                  absl::StrJoin(buffer.values, ", ", [](std::string* out, const std::string& name) {
                    absl::StrAppend(out, ShortName(name));
                  })});
  }
  return table.ToString();
}

Json ToJson(const BufferReport& buffer, int peak) {
  Json item;
  item["values"] = buffer.values;
  item["offset"] = buffer.offset < 0 ? Json() : Json(buffer.offset);
  item["bytes"] = buffer.bytes;
  item["first_layer"] = buffer.first;
  item["last_layer"] = buffer.last;
  item["at_peak"] = InUseAt(peak, buffer);
  return item;
}

}  // namespace

void ReportMemory(const PlanReport& plan, Report& report) {
  const std::vector<int64_t> in_use = BytesInUse(plan);
  const auto greatest = std::max_element(in_use.begin(), in_use.end());
  const int64_t most = greatest == in_use.end() ? 0 : *greatest;
  const auto peak = static_cast<int>(greatest - in_use.begin());
  report.Print(absl::StrCat("\n", OverTime(plan, in_use, most)));
  if (most > 0) {
    report.Print(absl::StrCat("\npeak: ", FormatBytes(most), " at layer ", peak, " (",
                              plan.layers[static_cast<size_t>(peak)].op, "); the arena has ",
                              FormatBytes(plan.arena_bytes), ", outputs lie outside it\n\n",
                              Places(plan, peak)));
  }
  Json memory;
  memory["arena_bytes"] = plan.arena_bytes;
  memory["peak_bytes"] = most;
  memory["peak_layer"] = most > 0 ? Json(peak) : Json();
  memory["bytes_by_layer"] = in_use;
  memory["buffers"] = Json::array();
  for (const BufferReport& buffer : plan.buffers) memory["buffers"].push_back(ToJson(buffer, peak));
  report.json()["memory"] = std::move(memory);
}

}  // namespace sardonyx
