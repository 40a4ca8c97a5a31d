// The official backend cases of ONNX, as tools/fetch_conformance.py unpacks them, and others that
// lie in folders of the same kind, as tests/generated/generate.py writes them.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "tools/cli/test_case.h"

namespace sardonyx {

struct OfficialCase {
  std::string suite;  // the folder that it lies in, such as node or light
  std::string name;   // "node/test_abs"
  /// A test-data directory; for light cases the model's path without ".onnx".
  std::string path;
  double rtol = 1e-3;
  double atol = 1e-7;
};

/// All cases below `folder`, suite by suite, sorted by name. Errors: there is none.
StatusOr<std::vector<OfficialCase>> FindOfficialCases(const std::string& folder);

/// Runs one case as ONNX's own runner does. A case without data sets does not pass.
CaseResult RunOfficialCase(const OfficialCase& test, const TestOptions& options);

}  // namespace sardonyx
