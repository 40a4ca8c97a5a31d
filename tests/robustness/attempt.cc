#include "tests/robustness/attempt.h"

#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "importer/importer.h"
#include "runtime/session/plan_file.h"
#include "runtime/session/session.h"
#include "tools/cli/classify.h"
#include "tools/cli/input_spec.h"

namespace sardonyx {
namespace {

double ProcessorMs() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

/// A line of /proc/self/status, in MiB.
double MemoryMib(const std::string& line) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kibibytes = 0;
    if (word == line && status >> kibibytes) return kibibytes / 1024;
  }
  return 0;
}

/// Lets the peak begin anew at what is held now (proc(5)).
void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

constexpr int64_t kLittleMemory = int64_t{48} << 20;
constexpr auto kLittleTime = std::chrono::milliseconds(90);

StatusOr<std::unique_ptr<Session>> Load(const std::string& path, SessionOptions options = {}) {
  options.threads = 1;
  const ImportOptions import{.budget = std::make_shared<MemoryBudget>(options.memory_limit)};
  SX_ASSIGN_OR_RETURN(std::shared_ptr<Model> model, ImportFile(path, import));
  return Session::Create(std::move(model), options);
}

/// Runs on random inputs; those with a default are left out.
StatusOr<std::vector<Value>> RunOnce(Session& session, const InputFlags& flags = {},
                                     const RunOptions& options = {}) {
  SX_ASSIGN_OR_RETURN(const auto inputs, MakeInputs(session.inputs(), flags, {}));
  return session.Run(inputs, options);
}

Status TryModel(const std::string& path, bool limited) {
  SessionOptions options;
  if (limited) options.memory_limit = kLittleMemory;
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Load(path, options));
  const RunControl soon(RunControl::Clock::now() + kLittleTime);
  return RunOnce(*session, {}, {.control = limited ? &soon : nullptr}).status();
}

Status TryInput(const std::string& path, Session& valid) {
  const bool archive = std::filesystem::path(path).extension() == ".npz";
  return RunOnce(valid, {.inputs = {"x=@" + path + (archive ? ":x" : "")}}).status();
}

Status TryLabels(const std::string& path, const Tensor& scores) {
  SX_ASSIGN_OR_RETURN(const std::vector<std::string> labels, ReadLabels(path));
  return Classify(scores, labels, 1).status();
}

Status TryPlan(const std::string& path, const std::string& valid_model) {
  SX_ASSIGN_OR_RETURN(PlanFile plan, ReadPlanFile(path));
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session,
                      Load(valid_model, {.kernels = std::move(plan.kernels)}));
  return RunOnce(*session).status();
}

bool SameBits(const Tensor& a, const Tensor& b) {
  return a.type() == b.type() && a.shape() == b.shape() &&
         std::memcmp(a.raw(), b.raw(), static_cast<size_t>(a.bytes())) == 0;
}

/// The scores of the valid model, loaded anew.
StatusOr<Tensor> ScoresOf(const std::string& valid_model) {
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Load(valid_model));
  SX_ASSIGN_OR_RETURN(const std::vector<Value> outputs, RunOnce(*session));
  return outputs[0].tensor();
}

}  // namespace

StatusOr<Attempt> TryFile(const std::string& path, const std::string& valid_model, bool limited) {
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> valid, Load(valid_model));
  SX_ASSIGN_OR_RETURN(const std::vector<Value> outputs, RunOnce(*valid));
  const Tensor& scores = outputs[0].tensor();
  double begin = ProcessorMs();
  SX_RETURN_IF_ERROR(ScoresOf(valid_model).status());
  const double usual = ProcessorMs() - begin;

  ResetPeak();
  const double held = MemoryMib("VmRSS:");
  begin = ProcessorMs();
  const std::string name = std::filesystem::path(path).filename();
  Attempt attempt;
  attempt.status = name == "model.onnx"   ? TryModel(path, limited)
                   : name == "labels.txt" ? TryLabels(path, scores)
                   : name == "plan.json"  ? TryPlan(path, valid_model)
                                          : TryInput(path, *valid);
  attempt.ms = std::max(0.0, ProcessorMs() - begin - usual);
  attempt.peak_mib = std::max(0.0, MemoryMib("VmHWM:") - held);

  SX_ASSIGN_OR_RETURN(const std::vector<Value> again, RunOnce(*valid));
  SX_ASSIGN_OR_RETURN(const Tensor anew, ScoresOf(valid_model));
  attempt.goes_on = SameBits(again[0].tensor(), scores) && SameBits(anew, scores);
  return attempt;
}

}  // namespace sardonyx
