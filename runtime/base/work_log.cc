#include "runtime/base/work_log.h"

#include <algorithm>

namespace sardonyx {

void WorkLog::Add(RunControl::Clock::time_point begin, RunControl::Clock::time_point end) {
  std::lock_guard lock(mutex_);
  const std::thread::id self = std::this_thread::get_id();
  auto place = std::find(workers_.begin(), workers_.end(), self);
  if (place == workers_.end()) place = workers_.insert(workers_.end(), self);
  spans_.push_back(
      {.worker = static_cast<int>(place - workers_.begin()), .begin = begin, .end = end});
}

}  // namespace sardonyx
