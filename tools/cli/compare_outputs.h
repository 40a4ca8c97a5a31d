// compare by outputs: each side runs, then all outputs stand beside each other, and the times.
#pragma once

#include "tools/cli/compare_sides.h"
#include "tools/cli/output.h"

namespace sardonyx {

/// Whether all outputs agree. Errors: a side that cannot run.
StatusOr<bool> CompareOutputsOf(const CompareCommand& command, const std::vector<Side>& sides,
                                Report& report);

}  // namespace sardonyx
