// Compiling a model once and running it many times.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "runtime/base/run_control.h"
#include "runtime/base/tensor.h"
#include "runtime/graph/graph.h"
#include "runtime/op.h"
#include "runtime/passes/kernel_choices.h"
#include "runtime/session/observer.h"

namespace sardonyx {

/// Which kernels may run: one backend's (reference where it has none), or the best of all.
enum class BackendChoice { kAuto, kReference, kNative, kOneDnn };
absl::string_view Name(BackendChoice choice);
StatusOr<BackendChoice> ParseBackend(absl::string_view name);
/// "strict", "default", "fast".
absl::string_view Name(Accuracy accuracy);
StatusOr<Accuracy> ParseAccuracy(absl::string_view name);

struct SessionOptions {
  BackendChoice backend = BackendChoice::kAuto;
  Accuracy accuracy = Accuracy::kDefault;
  int threads = 0;       // 0: as many as the process may use
  bool optimize = true;  // false: no folding, rewriting or merging; nodes run as they stand
  /// Sizes for symbols of the model's inputs: {"N", 4}.
  std::map<std::string, int64_t> symbols;
  /// Names of values of the top graph to fetch besides the model's outputs.
  std::vector<std::string> extra_outputs;
  bool fetch_all = false;  // every value of the top graph is an output
  /// Bytes that the session may hold at once: folded constants, packed weights, values of runs.
  int64_t memory_limit = int64_t{16} << 30;
  /// Bytes of weights that kernels may keep in a form larger than the model's, as Winograd's
  /// algorithm does; without more of them, kernels are taken that do not.
  int64_t transformed_limit = std::numeric_limits<int64_t>::max();
  int max_plans = 8;      // plans for different input shapes kept at once
  CustomOps custom_ops;   // an application's own operators
  KernelChoices kernels;  // such as Tune has found
};

class Profile;  // runtime/session/profile.h

struct RunOptions {
  const RunControl* control = nullptr;  // null: no time limit
  uint64_t seed = 0;                    // for random operators without a seed of their own
  Observer observer = {};               // none: nobody looks
  /// What the run's layers took goes there, and what workers did where `control` has its work log.
  Profile* profile = nullptr;
};

/// A graph input or output.
struct Port {
  std::string name;
  Type type;
  bool has_default = false;  // an input that an initializer stands in for
};

/// What became of one node under the plan for certain input shapes.
struct LayerReport {
  std::string name, op, kernel;  // kernel is "view" for what costs nothing
  Backend backend = Backend::kReference;
  /// Kernels that would take it, `kernel` among them; reference ones only if there is no other.
  std::vector<std::string> candidates;
  std::vector<std::string> refusals;        // "conv.winograd4: stride is 2"
  std::vector<std::string> input_names;     // as the model has them
  std::vector<std::string> output_names;    // of the compiled graph, which KernelChoices go by
  std::vector<std::string> captured_names;  // of what its subgraphs read, as the model has them
  /// The layer that computes each input and, after these, each captured value: its index, -1 for
  /// inputs of the model and constants.
  std::vector<int> producers;
  std::vector<Type> inputs, outputs;
  int64_t parameters = 0;  // elements of constant inputs
  double multiply_adds = 0;
  int64_t scratch_bytes = 0;
};

/// A piece of memory, and the values that lie there one after the other or beside each other.
struct BufferReport {
  std::vector<std::string> values;  // as the model names them, in order of execution
  int64_t offset = 0;               // in the arena; -1 outside it, for outputs of the model
  int64_t bytes = 0;
  int first = 0, last = 0;  // layers from which to which it is in use
};

struct PlanReport {
  std::vector<LayerReport> layers;    // in order of execution
  std::vector<int> output_producers;  // for each output of the model as LayerReport::producers
  std::vector<BufferReport> buffers;  // in order of `first`
  int64_t arena_bytes = 0;            // memory of intermediate values
  int64_t unshared_bytes = 0;         // the same without reuse
  int64_t constant_bytes = 0;
};

/// One node's part of a run.
struct NodeTiming {
  int layer = 0;                     // index into PlanReport::layers
  int64_t begin_ns = 0, end_ns = 0;  // since the run began
};

/// Shapes of the tensors among inputs, as Session::Describe takes them.
std::map<std::string, Shape> ShapesOf(const std::map<std::string, Value>& inputs);

class Program;           // runtime/session/program.h
class ExecutionContext;  // runtime/session/execution.h

/// A compiled model. Run may be called from many threads at once; each running call takes an
/// execution context from a pool that grows to the greatest number of simultaneous calls.
class Session {
 public:
  /// Verifies, infers, folds, rewrites and plans `model`. Errors name the node and what is wrong.
  /// Whoever does not need the model any more moves it here: weights that kernels have packed, or
  /// that were replaced, then take no memory.
  static StatusOr<std::unique_ptr<Session>> Create(std::shared_ptr<const Model> model,
                                                   const SessionOptions& options = {});
  ~Session();

  const std::vector<Port>& inputs() const;
  const std::vector<Port>& outputs() const;
  const SessionOptions& options() const { return options_; }

  /// Runs on inputs given by name; those with a default may be left out. The outputs, in order,
  /// belong to the caller. Errors: a wrong name, type or shape, a kernel's error, limits; the
  /// session goes on working.
  StatusOr<std::vector<Value>> Run(const std::map<std::string, Value>& inputs,
                                   const RunOptions& options = {});

  /// The same on inputs by position, none for one left out. outputs[i], where not null, gets the
  /// i-th output: a tensor that it holds is written into, and must be of the output's type and
  /// shape; otherwise it becomes a value that belongs to the caller.
  Status Run(absl::Span<const Value> inputs, absl::Span<Value* const> outputs,
             const RunOptions& options = {});

  /// The position of the input or output of that name. Errors: there is none.
  StatusOr<int> FindInput(absl::string_view name) const;
  StatusOr<int> FindOutput(absl::string_view name) const;

  /// Inputs by name as ExecutionContext::Run takes them: checked, in order, none where left out.
  StatusOr<std::vector<Value>> Arrange(const std::map<std::string, Value>& inputs) const;

  /// Steady-state running without allocation: a context of one's own, for one thread at a time.
  /// The session must outlive it.
  std::unique_ptr<ExecutionContext> NewContext();

  /// The plan for inputs of these shapes (by name; what is left out is as the model declares it,
  /// unknown dimensions staying unknown).
  StatusOr<PlanReport> Describe(const std::map<std::string, Shape>& shapes = {});

  ThreadPool& pool() { return *pool_; }
  const std::shared_ptr<MemoryBudget>& budget() const { return budget_; }

 private:
  Session() = default;
  struct ContextPool;

  /// Errors: an input that is missing, or not of its declared type.
  Status Check(absl::Span<const Value> inputs) const;
  std::unique_ptr<ExecutionContext> TakeContext();

  SessionOptions options_;
  std::shared_ptr<MemoryBudget> budget_;
  std::unique_ptr<ThreadPool> pool_;
  std::shared_ptr<const Program> program_;
  std::unique_ptr<ContextPool> contexts_;
};

}  // namespace sardonyx
