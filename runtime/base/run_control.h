// How long a piece of work may go on.
#pragma once

#include <atomic>
#include <chrono>

#include "runtime/base/status.h"

namespace sardonyx {

class WorkLog;

/// A deadline and a request to stop, polled inside long work. Stop may be called from any thread;
/// everything else belongs to the thread that runs, and Stopped to those that help it.
class RunControl {
 public:
  using Clock = std::chrono::steady_clock;

  RunControl() = default;
  explicit RunControl(Clock::time_point deadline) : deadline_(deadline) {}

  /// What threads that help the run note their work in (work_log.h); null: nothing. The caller
  /// keeps it alive.
  void set_work_log(WorkLog* log) { work_log_ = log; }
  WorkLog* work_log() const { return work_log_; }

  void Stop() { stop_.store(true, std::memory_order_relaxed); }

  bool Stopped() const {
    return stop_.load(std::memory_order_relaxed) ||
           (deadline_ != Clock::time_point::max() && Clock::now() >= deadline_);
  }
  /// OK, Cancelled or DeadlineExceeded.
  Status Check() const {
    if (stop_.load(std::memory_order_relaxed)) return absl::CancelledError("the run was cancelled");
    if (deadline_ != Clock::time_point::max() && Clock::now() >= deadline_) {
      return absl::DeadlineExceededError("the run reached its time limit");
    }
    return absl::OkStatus();
  }

 private:
  std::atomic<bool> stop_{false};
  Clock::time_point deadline_ = Clock::time_point::max();
  WorkLog* work_log_ = nullptr;
};

}  // namespace sardonyx
