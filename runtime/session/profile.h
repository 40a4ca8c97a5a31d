// Where runs spend their time, layer by layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "absl/types/span.h"
#include "runtime/base/work_log.h"
#include "runtime/session/session.h"

namespace sardonyx {

struct Plan;  // runtime/passes/plan.h

enum class TraceStyle {
  kTracks,       // a track for each thread that ran models, and one for each worker that helped
  kOnnxruntime,  // layers alone, under the names that onnxruntime's profiles give them
};

/// Collects the layers of all runs that it is given to (RunOptions::profile), also at once, until
/// it has a million of them. Thread-safe. Runs that fail leave nothing.
class Profile {
 public:
  using Clock = RunControl::Clock;

  /// One layer's part of a run. What it points to lives as long as the profile.
  struct Layer {
    const char* name;  // as LayerReport has them
    const char* op;
    const char* kernel;
    int index = 0;                     // into PlanReport::layers
    int run = 0;                       // counted from 0 as runs end
    int caller = 0;                    // the thread that ran it, counted from 0 as they come
    int64_t begin_ns = 0, end_ns = 0;  // since begin()
  };

  Profile() : begin_(Clock::now()) {}
  Clock::time_point begin() const { return begin_; }

  /// A run of `plan` on this thread, whose first layer began at `begin`.
  void Add(const Plan& plan, Clock::time_point begin, absl::Span<const NodeTiming> timings);
  /// For the RunControl of runs whose workers are to be seen too; null once there is no more room.
  WorkLog* workers();

  size_t size() const;
  /// The i-th of size(), by run and then in order of execution.
  Layer layer(size_t i) const;

  /// As a file in Chrome's trace event format. Errors: it cannot be written.
  Status WriteTrace(const std::string& path, TraceStyle style = TraceStyle::kTracks) const;

 private:
  std::string Tracks() const;  // with mutex_ held, and the next
  std::string Events() const;
  const char* Keep(absl::string_view text);

  const Clock::time_point begin_;
  mutable std::mutex mutex_;  // guards what follows, except what workers_ does itself
  int runs_ = 0;
  std::deque<Layer> layers_;
  std::vector<std::thread::id> callers_;
  std::unordered_set<std::string> texts_;
  WorkLog workers_;
};

}  // namespace sardonyx
