// sardonyx_robustness: tries the files that tests/robustness/generate.py has written, each in a
// process of its own. A file must end in the error or answer that the suite expects, in little
// memory, and do no harm to what is run after it. Times are reported, not judged. Exit status 1
// when a file fails.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "tests/conformance/isolated.h"
#include "tests/robustness/attempt.h"

namespace sardonyx {
namespace {

using Json = nlohmann::json;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // memory is the sanitizer's, too
#else
constexpr bool kSanitized = false;
#endif
constexpr double kMostMib = 64;
constexpr double kMostMs = 100;

struct Settings {
  std::string folder, only, json;
  int seconds = 60;
};

/// What is known of one case: its line in suite.json, and then the results.
Verdict Judge(const Json& test, const StatusOr<Attempt>& attempt, Json& result) {
  if (!attempt.ok()) return {false, "valid model: " + std::string(attempt.status().message())};
  const Status& status = attempt->status;
  result["outcome"] = status.ok() ? "answer" : "error";
  result["ms"] = attempt->ms;
  result["peak_mib"] = attempt->peak_mib;
  result["words"] = std::string(status.message()).substr(0, 300);
  const std::string expected = test["expect"];
  if (!attempt->goes_on) return {false, "a valid model gives other bits afterwards"};
  if (status.code() == absl::StatusCode::kInternal) return {false, status.ToString()};
  if (!status.ok() && status.message().size() < 10) return {false, "the error says nothing"};
  if (expected != "either" && expected != result["outcome"]) {
    return {false, absl::StrCat("expected an ", expected, ", found ", status.ToString())};
  }
  if (!kSanitized && attempt->peak_mib > kMostMib) {
    return {false,
            absl::StrFormat("it took %.0f MiB, the most is %.0f", attempt->peak_mib, kMostMib)};
  }
  return {true, ""};
}

/// Runs one case in a child process, whose findings come back as JSON.
Json RunCase(const Json& test, const Settings& settings) {
  Json result = test;
  RunIsolated(
      1, settings.seconds,
      [&](int) {
        Json found = Json::object();
        const StatusOr<Attempt> attempt =
            TryFile(absl::StrCat(settings.folder, "/", test["file"].get<std::string>()),
                    settings.folder + "/valid.onnx", test["limited"]);
        const Verdict verdict = Judge(test, attempt, found);
        found["reason"] = verdict.reason;
        return Verdict{verdict.passed, found.dump(-1, ' ', true, Json::error_handler_t::replace)};
      },
      [&](int, const Verdict& verdict) {
        const Json found = Json::parse(verdict.reason, nullptr, false);
        result["passed"] = verdict.passed;
        if (found.is_object()) {
          result.update(found);
        } else {
          result["outcome"] = "crash";
          result["reason"] = verdict.reason;
        }
      });
  return result;
}

/// One line of the table.
struct Row {
  int files = 0, errors = 0, answers = 0, failed = 0, slow = 0;
  double most_ms = 0, most_mib = 0;

  void Add(const Json& result) {
    ++files;
    errors += result["outcome"] == "error";
    answers += result["outcome"] == "answer";
    failed += !result["passed"];
    const double ms = result.value("ms", 0.0);
    slow += ms > kMostMs;
    most_ms = std::max(most_ms, ms);
    most_mib = std::max(most_mib, result.value("peak_mib", 0.0));
  }
  void Print(const std::string& name) const {
    absl::PrintF("%-22s %5d %6d %7d %6d %9.1f %9.1f%s\n", name, files, errors, answers, failed,
                 most_ms, most_mib, slow > 0 ? absl::StrFormat("  %d slow", slow) : "");
  }
};

int RunAll(const Settings& settings) {
  const Json suite = Json::parse(std::ifstream(settings.folder + "/suite.json"), nullptr, false);
  if (!suite.is_array() || suite.empty()) {
    std::fprintf(stderr, "sardonyx_robustness: there is no suite in '%s'\n",
                 settings.folder.c_str());
    return 2;
  }
  std::map<std::string, Row> classes;
  Row all;
  Json results = Json::array();
  for (const Json& test : suite) {
    const std::string name =
        absl::StrCat(test["class"].get<std::string>(), "/", test["name"].get<std::string>());
    if (!absl::StrContains(name, settings.only)) continue;
    Json result = RunCase(test, settings);
    if (!result["passed"]) {
      std::printf("FAILED %s: %s\n", name.c_str(), result["reason"].get<std::string>().c_str());
    } else if (result["ms"] > kMostMs) {
      std::printf("slow: %s took %.0f ms\n", name.c_str(), result["ms"].get<double>());
    }
    std::fflush(stdout);
    classes[test["class"]].Add(result);
    all.Add(result);
    results.push_back(std::move(result));
  }
  std::printf("%-22s %5s %6s %7s %6s %9s %9s\n", "class", "files", "errors", "answers", "failed",
              "most ms", "most MiB");
  for (const auto& [name, row] : classes) row.Print(name);
  all.Print("all");
  if (!settings.json.empty()) std::ofstream(settings.json) << results.dump(1) << "\n";
  if (kSanitized) std::printf("a sanitizer runs along: memory is not judged\n");
  std::printf("%d passed, %d failed\n", all.files - all.failed, all.failed);
  return all.failed == 0 && all.files > 0 ? 0 : 1;
}

}  // namespace
}  // namespace sardonyx

int main(int argc, char** argv) {
  sardonyx::Settings settings;
  CLI::App app("Tries the files of the robustness suite, each in a process of its own.");
  app.add_option("folder", settings.folder, "where generate.py has written them")->required();
  app.add_option("--only", settings.only, "only files whose class/name contains this");
  app.add_option("--seconds", settings.seconds, "limit for each file")->check(CLI::Range(1, 3600));
  app.add_option("--json", settings.json, "write what became of each file there");
  CLI11_PARSE(app, argc, argv);
  return sardonyx::RunAll(settings);
}
