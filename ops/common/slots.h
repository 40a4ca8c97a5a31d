// Parallel work in which each thread needs memory of its own.
#pragma once

#include <algorithm>
#include <atomic>

#include "absl/functional/function_ref.h"
#include "runtime/base/thread_pool.h"

namespace sardonyx {

inline constexpr int64_t kItemsPerThread = 4;  // evens out threads of unequal speed

/// Calls body(slot, item) for every item in [0, items), no two at a time with the same slot in
/// [0, slots). Threads take `grain` items at a time as they get to it; whether to stop is looked at
/// in between. Errors: those of `control`, some items then left out.
inline Status ParallelSlots(ThreadPool& pool, const RunControl& control, int64_t slots,
                            int64_t items, int64_t grain,
                            absl::FunctionRef<void(int64_t slot, int64_t item)> body) {
  std::atomic<int64_t> next{0};
  slots = std::max<int64_t>(1, std::min<int64_t>({slots, items, pool.threads()}));
  return pool.ParallelTasks(slots, control, [&](int64_t slot) {
    for (;;) {
      const int64_t begin = next.fetch_add(grain, std::memory_order_relaxed);
      if (begin >= items || control.Stopped()) return;
      for (int64_t item = begin; item < std::min(begin + grain, items); ++item) body(slot, item);
    }
  });
}

}  // namespace sardonyx
