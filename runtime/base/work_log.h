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
  /// In the order in which they ended. Not while a run goes on.
  const std::vector<Span>& spans() const { return spans_; }

 private:
  std::mutex mutex_;
  std::vector<std::thread::id> workers_;
  std::vector<Span> spans_;
};

}  // namespace sardonyx
