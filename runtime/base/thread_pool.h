// The one pool of threads that every kernel shares.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "runtime/base/run_control.h"

namespace sardonyx {

/// Threads that this process may use: its affinity mask, held down by the cgroup's CPU quota.
int UsableThreads();

/// Workers that help whoever calls ParallelFor. The caller works too and takes whatever the
/// workers have not begun, so it never waits for a thread that has not started; workers sleep when
/// there is nothing to do. Thread-safe: several callers may share a pool.
class ThreadPool {
 public:
  /// A pool in which `threads` (at least 1) work, the caller among them.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls body(begin, end) on disjoint ranges that together cover [0, n), at most threads() at
  /// once. `cost` is about how many nanoseconds one item takes on one thread: cheap loops stay on
  /// the caller's thread, and long ranges are cut so that `control` is looked at about every
  /// millisecond. Ranges depend on n, cost and threads() alone. Nested calls run on their caller's
  /// thread. Allocates nothing. Errors: those of `control`, some ranges then left out.
  Status ParallelFor(int64_t n, double cost, const RunControl& control,
                     absl::FunctionRef<void(int64_t begin, int64_t end)> body);

  /// Runs body(i) for i in [0, tasks) on different threads as far as they are free; for kernels
  /// that divide their work themselves. Otherwise as ParallelFor.
  Status ParallelTasks(int64_t tasks, const RunControl& control,
                       absl::FunctionRef<void(int64_t task)> body) {
    return Execute(tasks, 1, control, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) body(i);
    });
  }

 private:
  struct Job;

  /// Runs [0, n) in ranges of `chunk` on the caller and the workers.
  Status Execute(int64_t n, int64_t chunk, const RunControl& control,
                 absl::FunctionRef<void(int64_t, int64_t)> body);
  static void Work(Job& job);
  Job* TakeJob();  // with mutex_ held
  void WorkerLoop();

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Job* jobs_ = nullptr;                 // list of running jobs, guarded by mutex_
  std::atomic<uint64_t> submitted_{0};  // jobs so far; a worker looks out for the next
  bool stopping_ = false;
};

}  // namespace sardonyx
