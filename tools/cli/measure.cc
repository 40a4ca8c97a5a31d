#include "tools/cli/measure.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_format.h"
#include "tools/cli/model_file.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

using Clock = RunControl::Clock;

double Milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

Statistics Summarize(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  const auto count = static_cast<double>(numbers.size());
  const auto percentile = [&](double p) {
    const auto rank = static_cast<size_t>(std::max(1.0, std::ceil(p * count)));
    return numbers[std::min(rank, numbers.size()) - 1];
  };
  return {.count = static_cast<int64_t>(numbers.size()),
          .min = numbers.front(),
          .median = percentile(0.5),
          .p90 = percentile(0.9),
          .p99 = percentile(0.99),
          .mean = std::accumulate(numbers.begin(), numbers.end(), 0.0) / count};
}

MeasureOptions MeasureOptionsOf(const MeasureCommand& command) {
  return {.seconds = command.seconds,
          .warm_up = command.seconds / 10,
          .time_limit = command.session.time_limit,
          .seed = command.input.seed};
}

StatusOr<std::vector<double>> RepeatRuns(const MeasureOptions& options,
                                         absl::FunctionRef<StatusOr<RunTime>()> run) {
  const auto seconds_since = [](Clock::time_point begin) {
    return Milliseconds(Clock::now() - begin) / 1000;
  };
  const Clock::time_point warm = Clock::now();
  do {
    SX_ASSIGN_OR_RETURN(const RunTime time, run());
    if (options.on_warm_up) options.on_warm_up(time.milliseconds);
  } while (seconds_since(warm) < options.warm_up);
  Progress progress(0);
  std::vector<double> milliseconds;
  const Clock::time_point begin = Clock::now();
  while (static_cast<int64_t>(milliseconds.size()) < options.max_runs &&
         (static_cast<int64_t>(milliseconds.size()) < options.min_runs ||
          seconds_since(begin) < options.seconds)) {
    SX_ASSIGN_OR_RETURN(const RunTime time, run());
    milliseconds.push_back(time.milliseconds);
    if (options.on_layers && time.layers != nullptr) options.on_layers(*time.layers);
    progress.Show(0, absl::StrFormat("%d runs, %.1f of %.1f s", milliseconds.size(),
                                     seconds_since(begin), options.seconds));
  }
  return milliseconds;
}

StatusOr<std::vector<double>> MeasureRuns(Session& session,
                                          const std::map<std::string, Value>& inputs,
                                          const MeasureOptions& options) {
  SX_ASSIGN_OR_RETURN(const std::vector<Value> arranged, session.Arrange(inputs));
  return MeasureRuns(*session.NewContext(), arranged, options);
}

StatusOr<std::vector<double>> MeasureRuns(ExecutionContext& context,
                                          const std::vector<Value>& inputs,
                                          const MeasureOptions& options) {
  std::vector<NodeTiming> layers;
  std::vector<NodeTiming>* const timings = options.on_layers ? &layers : nullptr;
  const auto run = [&](std::vector<NodeTiming>* to) -> StatusOr<double> {
    const RunControl control(DeadlineAfter(options.time_limit));
    const Clock::time_point begin = Clock::now();
    SX_RETURN_IF_ERROR(context.Run(inputs, {.control = &control, .seed = options.seed}, to));
    return Milliseconds(Clock::now() - begin);
  };
  return RepeatRuns(options, [&]() -> StatusOr<RunTime> {
    SX_ASSIGN_OR_RETURN(const double ms, run(timings));
    if (options.on_plain) {
      SX_ASSIGN_OR_RETURN(const double plain_ms, run(nullptr));
      options.on_plain(plain_ms);
    }
    return RunTime{ms, &layers};
  });
}

}  // namespace sardonyx
