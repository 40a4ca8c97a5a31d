#include "api/profile.h"

#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sardonyx {
namespace {

constexpr size_t kMostEvents = 1'000'000;  // later ones are not noted

double Microseconds(Profile::Clock::duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

std::string PathOf(const std::string& prefix) {
  return absl::StrCat(prefix, "_",
                      absl::FormatTime("%Y-%m-%d_%H-%M-%E6S", absl::Now(), absl::LocalTimeZone()),
                      ".json");
}

}  // namespace

Profile::Profile(const std::string& prefix) : path_(PathOf(prefix)) {}

Observer Profile::Run::Watch(Observer next) {
  return [this, next = std::move(next)](const LayerOutput& output) -> Status {
    const Clock::time_point now = Clock::now();
    if (!spans_.empty() && spans_.back().layer == output.layer) {
      spans_.back().end = now;  // another output of the same layer
    } else {
      spans_.push_back({output.layer, last_, now});
    }
    Status status = next ? next(output) : absl::OkStatus();
    last_ = Clock::now();
    return status;
  };
}

void Profile::Add(const Run& run, const PlanReport& plan) {
  std::lock_guard lock(mutex_);
  for (const Run::Span& span : run.spans_) {
    if (ended_ || events_.size() >= kMostEvents) return;
    const LayerReport& layer = plan.layers[static_cast<size_t>(span.layer)];
    const nlohmann::ordered_json event = {
        {"cat", "Node"},
        {"name", absl::StrCat(layer.name, "_kernel_time")},
        {"ph", "X"},
        {"pid", getpid()},
        {"tid", 0},
        {"ts", Microseconds(span.begin - begin_)},
        {"dur", Microseconds(span.end - span.begin)},
        {"args",
         {{"op_name", layer.op}, {"kernel", layer.kernel}, {"provider", "CPUExecutionProvider"}}}};
    events_.push_back(event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
}

Status Profile::End() {
  std::lock_guard lock(mutex_);
  if (std::exchange(ended_, true)) return absl::OkStatus();
  std::ofstream file(path_, std::ios::binary | std::ios::trunc);
  file << "[\n" << absl::StrJoin(events_, ",\n") << "\n]\n";
  file.close();
  events_.clear();
  return file ? absl::OkStatus() : InvalidArgument("cannot write the profile '", path_, "'");
}

}  // namespace sardonyx
