// `sardonyx test`: ONNX test-data directories.
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/cli/commands.h"
#include "tools/cli/model_file.h"
#include "tools/cli/output.h"
#include "tools/cli/test_case.h"

namespace sardonyx {
namespace {

Json ToJson(const CaseResult& result) {
  Json json;
  json["path"] = result.path;
  json["outcome"] = std::string(Name(result.outcome));
  json["reason"] = result.reason;
  json["data_sets"] = result.data_sets;
  json["layers"] = result.layers;
  json["fallback_layers"] = result.fallback_layers;
  json["normwise_error"] = result.normwise;
  json["ms"] = result.milliseconds;
  return json;
}

std::string Describe(const CaseResult& result) {
  std::string text = absl::StrCat(Name(result.outcome), "  ", result.path);
  if (!result.reason.empty()) absl::StrAppend(&text, ": ", result.reason);
  if (result.outcome == Outcome::kPassed) {
    absl::StrAppendFormat(&text, "  (%d data set%s, error %s, %s)", result.data_sets,
                          result.data_sets == 1 ? "" : "s", FormatError(result.normwise),
                          FormatMilliseconds(result.milliseconds));
    if (result.fallback_layers > 0) {
      absl::StrAppendFormat(&text, ", %d of %d layers on reference", result.fallback_layers,
                            result.layers);
    }
  }
  return absl::StrCat(text, "\n");
}

}  // namespace

StatusOr<int> Run(const TestCommand& command) {
  TestOptions options;
  SX_ASSIGN_OR_RETURN(options.session, ToSessionOptions(command.session));
  options.tolerance = command.tolerance;
  options.time_limit = command.session.time_limit;
  std::vector<std::string> cases;
  std::set<std::string> seen;
  for (const std::string& directory : command.directories) {
    const auto found = FindTestDirectories(directory);
    if (!found.ok()) return UsageError(found.status().message());
    for (const std::string& path : *found) {
      std::string normal = std::filesystem::path(path).lexically_normal().string();
      if (normal.size() > 1 && normal.back() == '/') normal.pop_back();
      if (seen.insert(normal).second) cases.push_back(normal);
    }
  }

  Report report("test", command.json);
  Json case_list = Json::array();
  int counts[3] = {0, 0, 0};
  Progress progress(static_cast<int64_t>(cases.size()));
  for (size_t i = 0; i < cases.size(); ++i) {
    progress.Show(static_cast<int64_t>(i), cases[i]);
    const CaseResult result = RunTestDirectory(cases[i], options);
    ++counts[static_cast<int>(result.outcome)];
    if (report.wants_json()) case_list.push_back(ToJson(result));
    if (result.outcome == Outcome::kFailed || !command.quiet) {
      progress.Clear();
      report.Print(Describe(result));
    }
  }
  progress.Clear();
  const int passed = counts[static_cast<int>(Outcome::kPassed)];
  const int failed = counts[static_cast<int>(Outcome::kFailed)];
  const int skipped = counts[static_cast<int>(Outcome::kSkipped)];
  report.json()["backend"] = command.session.backend;
  report.json()["passed"] = passed;
  report.json()["failed"] = failed;
  report.json()["skipped"] = skipped;
  report.json()["cases"] = std::move(case_list);
  report.Print(absl::StrFormat("%d passed, %d failed, %d skipped\n", passed, failed, skipped));
  SX_RETURN_IF_ERROR(report.Write());
  return failed == 0 ? 0 : 1;
}

}  // namespace sardonyx
