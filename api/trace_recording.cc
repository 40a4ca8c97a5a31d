#include "api/trace_recording.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sardonyx {
namespace {

std::string PathOf(const std::string& prefix) {
  return absl::StrCat(prefix, "_",
                      absl::FormatTime("%Y-%m-%d_%H-%M-%E6S", absl::Now(), absl::LocalTimeZone()),
                      ".json");
}

}  // namespace

TraceRecording::TraceRecording(const std::string& prefix) : path_(PathOf(prefix)) {}

TraceRecording::~TraceRecording() { End().IgnoreError(); }

Profile* TraceRecording::profile() {
  std::lock_guard lock(mutex_);
  return ended_ ? nullptr : &profile_;
}

Status TraceRecording::End() {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return absl::OkStatus();
  }
  return profile_.WriteTrace(path_, TraceStyle::kOnnxruntime);
}

}  // namespace sardonyx
