// One file of the robustness suite, tried between two runs of a model that is well.
#pragma once

#include <string>

#include "runtime/base/status.h"

namespace sardonyx {

/// What became of a file.
struct Attempt {
  Status status;         // of loading and running it
  double ms = 0;         // of processor time beyond what the valid model takes
  double peak_mib = 0;   // of memory beyond what was held before
  bool goes_on = false;  // the valid model gives the same bits afterwards, loaded before and anew
};

/// Loads the file and runs it, under the default limits, or else with little memory and time. What
/// it is shows in its name: model.onnx, labels.txt, plan.json, anything else an input; what is no
/// model is used with the valid one. Errors: the valid model does not run.
StatusOr<Attempt> TryFile(const std::string& path, const std::string& valid_model, bool limited);

}  // namespace sardonyx
