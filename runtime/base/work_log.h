// When the workers of a thread pool were at work, for those who draw it.
#pragma once

#include <mutex>
#include <thread>
#include <vector>

#include "runtime/base/run_control.h"

namespace sardonyx {

/// What workers did in the runs whose RunControl it was given to; their callers do not appear.
class WorkLog {
 public:
  struct Span {
    int worker = 0;  // numbered from 0 as they come to work
    RunControl::Clock::time_point begin, end;
  };

  /// Of the calling thread. Thread-safe.
  void Add(RunControl::Clock::time_point begin, RunControl::Clock::time_point end);
  /// Those so far, in the order in which they ended. Thread-safe.
  std::vector<Span> spans() const {
    std::lock_guard lock(mutex_);
    return spans_;
  }

 private:
  mutable std::mutex mutex_;  // guards the rest
  std::vector<std::thread::id> workers_;
  std::vector<Span> spans_;
};

}  // namespace sardonyx
