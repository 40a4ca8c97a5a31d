// ONNX test-data directories: a model, inputs, and the outputs that it should give.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "importer/importer.h"
#include "runtime/session/session.h"
#include "tools/cli/compare_values.h"

namespace sardonyx {

struct TestOptions {
  SessionOptions session;
  Tolerance tolerance;
  double time_limit = 0;  // seconds for each run; 0: none
  /// How a model gets into memory.
  std::function<StatusOr<std::shared_ptr<Model>>(const std::string& path)> load =
      [](const std::string& path) { return ImportFile(path); };
};

enum class Outcome { kPassed, kFailed, kSkipped };
absl::string_view Name(Outcome outcome);  // "passed", "failed", "skipped"

struct CaseResult {
  std::string path;
  Outcome outcome = Outcome::kPassed;
  std::string reason;  // one line: what failed first, or why the case was skipped
  int data_sets = 0;   // compared
  /// Under --backend native or onednn: layers that ran on reference kernels, of all but views.
  int fallback_layers = 0, layers = 0;
  double normwise = 0;  // the greatest of all outputs
  double milliseconds = 0;
};

/// Runs model.onnx of that directory on every test_data_set_N in it. Whatever goes wrong is in the
/// result; a directory without data sets is skipped.
CaseResult RunTestDirectory(const std::string& path, const TestOptions& options = {});

/// Directories at or below `path` that hold a model.onnx, sorted. Errors: no such directory, or
/// none in it.
StatusOr<std::vector<std::string>> FindTestDirectories(const std::string& path);

/// Values from DIR/<prefix>_0.pb, DIR/<prefix>_1.pb, ... up to the first that is missing; file K
/// is read as the type of ports[K]. Errors: more files than ports, unreadable files.
StatusOr<std::vector<Value>> ReadNumberedValues(const std::string& directory,
                                                const std::string& prefix,
                                                const std::vector<Port>& ports);

/// Compares outputs with what was expected of them, names from `ports`; the first disagreement.
Comparison CompareOutputs(const std::vector<Value>& actual, const std::vector<Value>& expected,
                          const std::vector<Port>& ports, const Tolerance& tolerance);

}  // namespace sardonyx
