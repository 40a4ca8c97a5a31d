#include "tools/cli/trace_file.h"

#include <algorithm>
#include <set>

#include "tools/cli/output.h"

namespace sardonyx {
namespace {

Json Event(const char* phase, int track, const std::string& name) {
  Json event;
  event["name"] = name;
  event["ph"] = phase;
  event["pid"] = 1;
  event["tid"] = track;
  return event;
}

/// A span in microseconds, as the format has it.
Json Span(int track, const std::string& name, int64_t begin_ns, int64_t end_ns) {
  Json event = Event("X", track, name);
  event["ts"] = static_cast<double>(begin_ns) / 1e3;
  event["dur"] = static_cast<double>(end_ns - begin_ns) / 1e3;
  return event;
}

Json TrackName(int track, const std::string& name) {
  Json event = Event("M", track, "thread_name");
  event["args"]["name"] = name;
  return event;
}

std::string Title(const LayerReport& layer) {
  return layer.name.empty() ? layer.op : absl::StrCat(layer.op, " ", layer.name);
}

}  // namespace

Status WriteTrace(const std::string& path, const PlanReport& plan,
                  const std::vector<NodeTiming>& timings, RunControl::Clock::time_point begin,
                  const std::vector<WorkLog::Span>& spans) {
  Json events = Json::array();
  events.push_back(TrackName(0, "caller"));
  for (const NodeTiming& timing : timings) {
    const LayerReport& layer = plan.layers[static_cast<size_t>(timing.layer)];
    Json event = Span(0, Title(layer), timing.begin_ns, timing.end_ns);
    event["args"]["kernel"] = layer.kernel;
    event["args"]["layer"] = timing.layer;
    events.push_back(std::move(event));
  }
  std::set<int> named;
  for (const WorkLog::Span& span : spans) {
    if (named.insert(span.worker).second) {
      events.push_back(TrackName(span.worker + 1, absl::StrCat("worker ", span.worker + 1)));
    }
    const auto since = [&](RunControl::Clock::time_point time) {
      return std::chrono::nanoseconds(time - begin).count();
    };
    const int64_t at = since(span.begin);
    const auto layer = std::find_if(timings.begin(), timings.end(),
                                    [&](const NodeTiming& t) { return at < t.end_ns; });
    const std::string title =
        layer != timings.end() ? Title(plan.layers[static_cast<size_t>(layer->layer)]) : "work";
    events.push_back(Span(span.worker + 1, title, at, since(span.end)));
  }
  Json trace;
  trace["displayTimeUnit"] = "ns";
  trace["traceEvents"] = std::move(events);
  return WriteFile(path, trace.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace sardonyx
