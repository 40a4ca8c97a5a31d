#include "runtime/session/tune.h"

#include <algorithm>
#include <limits>

#include "runtime/session/execution.h"

namespace sardonyx {
namespace {

using Clock = RunControl::Clock;

constexpr int kLeastRuns = 3;

/// The layer's candidates, if it can be named.
std::vector<std::string> CandidatesOf(const LayerReport& layer) {
  if (layer.output_names.empty() || layer.output_names[0].empty()) return {};
  return layer.candidates;
}

/// Least times of a run, in milliseconds.
struct Times {
  double run = std::numeric_limits<double>::infinity();
  std::vector<double> layers;
  std::vector<std::string> kernels;  // that took those times
};

class Tuner {
 public:
  Tuner(std::shared_ptr<const Model> model, const SessionOptions& options,
        const std::map<std::string, Value>& inputs, const TuneOptions& tune)
      : model_(std::move(model)),
        options_(options),
        inputs_(inputs),
        tune_(tune),
        shapes_(ShapesOf(inputs)) {}

  StatusOr<Tuning> Run() {
    SX_ASSIGN_OR_RETURN(layers_, Describe());
    size_t most = 1;
    for (const LayerReport& layer : layers_) most = std::max(most, CandidatesOf(layer).size());
    const double seconds = tune_.seconds / static_cast<double>(most + 2);
    std::vector<Times> rounds;
    for (size_t i = 0; i < most; ++i) {
      SX_ASSIGN_OR_RETURN(Times times, Measure(Round(i), seconds));
      rounds.push_back(std::move(times));
    }
    Tuning tuning = Choose(rounds);
    // What was measured last may have been favoured by the machine: both again, one after another.
    SX_ASSIGN_OR_RETURN(const Times tuned, Measure(tuning.kernels, seconds));
    SX_ASSIGN_OR_RETURN(const Times estimated, Measure(options_.kernels, seconds));
    tuning.tuned_ms = tuned.run;
    tuning.estimated_ms = estimated.run;
    if (tuned.run < estimated.run) return tuning;
    tuning.kernels.clear();
    tuning.tuned_ms = estimated.run;
    return tuning;
  }

 private:
  StatusOr<std::vector<LayerReport>> Describe() const {
    SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Create(model_, options_));
    SX_ASSIGN_OR_RETURN(PlanReport report, session->Describe(shapes_));
    return std::move(report.layers);
  }

  /// Every layer gets its i-th kernel, or begins again.
  KernelChoices Round(size_t i) const {
    KernelChoices choices = options_.kernels;
    for (const LayerReport& layer : layers_) {
      const std::vector<std::string> kernels = CandidatesOf(layer);
      if (kernels.size() > 1) choices[layer.output_names[0]] = kernels[i % kernels.size()];
    }
    return choices;
  }

  StatusOr<Times> Measure(const KernelChoices& kernels, double seconds) const {
    SessionOptions options = options_;
    options.kernels = kernels;
    SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Session::Create(model_, options));
    SX_ASSIGN_OR_RETURN(const PlanReport report, session->Describe(shapes_));
    SX_ASSIGN_OR_RETURN(const std::vector<Value> arranged, session->Arrange(inputs_));
    const std::unique_ptr<ExecutionContext> context = session->NewContext();
    Times times;
    times.layers.assign(report.layers.size(), std::numeric_limits<double>::infinity());
    for (const LayerReport& layer : report.layers) times.kernels.push_back(layer.kernel);
    std::vector<NodeTiming> timings;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    for (int run = 0; run < kLeastRuns || Clock::now() < end; ++run) {
      const Clock::time_point begin = Clock::now();
      SX_RETURN_IF_ERROR(context->Run(arranged, {.control = tune_.control}, &timings));
      const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
      times.run = std::min(times.run, took.count());
      for (const NodeTiming& timing : timings) {
        const double ms = static_cast<double>(timing.end_ns - timing.begin_ns) * 1e-6;
        times.layers[timing.layer] = std::min(times.layers[timing.layer], ms);
      }
    }
    return times;
  }

  Tuning Choose(const std::vector<Times>& rounds) const {
    Tuning tuning{.kernels = options_.kernels};
    for (size_t i = 0; i < layers_.size(); ++i) {
      const LayerReport& layer = layers_[i];
      if (CandidatesOf(layer).size() < 2) continue;
      TunedLayer tuned{.name = layer.name,
                       .op = layer.op,
                       .output = layer.output_names[0],
                       .by_estimate = layer.kernel};
      std::map<std::string, double> least;
      for (const Times& times : rounds) {
        const auto [place, added] = least.emplace(times.kernels[i], times.layers[i]);
        if (!added) place->second = std::min(place->second, times.layers[i]);
      }
      tuned.kernels.assign(least.begin(), least.end());
      std::stable_sort(tuned.kernels.begin(), tuned.kernels.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
      tuning.kernels[tuned.output] = tuned.kernels.front().first;
      tuning.layers.push_back(std::move(tuned));
    }
    return tuning;
  }

  std::shared_ptr<const Model> model_;
  const SessionOptions& options_;
  const std::map<std::string, Value>& inputs_;
  const TuneOptions& tune_;
  const std::map<std::string, Shape> shapes_;
  std::vector<LayerReport> layers_;
};

/// A value for each input that needs one. Errors: an input of which none can be made.
StatusOr<std::map<std::string, Value>> Zeros(const Session& session) {
  std::map<std::string, Value> inputs;
  for (const Port& port : session.inputs()) {
    if (port.has_default) continue;
    if (!port.type.is_tensor() || !port.type.shape) {
      return Unimplemented("input '", port.name, "' of type ", port.type.ToString(),
                           " is measured on no zeros");
    }
    SymbolicShape dims = *port.type.shape;
    for (Dim& dim : dims) dim = dim.known() ? dim : Dim(1);
    const Shape shape = *ToShape(dims);
    SX_ASSIGN_OR_RETURN(Tensor zeros, Tensor::Create(port.type.element, shape));
    inputs.emplace(port.name, std::move(zeros));
  }
  return inputs;
}

}  // namespace

StatusOr<Tuning> Tune(std::shared_ptr<const Model> model, const SessionOptions& options,
                      const std::map<std::string, Value>& inputs, const TuneOptions& tune) {
  return Tuner(std::move(model), options, inputs, tune).Run();
}

StatusOr<std::unique_ptr<Session>> CreateTuned(const std::shared_ptr<const Model>& model,
                                               SessionOptions options, const TuneOptions& tune) {
  SX_ASSIGN_OR_RETURN(std::unique_ptr<Session> by_estimate, Session::Create(model, options));
  const StatusOr<std::map<std::string, Value>> inputs = Zeros(*by_estimate);
  if (!inputs.ok()) return by_estimate;
  StatusOr<Tuning> tuning = Tune(model, options, *inputs, tune);
  if (tune.control != nullptr) SX_RETURN_IF_ERROR(tune.control->Check());
  if (!tuning.ok() || tuning->kernels.empty()) return by_estimate;
  options.kernels = std::move(tuning->kernels);
  by_estimate = nullptr;  // its memory first
  return Session::Create(model, options);
}

}  // namespace sardonyx
