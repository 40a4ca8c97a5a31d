// Choosing kernels by measurement.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/session/session.h"

namespace sardonyx {

/// A layer for which there was a choice.
struct TunedLayer {
  std::string name, op, output;  // output: the first one's name
  /// Kernels with the least milliseconds that each took in the whole model, fastest first.
  std::vector<std::pair<std::string, double>> kernels;
  std::string by_estimate;  // what is taken without measuring
};

struct Tuning {
  KernelChoices kernels;  // for SessionOptions::kernels; empty where nothing was faster
  std::vector<TunedLayer> layers;
  double estimated_ms = 0, tuned_ms = 0;  // least time of a run by estimate, and with `kernels`
};

struct TuneOptions {
  double seconds = 10;                  // about how long to measure, besides compiling
  const RunControl* control = nullptr;  // null: no time limit
};

/// Runs `model` on `inputs` with each kernel that a layer might get, all layers changing theirs at
/// once, and takes the fastest for each. Kernels are measured where they will run, among the others
/// and with the caches as those leave them. Layouts stay as they are. Errors: those of compiling
/// and running.
StatusOr<Tuning> Tune(std::shared_ptr<const Model> model, const SessionOptions& options,
                      const std::map<std::string, Value>& inputs, const TuneOptions& tune);

/// Session::Create with the kernels that Tune finds on inputs of zeros, in which dimensions that
/// neither the model nor `options.symbols` fixes are 1. Where the model cannot be run on these, the
/// estimates stand. Errors: those of compiling, and of `tune.control`.
StatusOr<std::unique_ptr<Session>> CreateTuned(const std::shared_ptr<const Model>& model,
                                               SessionOptions options, const TuneOptions& tune);

}  // namespace sardonyx
