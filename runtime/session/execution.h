// The state of running one program: values, scratch memory, contexts of subgraphs.
#pragma once

#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "runtime/session/session.h"

namespace sardonyx {

/// What one Run writes. For one thread at a time; a run of the same input shapes as the run before
/// allocates nothing, unless the model's own shapes depend on data.
class ExecutionContext {
 public:
  /// `pool` must outlive the context.
  ExecutionContext(std::shared_ptr<const Program> program, ThreadPool* pool,
                   std::shared_ptr<MemoryBudget> budget);
  ~ExecutionContext();

  /// Runs on inputs in the order of Session::inputs(); none stands for an input left out. Outputs
  /// stay readable through output() until the next Run. `timings`, where not null, is filled.
  /// `places`, where there are any, may hold tensors in which the outputs of these positions should
  /// be computed, null for none; it is done where the plan lets it.
  Status Run(absl::Span<const Value> inputs, const RunOptions& options = {},
             std::vector<NodeTiming>* timings = nullptr, absl::Span<Value* const> places = {});

  /// The same for a subgraph: what it captures, by position of Graph::captures, and the run that
  /// it is part of.
  Status RunBody(absl::Span<const Value> inputs, absl::Span<const Value* const> captures,
                 const RunEnvironment& environment);

  /// The i-th output of the last Run, which may lie in this context's own memory: Clone to keep.
  const Value& output(int i) const;
  /// The same to keep: the memory in which it was computed, or a copy. Once for each run.
  StatusOr<Value> TakeOutput(int i);
  /// Lets go of the last run's inputs. Its outputs cannot be read any more.
  void Forget();
  int output_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sardonyx
