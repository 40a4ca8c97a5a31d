// The options that have names.
#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "api/load.h"
#include "ops/custom/custom.h"
#include "runtime/base/nearest.h"
#include "runtime/session/plan_file.h"

namespace sardonyx {
namespace {

constexpr absl::string_view kDimension = "dimension.";

/// Reads a number that is not negative.
template <typename T>
Status ReadNumber(const std::string& value, T& number) {
  int64_t read = 0;
  if (!absl::SimpleAtoi(value, &read) || read < 0 || read > std::numeric_limits<T>::max()) {
    return InvalidArgument("'", value, "' is no number from 0 to ", std::numeric_limits<T>::max());
  }
  number = static_cast<T>(read);
  return absl::OkStatus();
}

Status ReadFlag(const std::string& value, bool& flag) {
  if (!absl::SimpleAtob(value, &flag)) return InvalidArgument("'", value, "' is not true or false");
  return absl::OkStatus();
}

Status ReadSeconds(const std::string& value, double& seconds) {
  double read = 0;
  if (!absl::SimpleAtod(value, &read) || !(read >= 0 && read <= 1e6)) {
    return InvalidArgument("'", value, "' is no number of seconds from 0 to a million");
  }
  seconds = read;
  return absl::OkStatus();
}

template <typename T>
Status Take(StatusOr<T> value, T& place) {
  if (value.ok()) place = *std::move(value);
  return value.status();
}

Status ReadPlan(const std::string& path, KernelChoices& kernels) {
  SX_ASSIGN_OR_RETURN(PlanFile plan, ReadPlanFile(path));
  kernels = std::move(plan.kernels);
  return absl::OkStatus();
}

Status AddCustomOps(const std::string& path, CustomOps& ops) {
  SX_ASSIGN_OR_RETURN(const CustomOps loaded, LoadCustomOps(path));
  ops.insert(ops.end(), loaded.begin(), loaded.end());
  return absl::OkStatus();
}

struct Option {
  absl::string_view name;
  Status (*set)(const std::string& value, LoadOptions& options);
};

constexpr Option kOptions[] = {
    {"backend", [](auto& v, auto& o) { return Take(ParseBackend(v), o.session.backend); }},
    {"accuracy", [](auto& v, auto& o) { return Take(ParseAccuracy(v), o.session.accuracy); }},
    {"threads", [](auto& v, auto& o) { return ReadNumber(v, o.session.threads); }},
    {"optimize", [](auto& v, auto& o) { return ReadFlag(v, o.session.optimize); }},
    {"profile",
     [](auto& v, auto& o) {
       o.profile = v;
       return absl::OkStatus();
     }},
    {"plan", [](auto& v, auto& o) { return ReadPlan(v, o.session.kernels); }},
    {"tune_seconds", [](auto& v, auto& o) { return ReadSeconds(v, o.tune_seconds); }},
    {"custom_ops", [](auto& v, auto& o) { return AddCustomOps(v, o.session.custom_ops); }},
    {"extra_output",
     [](auto& v, auto& o) {
       o.session.extra_outputs.push_back(v);
       return absl::OkStatus();
     }},
    {"fetch_all", [](auto& v, auto& o) { return ReadFlag(v, o.session.fetch_all); }},
    {"memory_limit", [](auto& v, auto& o) { return ReadNumber(v, o.session.memory_limit); }},
    {"transformed_limit",
     [](auto& v, auto& o) { return ReadNumber(v, o.session.transformed_limit); }},
    {"max_plans", [](auto& v, auto& o) { return ReadNumber(v, o.session.max_plans); }},
    {"limit.file_bytes", [](auto& v, auto& o) { return ReadNumber(v, o.limits.file_bytes); }},
    {"limit.tensor_bytes", [](auto& v, auto& o) { return ReadNumber(v, o.limits.tensor_bytes); }},
    {"limit.load_bytes", [](auto& v, auto& o) { return ReadNumber(v, o.limits.load_bytes); }},
    {"limit.nodes", [](auto& v, auto& o) { return ReadNumber(v, o.limits.nodes); }},
    {"limit.values", [](auto& v, auto& o) { return ReadNumber(v, o.limits.values); }},
    {"limit.rank", [](auto& v, auto& o) { return ReadNumber(v, o.limits.rank); }},
    {"limit.nesting", [](auto& v, auto& o) { return ReadNumber(v, o.limits.nesting); }},
    {"limit.inputs_per_node",
     [](auto& v, auto& o) { return ReadNumber(v, o.limits.inputs_per_node); }},
};

}  // namespace

Status SetOption(absl::string_view name, const std::string& value, LoadOptions& options) {
  if (absl::StartsWith(name, kDimension)) {
    const std::string symbol(absl::StripPrefix(name, kDimension));
    return Prepend(ReadNumber(value, options.session.symbols[symbol]), absl::StrCat(name, ": "));
  }
  std::vector<std::string> names;
  for (const Option& option : kOptions) {
    if (name == option.name) return Prepend(option.set(value, options), absl::StrCat(name, ": "));
    names.emplace_back(option.name);
  }
  return InvalidArgument("there is no option '", name, "'", DidYouMean(name, names));
}

}  // namespace sardonyx
