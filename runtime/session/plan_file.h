// Plan files: kernels that were found to be the fastest for a model, as JSON.
#pragma once

#include <string>

#include "runtime/passes/kernel_choices.h"
#include "runtime/session/tune.h"

namespace sardonyx {

/// Where a plan was measured.
struct PlanOrigin {
  std::string model;  // the file's name
  std::string cpu;    // of this machine: ThisCpu
  int threads = 0;
};

/// The CPU's name; "unknown" where the system does not say.
std::string ThisCpu();

/// Errors: the file cannot be written.
Status WritePlanFile(const std::string& path, const PlanOrigin& origin, const Tuning& tuning);

struct PlanFile {
  std::string cpu;  // on which it was measured; "" where it does not say
  KernelChoices kernels;
};

/// Errors: no such file, or no plan.
StatusOr<PlanFile> ReadPlanFile(const std::string& path);

}  // namespace sardonyx
