#include "runtime/session/profile.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "runtime/base/replacement.h"
#include "runtime/passes/plan.h"

namespace sardonyx {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostLayers = 1'000'000;

Json Event(const char* phase, int track, const std::string& name) {
  Json event;
  event["name"] = name;
  event["ph"] = phase;
  event["pid"] = 1;
  event["tid"] = track;
  return event;
}

/// A span in microseconds, as the format has it.
Json Span(int track, const std::string& name, const char* category, int64_t begin_ns,
          int64_t end_ns) {
  Json event = Event("X", track, name);
  event["cat"] = category;
  event["ts"] = static_cast<double>(begin_ns) / 1e3;
  event["dur"] = static_cast<double>(end_ns - begin_ns) / 1e3;
  return event;
}

Json TrackName(int track, const std::string& name) {
  Json event = Event("M", track, "thread_name");
  event["args"]["name"] = name;
  return event;
}

std::string Title(const Profile::Layer& layer) {
  return *layer.name == '\0' ? layer.op : absl::StrCat(layer.op, " ", layer.name);
}

Json ToEvent(const Profile::Layer& layer, const std::string& name) {
  Json event = Span(layer.caller, name, "Node", layer.begin_ns, layer.end_ns);
  event["args"]["op_name"] = layer.op;
  event["args"]["kernel"] = layer.kernel;
  event["args"]["provider"] = "CPUExecutionProvider";
  event["args"]["layer"] = layer.index;
  event["args"]["run"] = layer.run;
  return event;
}

std::string Text(const Json& events) {
  return events.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

const char* Profile::Keep(absl::string_view text) { return texts_.emplace(text).first->c_str(); }

void Profile::Add(const Plan& plan, Clock::time_point begin, absl::Span<const NodeTiming> timings) {
  std::lock_guard lock(mutex_);
  const int run = runs_++;
  if (layers_.size() + timings.size() > kMostLayers) return;
  const std::thread::id self = std::this_thread::get_id();
  auto caller = std::find(callers_.begin(), callers_.end(), self);
  if (caller == callers_.end()) caller = callers_.insert(callers_.end(), self);
  const int64_t since = std::chrono::nanoseconds(begin - begin_).count();
  for (const NodeTiming& timing : timings) {
    const Step& step = plan.steps[static_cast<size_t>(timing.layer)];
    layers_.push_back({.name = Keep(step.node->name),
                       .op = Keep(step.node->op_type),
                       .kernel = Keep(step.kernel_name()),
                       .index = timing.layer,
                       .run = run,
                       .caller = static_cast<int>(caller - callers_.begin()),
                       .begin_ns = since + timing.begin_ns,
                       .end_ns = since + timing.end_ns});
  }
}

WorkLog* Profile::workers() { return size() < kMostLayers ? &workers_ : nullptr; }

size_t Profile::size() const {
  std::lock_guard lock(mutex_);
  return layers_.size();
}

Profile::Layer Profile::layer(size_t i) const {
  std::lock_guard lock(mutex_);
  return layers_[i];
}

std::string Profile::Tracks() const {
  const int callers = std::max(static_cast<int>(callers_.size()), 1);
  Json events = Json::array();
  for (int i = 0; i < callers; ++i) {
    events.push_back(TrackName(i, i == 0 ? "caller" : absl::StrCat("caller ", i + 1)));
  }
  std::vector<const Layer*> by_end;
  for (const Layer& layer : layers_) {
    events.push_back(ToEvent(layer, Title(layer)));
    by_end.push_back(&layer);
  }
  std::sort(by_end.begin(), by_end.end(),
            [](const Layer* a, const Layer* b) { return a->end_ns < b->end_ns; });
  std::set<int> named;
  for (const WorkLog::Span& span : workers_.spans()) {
    const int track = callers + span.worker;
    if (named.insert(track).second) {
      events.push_back(TrackName(track, absl::StrCat("worker ", span.worker + 1)));
    }
    const auto since = [&](Clock::time_point time) {
      return std::chrono::nanoseconds(time - begin_).count();
    };
    const int64_t at = since(span.begin);
    const auto layer = std::upper_bound(by_end.begin(), by_end.end(), at,
                                        [](int64_t t, const Layer* l) { return t < l->end_ns; });
    events.push_back(Span(track, layer == by_end.end() ? "work" : Title(**layer), "Worker", at,
                          since(span.end)));
  }
  return Text(events);
}

std::string Profile::Events() const {
  Json events = Json::array();
  for (const Layer& layer : layers_) {
    events.push_back(ToEvent(layer, absl::StrCat(layer.name, "_kernel_time")));
  }
  return Text(events);
}

Status Profile::WriteTrace(const std::string& path, TraceStyle style) const {
  std::lock_guard lock(mutex_);
  return WriteFile(path, style == TraceStyle::kTracks ? Tracks() : Events());
}

}  // namespace sardonyx
