#include "tools/cli/test_case.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sardonyx {
namespace {

namespace fs = std::filesystem;

/// The data sets of a case, in the order of their numbers.
std::vector<fs::path> FindDataSets(const std::string& directory) {
  std::vector<std::pair<int64_t, fs::path>> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    constexpr absl::string_view kPrefix = "test_data_set_";
    int64_t number;
    if (absl::StartsWith(name, kPrefix) && entry.is_directory(error) &&
        absl::SimpleAtoi(absl::string_view(name).substr(kPrefix.size()), &number)) {
      found.emplace_back(number, entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<fs::path> paths;
  for (auto& [number, path] : found) paths.push_back(std::move(path));
  return paths;
}

/// The ports that `count` input files stand for: those without a default where that fits, as old
/// models list their weights among the inputs; otherwise all in order.
std::vector<Port> InputPorts(const std::vector<Port>& ports, const std::string& directory) {
  std::vector<Port> required;
  for (const Port& port : ports) {
    if (!port.has_default) required.push_back(port);
  }
  std::error_code error;
  const std::string next = absl::StrCat(directory, "/input_", required.size(), ".pb");
  return fs::exists(next, error) ? ports : required;
}

/// Counts the layers that a backend left to the reference kernels.
Status CountFallbacks(Session& session, const std::map<std::string, Value>& inputs,
                      CaseResult& result) {
  std::map<std::string, Shape> shapes;
  for (const auto& [name, value] : inputs) {
    if (value.is_tensor()) shapes[name] = value.tensor().shape();
  }
  SX_ASSIGN_OR_RETURN(const PlanReport plan, session.Describe(shapes));
  result.layers = result.fallback_layers = 0;
  for (const LayerReport& layer : plan.layers) {
    if (layer.kernel == "view") continue;
    ++result.layers;
    result.fallback_layers += layer.backend == Backend::kReference;
  }
  return absl::OkStatus();
}

Status RunDataSet(Session& session, const std::string& directory, const TestOptions& options,
                  CaseResult& result) {
  const std::vector<Port> ports = InputPorts(session.inputs(), directory);
  SX_ASSIGN_OR_RETURN(std::vector<Value> files, ReadNumberedValues(directory, "input", ports));
  SX_ASSIGN_OR_RETURN(const std::vector<Value> expected,
                      ReadNumberedValues(directory, "output", session.outputs()));
  std::map<std::string, Value> inputs;
  for (size_t i = 0; i < files.size(); ++i) inputs[ports[i].name] = std::move(files[i]);

  RunControl::Clock::time_point deadline = RunControl::Clock::time_point::max();
  if (options.time_limit > 0) {
    deadline = RunControl::Clock::now() + std::chrono::duration_cast<RunControl::Clock::duration>(
                                              std::chrono::duration<double>(options.time_limit));
  }
  const RunControl control(deadline);
  SX_ASSIGN_OR_RETURN(const std::vector<Value> outputs, session.Run(inputs, {.control = &control}));
  const BackendChoice backend = options.session.backend;
  if (backend == BackendChoice::kNative || backend == BackendChoice::kOneDnn) {
    SX_RETURN_IF_ERROR(CountFallbacks(session, inputs, result));
  }
  const Comparison comparison =
      CompareOutputs(outputs, expected, session.outputs(), options.tolerance);
  result.normwise = std::max(result.normwise, comparison.normwise);
  return comparison.match ? absl::OkStatus() : InvalidArgument(comparison.reason);
}

/// The first of a message's lines, and how many follow.
std::string FirstLine(absl::string_view message) {
  const std::vector<absl::string_view> lines = absl::StrSplit(message, '\n', absl::SkipEmpty());
  if (lines.empty()) return "unknown error";
  const std::string more = absl::StrCat(" (and ", lines.size() - 1, " more)");
  return absl::StrCat(lines[0], lines.size() > 1 ? more : "");
}

Status RunCase(const TestOptions& options, CaseResult& result) {
  const std::vector<fs::path> data_sets = FindDataSets(result.path);
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model,
                      options.load(result.path + "/model.onnx"));
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session,
                      Session::Create(model, options.session));
  for (const fs::path& data_set : data_sets) {
    SX_RETURN_IF_ERROR(
        Prepend(RunDataSet(*session, data_set.string(), options, result),
                data_sets.size() > 1 ? data_set.filename().string() + ": " : std::string()));
    ++result.data_sets;
  }
  if (data_sets.empty()) {
    result.outcome = Outcome::kSkipped;
    result.reason = "no test_data_set_N";
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view Name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPassed:
      return "passed";
    case Outcome::kFailed:
      return "failed";
    case Outcome::kSkipped:
      break;
  }
  return "skipped";
}

StatusOr<std::vector<Value>> ReadNumberedValues(const std::string& directory,
                                                const std::string& prefix,
                                                const std::vector<Port>& ports) {
  std::vector<Value> values;
  std::error_code error;
  for (size_t i = 0;; ++i) {
    const std::string path = absl::StrCat(directory, "/", prefix, "_", i, ".pb");
    if (!fs::exists(path, error)) break;
    if (i >= ports.size()) {
      return InvalidArgument("there is ", prefix, "_", i, ".pb, but the model has ", ports.size(),
                             " ", prefix, "s");
    }
    auto value = ReadValueFile(path, ports[i].type);
    if (!value.ok()) return Prepend(value.status(), absl::StrCat(prefix, "_", i, ".pb: "));
    values.push_back(*std::move(value));
  }
  return values;
}

Comparison CompareOutputs(const std::vector<Value>& actual, const std::vector<Value>& expected,
                          const std::vector<Port>& ports, const Tolerance& tolerance) {
  Comparison whole;
  if (actual.size() != expected.size()) {
    whole.match = false;
    whole.reason =
        absl::StrCat("the model gives ", actual.size(), " outputs, expected ", expected.size());
    return whole;
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    const Comparison part = CompareValues(actual[i], expected[i], tolerance);
    whole.elements += part.elements;
    whole.mismatches += part.mismatches;
    whole.max_abs = std::max(whole.max_abs, part.max_abs);
    whole.max_rel = std::max(whole.max_rel, part.max_rel);
    whole.normwise = std::max(whole.normwise, part.normwise);
    if (part.match || !whole.match) continue;
    whole.match = false;
    whole.reason = absl::StrCat("output '", i < ports.size() ? ports[i].name : absl::StrCat(i),
                                "': ", part.reason);
  }
  return whole;
}

CaseResult RunTestDirectory(const std::string& path, const TestOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  CaseResult result{.path = path};
  const Status status = RunCase(options, result);
  if (!status.ok()) {
    result.outcome = Outcome::kFailed;
    result.reason = FirstLine(status.message());
  }
  result.milliseconds =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

StatusOr<std::vector<std::string>> FindTestDirectories(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return absl::NotFoundError(absl::StrCat("'", path, "' is not a directory"));
  }
  std::vector<std::string> found;
  if (fs::exists(fs::path(path) / "model.onnx", error)) found.push_back(path);
  auto walk =
      fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, error);
  for (; walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (error) break;
    if (absl::StartsWith(walk->path().filename().string(), "test_data_set_")) {
      walk.disable_recursion_pending();
    } else if (walk->is_directory(error) && fs::exists(walk->path() / "model.onnx", error)) {
      found.push_back(walk->path().string());
    }
  }
  if (found.empty()) {
    return absl::NotFoundError(absl::StrCat("no model.onnx in '", path, "' or below"));
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace sardonyx
