#include "runtime/base/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <string>

#include "runtime/base/denormals.h"
#include "runtime/base/work_log.h"
#include "runtime/base/work_shares.h"

namespace sardonyx {
namespace {

constexpr double kMinParallelNs = 20'000;  // below this, waking a thread costs more than it saves
constexpr double kMaxChunkNs = 1'000'000;  // how long a range may go on without being asked to stop
constexpr int kChunksPerThread = 4;        // evens out threads of unequal speed
constexpr auto kSpin = std::chrono::microseconds(100);
constexpr auto kJoinSpin = std::chrono::microseconds(20);

thread_local bool in_parallel_region = false;
thread_local int participant = 0;  // of a job: its caller, or a worker counted from 1

void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Marks the current thread as inside a parallel region, for nested calls.
class Region {
 public:
  Region() : before_(in_parallel_region) { in_parallel_region = true; }
  ~Region() { in_parallel_region = before_; }

 private:
  const bool before_;
};

/// Waits for `done`, at the latest until then, without giving the CPU away: on a busy machine it
/// would be milliseconds before it came back.
template <typename Done>
void SpinUntil(RunControl::Clock::time_point end, Done&& done) {
  while (!done() && RunControl::Clock::now() < end) {
    for (int i = 0; i < 16 && !done(); ++i) Pause();
  }
}

/// CPUs allowed by cgroup v2's cpu.max ("max 100000" or "200000 100000"), or `otherwise`.
int CgroupCpus(int otherwise) {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return otherwise;
  char* end = nullptr;
  const double micros = std::strtod(quota.c_str(), &end);
  if (end == quota.c_str() || micros <= 0) return otherwise;
  return std::max(1, static_cast<int>(micros / period + 0.5));
}

}  // namespace

int UsableThreads() {
  cpu_set_t set;
  int count = static_cast<int>(std::thread::hardware_concurrency());
  if (sched_getaffinity(0, sizeof(set), &set) == 0) count = CPU_COUNT(&set);
  count = std::max(count, 1);
  return std::min(count, CgroupCpus(count));
}

/// Lives on its caller's stack; linked into jobs_ until no worker can enter it any more.
struct ThreadPool::Job {
  absl::FunctionRef<void(int64_t, int64_t)> body;
  const RunControl& control;
  const int64_t n;
  const int64_t chunk;
  WorkShares chunks;
  std::atomic<int> inside{0};                 // workers between TakeJob and their last touch
  const uint32_t float_modes = FloatModes();  // the caller's, for all who work
  std::atomic<bool> failed{false};
  std::exception_ptr thrown = nullptr;  // by the first body that failed, for the caller
  Job* link = nullptr;
};

ThreadPool::ThreadPool(int threads) {
  workers_.reserve(static_cast<size_t>(std::max(threads, 1)) - 1);
  for (int i = 1; i < threads; ++i) {
    try {
      workers_.emplace_back([this, i] {
        participant = i;
        WorkerLoop();
      });
    } catch (const std::exception&) {
      break;  // the system has no more threads, or no memory for one: fewer will do
    }
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::Work(Job& job) {
  for (int64_t index, end; job.chunks.Take(participant, 1, &index, &end);) {
    if (job.control.Stopped()) return job.chunks.Drop();
    try {
      job.body(index * job.chunk, std::min(index * job.chunk + job.chunk, job.n));
    } catch (...) {  // no thread may end by it, and the job lies on its caller's stack
      if (!job.failed.exchange(true)) job.thrown = std::current_exception();
      return job.chunks.Drop();
    }
  }
}

ThreadPool::Job* ThreadPool::TakeJob() {
  for (Job* job = jobs_; job != nullptr; job = job->link) {
    if (!job->chunks.empty()) {
      job->inside.fetch_add(1, std::memory_order_relaxed);
      return job;
    }
  }
  return nullptr;
}

/// A worker looks out for the next layer's job, which usually follows within microseconds, before
/// it sleeps: also when the job that woke it was done before it came, or it would come too late for
/// every one.
void ThreadPool::WorkerLoop() {
  const Region region;
  std::unique_lock lock(mutex_);
  auto awake_until = RunControl::Clock::now() + kSpin;
  while (!stopping_) {
    if (Job* job = TakeJob(); job != nullptr) {
      lock.unlock();
      SetFloatModes(job->float_modes);
      if (WorkLog* log = job->control.work_log(); log != nullptr) {
        const auto begin = RunControl::Clock::now();
        Work(*job);
        log->Add(begin, RunControl::Clock::now());
      } else {
        Work(*job);
      }
      job->inside.fetch_sub(1, std::memory_order_release);  // the job may be gone after this
      awake_until = RunControl::Clock::now() + kSpin;
      lock.lock();
      continue;
    }
    const uint64_t seen = submitted_.load(std::memory_order_relaxed);
    const auto submitted = [&] { return submitted_.load(std::memory_order_relaxed) != seen; };
    lock.unlock();
    SpinUntil(awake_until, submitted);
    lock.lock();
    if (submitted() || stopping_) continue;
    wake_.wait(lock);
    awake_until = RunControl::Clock::now() + kSpin;
  }
}

Status ThreadPool::Execute(int64_t n, int64_t chunk, const RunControl& control,
                           absl::FunctionRef<void(int64_t, int64_t)> body) {
  if (n <= 0) return absl::OkStatus();
  chunk = std::max<int64_t>(chunk, 1);
  const int64_t chunks = (n - 1) / chunk + 1;
  const bool shared = !workers_.empty() && !in_parallel_region && chunks > 1;
  Job job{.body = body,
          .control = control,
          .n = n,
          .chunk = chunk,
          .chunks = WorkShares(chunks, shared ? threads() : 1)};
  if (shared) {
    {
      std::lock_guard lock(mutex_);
      job.link = jobs_;
      jobs_ = &job;
      submitted_.fetch_add(1, std::memory_order_relaxed);
    }
    if (chunks == 2) {
      wake_.notify_one();
    } else {
      wake_.notify_all();
    }
  }
  {
    const Region region;
    Work(job);
  }
  if (shared) {
    {
      std::lock_guard lock(mutex_);
      Job** place = &jobs_;
      while (*place != &job) place = &(*place)->link;
      *place = job.link;
    }
    const auto alone = [&] { return job.inside.load(std::memory_order_acquire) == 0; };
    SpinUntil(RunControl::Clock::now() + kJoinSpin, alone);
    while (!alone()) std::this_thread::yield();
  }
  if (job.thrown != nullptr) std::rethrow_exception(job.thrown);
  return control.Check();
}

Status ThreadPool::ParallelFor(int64_t n, double cost, const RunControl& control,
                               absl::FunctionRef<void(int64_t, int64_t)> body) {
  if (n <= 0) return absl::OkStatus();
  cost = std::max(cost, 0.01);
  const double total = cost * static_cast<double>(n);
  const int64_t limit = std::max<int64_t>(1, static_cast<int64_t>(kMaxChunkNs / cost));
  int64_t chunk = n;
  if (total >= kMinParallelNs && threads() > 1) {
    const int64_t pieces = std::min<int64_t>(static_cast<int64_t>(total / (kMinParallelNs / 2)),
                                             threads() * kChunksPerThread);
    chunk = (n + std::max<int64_t>(pieces, 1) - 1) / std::max<int64_t>(pieces, 1);
  }
  chunk = std::min(chunk, limit);
  return Execute(n, chunk, control, body);
}

}  // namespace sardonyx
