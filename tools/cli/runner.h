// One side of a comparison: something that runs a model.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/session/session.h"
#include "tools/cli/commands.h"
#include "tools/cli/measure.h"

namespace sardonyx {

struct RunnerOptions {
  SessionFlags session;
  std::vector<std::string> fetch;  // values to give besides the model's outputs, by name
  bool fetch_all = false;          // every value
  bool observe = false;            // whether an observer will look on
  std::string onnxruntime;         // where its library is; "": wherever it has been installed
  std::string openvino;            // likewise
};

/// A compiled model on one backend. For one thread at a time.
class Runner {
 public:
  virtual ~Runner() = default;

  virtual const std::vector<Port>& inputs() const = 0;
  virtual const std::vector<Port>& outputs() const = 0;
  /// How many of outputs() are the model's; what was fetched comes after them.
  virtual size_t own_outputs() const = 0;
  /// Sizes that were given to symbols.
  virtual std::map<std::string, int64_t> symbols() const { return {}; }

  /// Runs once; the outputs in order, belonging to the caller. The options' observer sees what the
  /// runner can show.
  virtual StatusOr<std::vector<Value>> Run(const std::map<std::string, Value>& inputs,
                                           const RunOptions& options) = 0;
  /// Milliseconds of each of some runs; the times of layers where the runner knows them.
  virtual StatusOr<std::vector<double>> Measure(const std::map<std::string, Value>& inputs,
                                                const MeasureOptions& options) = 0;
  /// The layers that an observer's LayerOutput::layer counts.
  virtual StatusOr<PlanReport> Describe(const std::map<std::string, Shape>& shapes) = 0;
};

/// Names of all backends: those of sessions, then other runtimes.
std::vector<std::string> RunnerNames();

/// `model` has been read from `path`. Errors: a UsageError where there is no such backend, a
/// library that is missing, and what is wrong with the model.
StatusOr<std::unique_ptr<Runner>> MakeRunner(const std::string& backend,
                                             std::shared_ptr<Model> model, const std::string& path,
                                             const RunnerOptions& options);

/// MakeRunner for "onnxruntime" and "openvino", in files of their own.
StatusOr<std::unique_ptr<Runner>> MakeOnnxruntimeRunner(Model& model, const std::string& path,
                                                        const RunnerOptions& options);
StatusOr<std::unique_ptr<Runner>> MakeOpenvinoRunner(Model& model, const std::string& path,
                                                     const RunnerOptions& options);

}  // namespace sardonyx
