// compare --speed: each layer's time on each side, and how every kernel that it might get does.
#pragma once

#include "tools/cli/compare_sides.h"

namespace sardonyx {

/// Measures all sides, then with `Tune` all kernels of the layers that the backend auto can choose
/// for. Errors: a side that cannot run.
Status CompareSpeed(const CompareCommand& command, const std::vector<Side>& sides, Report& report);

}  // namespace sardonyx
