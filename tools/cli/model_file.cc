#include "tools/cli/model_file.h"

#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "importer/importer.h"
#include "ops/custom/custom.h"
#include "runtime/base/nearest.h"
#include "runtime/session/plan_file.h"
#include "runtime/session/tune.h"
#include "tools/cli/output.h"

namespace sardonyx {

namespace {

StatusOr<KernelChoices> ReadKernels(const std::string& path) {
  SX_RETURN_IF_ERROR(CheckFileExists(path));
  const auto plan = ReadPlanFile(path);
  SX_RETURN_IF_ERROR(plan.status());
  if (!plan->cpu.empty() && plan->cpu != ThisCpu()) {
    Note(absl::StrCat("the plan '", path, "' was measured on another CPU, ", Printable(plan->cpu)));
  }
  return plan->kernels;
}

}  // namespace

StatusOr<SessionOptions> ToSessionOptions(const SessionFlags& flags) {
  SessionOptions options;
  const StatusOr<BackendChoice> backend = ParseBackend(flags.backend);
  if (!backend.ok()) return UsageError(absl::StrCat("--backend: ", backend.status().message()));
  options.backend = *backend;
  options.threads = flags.threads;
  const StatusOr<Accuracy> accuracy = ParseAccuracy(flags.accuracy);
  if (!accuracy.ok()) return UsageError(absl::StrCat("--accuracy: ", accuracy.status().message()));
  options.accuracy = *accuracy;
  for (const std::string& path : flags.custom_ops) {
    auto ops = LoadCustomOps(path);
    if (!ops.ok()) return UsageError(absl::StrCat("--custom-ops: ", ops.status().message()));
    options.custom_ops.insert(options.custom_ops.end(), ops->begin(), ops->end());
  }
  if (!flags.plan.empty()) {
    SX_ASSIGN_OR_RETURN(options.kernels, ReadKernels(flags.plan));
  }
  if (flags.memory_limit_mib > 0) options.memory_limit = flags.memory_limit_mib << 20;
  if (flags.transformed_limit_mib >= 0) {
    options.transformed_limit = flags.transformed_limit_mib << 20;
  }
  for (const std::string& text : flags.dimensions) {
    const size_t equals = text.rfind('=');
    int64_t size = 0;
    if (equals == std::string::npos || equals == 0 ||
        !absl::SimpleAtoi(absl::string_view(text).substr(equals + 1), &size) || size < 0) {
      return UsageError(absl::StrCat("-d ", text, ": expected SYMBOL=SIZE, such as N=4"));
    }
    options.symbols[text.substr(0, equals)] = size;
  }
  return options;
}

Status CheckFileExists(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    return UsageError(absl::StrCat("'", path, "' is a directory, expected a file"));
  }
  if (fs::exists(path, error)) return absl::OkStatus();
  const fs::path whole(path);
  const fs::path folder = whole.has_parent_path() ? whole.parent_path() : fs::path(".");
  std::vector<std::string> names;
  auto entries = fs::directory_iterator(folder, error);
  for (; !error && entries != fs::directory_iterator() && names.size() < 1000;
       entries.increment(error)) {
    names.push_back(entries->path().filename().string());
  }
  return UsageError(
      absl::StrCat("there is no file '", path, "'", DidYouMean(whole.filename().string(), names)));
}

StatusOr<std::shared_ptr<Model>> LoadModel(const std::string& path, const SessionFlags& flags) {
  SX_RETURN_IF_ERROR(CheckFileExists(path));
  ImportOptions options;
  if (flags.memory_limit_mib > 0) {
    options.budget = std::make_shared<MemoryBudget>(flags.memory_limit_mib << 20);
  }
  Progress progress(0);
  progress.Show(0, absl::StrCat("loading ", path));
  auto model = ImportFile(path, options);
  if (!model.ok()) return Prepend(model.status(), absl::StrCat(path, ": "));
  return model;
}

StatusOr<std::unique_ptr<Session>> OpenSession(std::shared_ptr<const Model> model,
                                               const SessionOptions& options,
                                               const SessionFlags& flags) {
  if (flags.tune_seconds <= 0) return Session::Create(std::move(model), options);
  const RunControl control(DeadlineAfter(flags.time_limit));
  return CreateTuned(model, options, {.seconds = flags.tune_seconds, .control = &control});
}

RunControl::Clock::time_point DeadlineAfter(double seconds) {
  if (seconds <= 0) return RunControl::Clock::time_point::max();
  return RunControl::Clock::now() + std::chrono::duration_cast<RunControl::Clock::duration>(
                                        std::chrono::duration<double>(seconds));
}

std::vector<std::string> SplitList(const std::string& list) {
  return absl::StrSplit(list, ',', absl::SkipWhitespace());
}

}  // namespace sardonyx
