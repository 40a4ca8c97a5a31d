// sardonyx_conformance: runs ONNX's official backend cases, or others in folders of that kind, and
// holds them against the list of expected failures. Exit status 1 when a case fails that is not
// listed, or passes although it is.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "exporter/exporter.h"
#include "runtime/passes/resolve.h"
#include "runtime/passes/standard.h"
#include "tests/conformance/expected_failures.h"
#include "tests/conformance/isolated.h"
#include "tests/conformance/official_cases.h"

namespace sardonyx {
namespace {

struct Settings {
  std::string folder, list, backend = "auto", only, exported;
  bool optimized = false;
  int threads = 2, seconds = 600;
  bool verbose = false;
};

struct Counts {
  int passed = 0;
  int expected = 0;    // failed, as listed
  int unexpected = 0;  // failed, not listed
  int surprising = 0;  // passed although listed
  int total() const { return passed + expected + unexpected + surprising; }
};

void Print(const char* name, const Counts& counts) {
  std::printf(
      "%-18s %5d cases: %5d pass, %4d fail as listed, %d fail unlisted, %d listed but pass\n", name,
      counts.total(), counts.passed + counts.surprising, counts.expected, counts.unexpected,
      counts.surprising);
}

StatusOr<std::map<std::string, std::string>> ReadList(const std::string& path) {
  if (path.empty()) return std::map<std::string, std::string>();
  std::ifstream stream(path);
  if (!stream) return absl::NotFoundError("cannot read '" + path + "'");
  std::ostringstream text;
  text << stream.rdbuf();
  auto reasons = ParseExpectedFailures(text.str());
  return reasons.ok() ? reasons : Prepend(reasons.status(), path + ": ");
}

/// What `sardonyx optimize` does with all passes.
Status Optimize(Model& model) {
  const std::vector<std::string> problems = ResolveOperators(model.graph);
  if (!problems.empty()) return InvalidArgument(problems.front());
  ThreadPool pool(1);
  const RunControl unlimited;
  const RunEnvironment environment{.pool = &pool,
                                   .control = &unlimited,
                                   .budget = std::make_shared<MemoryBudget>(int64_t{1} << 30)};
  return OptimizeStandard(model.graph, model.opsets,
                          {.evaluate = {.environment = &environment, .max_bytes = 1 << 20},
                           .passes = StandardPasses(model.graph)});
}

/// Loads what the exporter has made of a model; that file stays, for others to check.
struct ThroughExporter {
  std::string folder;
  bool optimized;

  StatusOr<std::shared_ptr<Model>> operator()(const std::string& path) const {
    SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model, ImportFile(path));
    if (optimized) SX_RETURN_IF_ERROR(Optimize(*model));
    const std::filesystem::path from(path);
    const std::filesystem::path place =
        from.stem() == "model" ? from.parent_path() : from.parent_path() / from.stem();
    const std::string to = absl::StrCat(folder, "/", place.parent_path().filename().string(), "-",
                                        place.filename().string(), ".onnx");
    SX_RETURN_IF_ERROR(ExportFile(*model, to));
    return ImportFile(to);
  }
};

StatusOr<int> RunAll(const Settings& settings) {
  TestOptions options;
  SX_ASSIGN_OR_RETURN(options.session.backend, ParseBackend(settings.backend));
  options.session.threads = settings.threads;
  if (!settings.exported.empty())
    options.load = ThroughExporter{settings.exported, settings.optimized};
  SX_ASSIGN_OR_RETURN(auto listed, ReadList(settings.list));
  SX_ASSIGN_OR_RETURN(std::vector<OfficialCase> cases, FindOfficialCases(settings.folder));
  if (!settings.only.empty()) {
    const auto other = [&](const auto& test) {
      return !absl::StrContains(test.name, settings.only);
    };
    cases.erase(std::remove_if(cases.begin(), cases.end(), other), cases.end());
    listed.clear();
  }

  std::map<std::string, Counts> suites;
  Counts all;
  const auto report = [&](int i, const Verdict& verdict) {
    const OfficialCase& test = cases[i];
    const bool is_listed = listed.erase(test.name) > 0;
    int Counts::*kind = verdict.passed ? (is_listed ? &Counts::surprising : &Counts::passed)
                                       : (is_listed ? &Counts::expected : &Counts::unexpected);
    ++(suites[test.suite].*kind);
    ++(all.*kind);
    if (kind == &Counts::surprising) std::printf("passes, but is listed: %s\n", test.name.c_str());
    if (kind == &Counts::unexpected || (settings.verbose && kind == &Counts::expected)) {
      std::printf("FAILED %s: %s\n", test.name.c_str(), verdict.reason.c_str());
    }
    const bool last = i + 1 == static_cast<int>(cases.size());
    if (last || cases[i + 1].suite != test.suite) Print(test.suite.c_str(), suites[test.suite]);
    std::fflush(stdout);
  };
  RunIsolated(
      static_cast<int>(cases.size()), settings.seconds,
      [&](int i) {
        const CaseResult result = RunOfficialCase(cases[i], options);
        return Verdict{result.outcome == Outcome::kPassed, result.reason};
      },
      report);
  Print("all", all);
  for (const auto& [name, reason] : listed)
    std::printf("listed, but no such case: %s\n", name.c_str());
  const int wrong = all.unexpected + all.surprising + static_cast<int>(listed.size());
  std::printf("%d passed, %d failed, %d skipped\n", all.passed, wrong, all.expected);
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace sardonyx

int main(int argc, char** argv) {
  sardonyx::Settings settings;
  CLI::App app("Runs ONNX's official backend cases, or others in folders of that kind.");
  app.add_option("folder", settings.folder,
                 "holds a folder for each suite, and that one for each case")
      ->required();
  app.add_option("--expected-failures", settings.list, "file of 'name: reason' lines");
  app.add_option("--backend", settings.backend, "auto, reference, native or onednn");
  app.add_option("--only", settings.only, "only cases whose name contains this; ignores the list");
  app.add_option("--threads", settings.threads, "threads of a session");
  app.add_option("--seconds", settings.seconds, "limit for each case")->check(CLI::Range(1, 86400));
  app.add_option("--exported", settings.exported,
                 "write each model into that folder with the exporter, and run what is written");
  app.add_flag("--optimized", settings.optimized, "optimize it before; with --exported");
  app.add_flag("-v,--verbose", settings.verbose, "say why listed cases fail");
  CLI11_PARSE(app, argc, argv);
  const auto status = sardonyx::RunAll(settings);
  if (status.ok()) return *status;
  std::fprintf(stderr, "sardonyx_conformance: %s\n",
               std::string(status.status().message()).c_str());
  return 2;
}
