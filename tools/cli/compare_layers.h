// compare --per-layer: every tensor that the sides compute, while they compute it.
#pragma once

#include "tools/cli/compare_sides.h"
#include "tools/cli/output.h"

namespace sardonyx {

/// Runs the sides one after another and compares what they compute under the same names. Only one
/// of them is in memory at a time, and of tensors only those at hand; the first side's lie in a
/// temporary file meanwhile. Whether all agree; a side that fails does not, and what it has
/// computed until then is compared. Errors: the first side cannot run.
StatusOr<bool> CompareLayers(const CompareCommand& command, const std::vector<Side>& sides,
                             Report& report);

}  // namespace sardonyx
