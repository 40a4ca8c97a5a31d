// A run drawn over time, for chrome://tracing and ui.perfetto.dev.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/work_log.h"
#include "runtime/session/session.h"

namespace sardonyx {

/// Writes a run, which began at `begin`, in Chrome's trace event format: a track for the calling
/// thread with its layers, and one for each worker with what it helped in. Errors: the file cannot
/// be written.
Status WriteTrace(const std::string& path, const PlanReport& plan,
                  const std::vector<NodeTiming>& timings, RunControl::Clock::time_point begin,
                  const std::vector<WorkLog::Span>& spans);

}  // namespace sardonyx
