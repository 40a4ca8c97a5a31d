// Stopping runs from outside.
#pragma once

#include <algorithm>
#include <mutex>
#include <vector>

#include "runtime/base/run_control.h"

namespace sardonyx {

/// Ends all the runs that it watches over, and lets later ones begin only when it is lifted.
/// Thread-safe.
class StopSwitch {
 public:
  void Set(bool stopped) {
    std::lock_guard lock(mutex_);
    stopped_ = stopped;
    if (!stopped) return;
    for (RunControl* run : runs_) run->Stop();
  }

  /// Watches over one run as long as it lives.
  class Watch {
   public:
    Watch(StopSwitch& owner, RunControl& run) : owner_(owner), run_(run) {
      std::lock_guard lock(owner_.mutex_);
      owner_.runs_.push_back(&run_);
      if (owner_.stopped_) run_.Stop();
    }
    ~Watch() {
      std::lock_guard lock(owner_.mutex_);
      owner_.runs_.erase(std::find(owner_.runs_.begin(), owner_.runs_.end(), &run_));
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    StopSwitch& owner_;
    RunControl& run_;
  };

 private:
  std::mutex mutex_;  // guards the rest
  bool stopped_ = false;
  std::vector<RunControl*> runs_;
};

}  // namespace sardonyx
