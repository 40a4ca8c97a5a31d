// `sardonyx bench`: how fast a model loads and runs.
#include <algorithm>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/cli/commands.h"
#include "tools/cli/input_spec.h"
#include "tools/cli/measure.h"
#include "tools/cli/model_file.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

using Clock = RunControl::Clock;

double MillisecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

/// The most memory that this process has held, in MiB; 0 where the system does not say. Not
/// getrusage's figure, which starts with what the parent held.
double PeakRss() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes / 1024;
  }
  return 0;
}

/// How many runs took how long: equal steps up to the 99th percentile, then all that took longer.
Json HistogramToJson(const std::vector<double>& times, const Statistics& latency) {
  constexpr int kSteps = 40;
  const double step = (latency.p99 - latency.min) / kSteps;
  std::vector<int64_t> counts(kSteps + 1, 0);
  for (const double ms : times) {
    const double at = step > 0 ? std::min((ms - latency.min) / step, kSteps - 1.0) : 0;
    ++counts[ms > latency.p99 ? kSteps : static_cast<size_t>(at)];
  }
  return {{"from_ms", latency.min}, {"step_ms", step}, {"counts", counts}};
}

/// Medians of consecutive runs, at most 100 of them.
Json CourseOf(const std::vector<double>& times) {
  constexpr size_t kParts = 100;
  const size_t each = (times.size() + kParts - 1) / kParts;
  Json medians = Json::array();
  for (size_t i = 0; i < times.size(); i += each) {
    const auto begin = times.begin() + static_cast<std::ptrdiff_t>(i);
    const size_t count = std::min(each, times.size() - i);
    medians.push_back(Summarize({begin, begin + static_cast<std::ptrdiff_t>(count)}).median);
  }
  return medians;
}

/// Pictures, sentences or whatever one run takes: the first input's outermost dimension.
int64_t BatchOf(const std::vector<Port>& ports, const std::map<std::string, Value>& inputs) {
  const auto found = ports.empty() ? inputs.end() : inputs.find(ports[0].name);
  if (found == inputs.end() || !found->second.is_tensor()) return 1;
  const Tensor& tensor = found->second.tensor();
  return tensor.rank() > 1 ? std::max<int64_t>(tensor.dim(0), 1) : 1;
}

}  // namespace

StatusOr<int> Run(const BenchCommand& command) {
  SX_ASSIGN_OR_RETURN(const SessionOptions options, ToSessionOptions(command.session));
  const Clock::time_point start = Clock::now();
  SX_ASSIGN_OR_RETURN(std::shared_ptr<Model> model, LoadModel(command.model, command.session));
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session,
                      OpenSession(std::move(model), options, command.session));
  const double load_ms = MillisecondsSince(start);
  SX_ASSIGN_OR_RETURN(const auto inputs,
                      MakeInputs(session->inputs(), command.input, options.symbols));
  SX_ASSIGN_OR_RETURN(const std::vector<Value> arranged, session->Arrange(inputs));
  const Clock::time_point first = Clock::now();
  const RunControl control(DeadlineAfter(command.session.time_limit));
  const std::unique_ptr<ExecutionContext> context = session->NewContext();
  SX_RETURN_IF_ERROR(context->Run(arranged, {.control = &control, .seed = command.input.seed}));
  const double first_run_ms = MillisecondsSince(first);

  SX_ASSIGN_OR_RETURN(const std::vector<double> times,
                      MeasureRuns(*context, arranged, MeasureOptionsOf(command)));
  const Statistics latency = Summarize(times);
  const int64_t batch = BatchOf(session->inputs(), inputs);
  const double throughput = 1000 * static_cast<double>(batch) / latency.mean;
  const double rss = PeakRss();

  Report report("bench", command.json, command.html);
  report.json()["model"] = command.model;
  report.json()["backend"] = command.session.backend;
  report.json()["threads"] = session->pool().threads();
  report.json()["batch"] = batch;
  report.json()["load_ms"] = load_ms;
  report.json()["first_run_ms"] = first_run_ms;
  report.json()["runs"] = latency.count;
  report.json()["latency_ms"] = {{"min", latency.min},
                                 {"median", latency.median},
                                 {"p90", latency.p90},
                                 {"p99", latency.p99},
                                 {"mean", latency.mean}};
  report.json()["latency_histogram"] = HistogramToJson(times, latency);
  report.json()["latency_course_ms"] = CourseOf(times);
  report.json()["throughput_per_s"] = throughput;
  report.json()["peak_rss_mb"] = rss;

  report.Print(absl::StrFormat("%s, backend %s, %d thread%s, batch %d\n", command.model,
                               command.session.backend, session->pool().threads(),
                               session->pool().threads() == 1 ? "" : "s", batch));
  Table table({}, "lr");
  table.AddRow({"load", FormatMilliseconds(load_ms)});
  table.AddRow({"first run", FormatMilliseconds(first_run_ms)});
  table.AddRow({absl::StrCat("runs in ", command.seconds, " s"), absl::StrCat(latency.count)});
  table.AddRow({"  min", FormatMilliseconds(latency.min)});
  table.AddRow({"  median", FormatMilliseconds(latency.median)});
  table.AddRow({"  90th percentile", FormatMilliseconds(latency.p90)});
  table.AddRow({"  99th percentile", FormatMilliseconds(latency.p99)});
  table.AddRow({"  mean", FormatMilliseconds(latency.mean)});
  table.AddRow({"throughput", absl::StrFormat("%.1f /s", throughput)});
  table.AddRow({"peak memory", FormatBytes(static_cast<int64_t>(rss * 1024 * 1024))});
  report.Print(table.ToString());
  SX_RETURN_IF_ERROR(report.Write());
  return 0;
}

}  // namespace sardonyx
