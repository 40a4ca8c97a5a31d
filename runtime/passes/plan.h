// Everything that a run of known input shapes has decided beforehand.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/op.h"
#include "runtime/passes/arena.h"
#include "runtime/passes/infer.h"
#include "runtime/passes/kernel_choices.h"

namespace sardonyx {

/// One node in a plan.
struct Step {
  const Node* node = nullptr;
  std::unique_ptr<Kernel> kernel;  // null: a view
  const KernelDef* def = nullptr;
  /// Kernels that would take it, `def`'s among them; reference ones only if there is no other.
  std::vector<std::string> candidates;
  std::vector<std::string> refusals;  // why other kernels were not taken
  bool view = false;
  /// Some input's or output's shape, or type, shows only during the run: infer again with the real
  /// inputs.
  bool dynamic = false;
  /// Of output 0, where its rows lie in those of another value (KernelContext::row_stride); 0: they
  /// lie side by side.
  int64_t row_stride = 0;
  /// Values outside the arena that nobody reads after this step.
  std::vector<ValueId> release;

  absl::string_view kernel_name() const { return kernel == nullptr ? "view" : def->name; }
};

/// Immutable; shared by the contexts that run it.
struct Plan {
  std::vector<ValueId> inputs;  // graph inputs, then captures' inner values
  std::vector<Type> input_types;
  Knowledge known;  // of every value of the graph
  std::vector<Step> steps;
  /// By ValueId: offset in the arena, or in an outlet; -1 for values that have no place.
  std::vector<int64_t> offsets;
  /// By ValueId: the outlet in which it lies, -1 for the arena. Outlets hold outputs of the graph,
  /// and leave the run with them instead of being copied.
  std::vector<int> outlets;
  std::vector<int64_t> outlet_bytes;
  /// What values lie in, in order of the first step that uses it, outlets with an offset of -1; and
  /// by ValueId which of these, -1 for none. Values that take over an input's memory share its.
  std::vector<Buffer> buffers;
  std::vector<int> buffer_of;
  int64_t arena_bytes = 0;
  int64_t unshared_bytes = 0;
  int64_t scratch_bytes = 0;
};

/// How kernels are chosen.
struct PlanOptions {
  bool native = true;  // whether kernels of that backend are candidates; reference ones always are
  bool onednn = true;
  Accuracy accuracy = Accuracy::kDefault;
  EvaluateOptions evaluate;  // its environment, too, is where kernels are prepared
  PackCache* cache = nullptr;
  const KernelChoices* choices = nullptr;  // null: none
  /// Called with constants whose elements no step will read, as soon as kernels have packed them.
  std::function<void(ValueId)> release;  // null: all are kept
};

/// Infers `graph` for inputs of these types (those of Plan::inputs, in order), chooses and prepares
/// kernels, and places values in memory. `graph` must outlive the plan. Errors name the node.
StatusOr<std::shared_ptr<const Plan>> MakePlan(const Graph& graph, std::vector<Type> input_types,
                                               const PlanOptions& options);

}  // namespace sardonyx
