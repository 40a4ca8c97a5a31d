#include "runtime/session/plan_file.h"

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace sardonyx {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchema = "sardonyx.plan/1";
constexpr int64_t kMostBytes = int64_t{64} << 20;

}  // namespace

std::string ThisCpu() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (absl::StartsWith(line, "model name") && colon != std::string::npos) {
      return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
    }
  }
  return "unknown";
}

Status WritePlanFile(const std::string& path, const PlanOrigin& origin, const Tuning& tuning) {
  Json json;
  json["schema"] = kSchema;
  json["model"] = origin.model;
  json["cpu"] = origin.cpu;
  json["threads"] = origin.threads;
  json["estimated_ms"] = tuning.estimated_ms;
  json["tuned_ms"] = tuning.tuned_ms;
  json["kernels"] = Json::object();
  for (const auto& [output, kernel] : tuning.kernels) json["kernels"][output] = kernel;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << json.dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
  file.close();
  return file ? absl::OkStatus() : InvalidArgument("cannot write '", path, "'");
}

StatusOr<PlanFile> ReadPlanFile(const std::string& path) {
  std::ifstream file(path, std::ios::ate | std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read the plan '", path, "'"));
  if (file.tellg() > kMostBytes) return InvalidArgument("'", path, "' is too large for a plan");
  file.seekg(0);
  // What lies deeper than a plan's own entries is never kept.
  const auto keep = [](int depth, Json::parse_event_t, Json&) { return depth <= 2; };
  const Json json = Json::parse(file, keep, /*allow_exceptions=*/false);
  const auto has = [&](const char* key, auto check) {
    return json.is_object() && json.contains(key) && check(json[key]);
  };
  const auto is_text = [](const Json& value) { return value.is_string(); };
  if (!has("schema", is_text) || json["schema"] != kSchema ||
      !has("kernels", [](const Json& value) { return value.is_object(); })) {
    return InvalidArgument("'", path, "' is no plan, which 'sardonyx tune MODEL -o FILE' writes");
  }
  PlanFile plan;
  for (const auto& [output, kernel] : json["kernels"].items()) {
    if (!kernel.is_string()) return InvalidArgument("'", path, "': '", output, "' has no kernel");
    plan.kernels[output] = kernel.get<std::string>();
  }
  if (has("cpu", is_text)) plan.cpu = json["cpu"].get<std::string>();
  return plan;
}

}  // namespace sardonyx
