// Timing of steady-state runs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "runtime/session/execution.h"
#include "runtime/session/session.h"
#include "tools/cli/commands.h"

namespace sardonyx {

struct Statistics {
  int64_t count = 0;
  double min = 0, median = 0, p90 = 0, p99 = 0, mean = 0;
};
/// Of at least one number; percentiles by nearest rank.
Statistics Summarize(std::vector<double> numbers);

struct MeasureOptions {
  double seconds = 1;    // measured, after the warm-up
  double warm_up = 0;    // seconds of runs that do not count
  int64_t min_runs = 3;  // even if they take longer
  int64_t max_runs = 1'000'000;
  double time_limit = 0;  // of each run, 0: none
  uint64_t seed = 0;
  /// Called after each run that does not count, the first among them, with its milliseconds.
  std::function<void(double)> on_warm_up = {};
  /// Called after each run that counts with the times of its layers; none: they are not taken.
  std::function<void(const std::vector<NodeTiming>&)> on_layers = {};
  /// Called with the milliseconds of a run for which no times of layers are taken, one after each
  /// for which they are, so that the two compare; none: there are no such runs.
  std::function<void(double)> on_plain = {};
};

/// As a command's flags say, after a tenth of the time to warm up.
MeasureOptions MeasureOptionsOf(const MeasureCommand& command);

struct RunTime {
  double milliseconds = 0;
  const std::vector<NodeTiming>* layers = nullptr;  // null: not known
};
/// Milliseconds of each run that counts; those before serve to warm up, one at least. Shows
/// progress on stderr where that is a terminal.
StatusOr<std::vector<double>> RepeatRuns(const MeasureOptions& options,
                                         absl::FunctionRef<StatusOr<RunTime>()> run);
/// Milliseconds of each run in `context` on inputs as Session::Arrange gives them, after one run
/// that does not count.
StatusOr<std::vector<double>> MeasureRuns(ExecutionContext& context,
                                          const std::vector<Value>& inputs,
                                          const MeasureOptions& options);
/// The same in a context of its own.
StatusOr<std::vector<double>> MeasureRuns(Session& session,
                                          const std::map<std::string, Value>& inputs,
                                          const MeasureOptions& options);

}  // namespace sardonyx
