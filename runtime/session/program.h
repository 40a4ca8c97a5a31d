// A compiled graph: simplified, its operators resolved, with plans for the shapes it has met.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/passes/plan.h"
#include "runtime/session/session.h"

namespace sardonyx {

/// Thread-safe: only the cache of plans and that of packed weights change after Compile.
class Program {
 public:
  /// Simplifies `graph`, whose operators have been resolved, and compiles its subgraphs likewise.
  /// `environment` serves constant folding.
  static StatusOr<std::shared_ptr<Program>> Compile(Graph graph, const SessionOptions& options,
                                                    const RunEnvironment& environment);

  /// Makes the plan for the only types that will ever be asked for, and lets go of the constants
  /// that its kernels have packed.
  Status Settle(const std::vector<Type>& types, const RunEnvironment& environment);

  const Graph& graph() const { return graph_; }
  int max_plans() const { return options_.max_plans; }
  /// Whether runs make denormal results of products zero.
  bool flushes_denormals() const {
    return options_.accuracy != Accuracy::kStrict && options_.backend != BackendChoice::kReference;
  }
  /// What stands in for inputs[i] where it is left out; null: it may not be.
  const Tensor* default_of(int i) const { return defaults_[i].defined() ? &defaults_[i] : nullptr; }

  /// The plan for these types of inputs and captures, made if none is kept. Errors: the program is
  /// settled on others.
  StatusOr<std::shared_ptr<const Plan>> PlanFor(const std::vector<Type>& types,
                                                const RunEnvironment& environment) const;
  /// The same without keeping it.
  StatusOr<std::shared_ptr<const Plan>> MakePlanFor(const std::vector<Type>& types,
                                                    const RunEnvironment& environment) const;

  /// The program of a subgraph of one of the nodes; null if it has none.
  std::shared_ptr<const Program> body(const Graph* subgraph) const;

 private:
  explicit Program(const SessionOptions& options)
      : options_(options), packs_(options.transformed_limit) {}

  PlanOptions OptionsFor(const RunEnvironment& environment) const;
  /// A plan that is kept; null if there is none.
  std::shared_ptr<const Plan> Find(const std::vector<Type>& types) const;

  Graph graph_;
  const SessionOptions options_;
  bool settled_ = false;
  std::vector<Tensor> defaults_;
  std::map<const Graph*, std::shared_ptr<const Program>> bodies_;
  mutable PackCache packs_;
  mutable std::mutex mutex_;                              // guards plans_
  mutable std::list<std::shared_ptr<const Plan>> plans_;  // the latest used first
};

/// Whether two types say exactly the same; unknown dimensions are equal to unknown ones.
bool SameTypes(const Type& a, const Type& b);
/// The type of a value at hand.
Type TypeOf(const Value& value);
/// The same as SameTypes(type, TypeOf(value)), without allocating.
bool HasType(const Value& value, const Type& type);

}  // namespace sardonyx
