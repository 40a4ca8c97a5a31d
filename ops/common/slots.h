// Parallel work in which each thread needs memory of its own.
#pragma once

#include <algorithm>

#include "absl/functional/function_ref.h"
#include "runtime/base/thread_pool.h"
#include "runtime/base/work_shares.h"

namespace sardonyx {

inline constexpr int64_t kItemsPerThread = 4;  // evens out threads of unequal speed

/// Calls body(slot, item) for every item in [0, items), no two at a time with the same slot in
/// [0, slots). Each slot begins with a share of neighbouring items of its own and then helps with
/// the others', `grain` items at a time; whether to stop is looked at in between. Errors: those of
/// `control`, some items then left out.
inline Status ParallelSlots(ThreadPool& pool, const RunControl& control, int64_t slots,
                            int64_t items, int64_t grain,
                            absl::FunctionRef<void(int64_t slot, int64_t item)> body) {
  slots = std::max<int64_t>(1, std::min<int64_t>({slots, items, pool.threads()}));
  WorkShares shares(items, slots);
  return pool.ParallelTasks(slots, control, [&](int64_t slot) {
    for (int64_t item, end; shares.Take(slot, grain, &item, &end);) {
      if (control.Stopped()) return;
      for (; item < end; ++item) body(slot, item);
    }
  });
}

}  // namespace sardonyx
