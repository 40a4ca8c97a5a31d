// The reductions ReduceSum, ReduceMean, ReduceMax, ...: what they share.
#pragma once

#include <algorithm>

#include "ops/common/accumulate.h"
#include "runtime/op.h"

namespace sardonyx {

struct ReduceAttrs : Attrs {
  Ints axes;  // before axes became an input
  bool keepdims = true;
  bool noop_with_empty_axes = false;
};

/// From this opset on the reduction takes its axes as an input.
inline int AxesInputSince(absl::string_view op) { return op == "ReduceSum" ? 13 : 18; }

/// A reduction of a row-major array as runs of neighbouring axes: [outer kept..., inner], where
/// axes of size 1 are gone and neighbours that are both kept, or both reduced, are one run.
struct ReducePlan {
  struct Run {
    int64_t size = 1;
    int64_t step = 1;  // elements of the input from one index to the next
  };
  std::vector<Run> kept, reduced;  // without the innermost run
  Run inner;                       // the innermost, whose step is 1
  bool inner_reduced = true;
  int64_t rows = 1;   // product of `kept`
  int64_t steps = 1;  // product of `reduced`
  int64_t count = 1;  // elements that each result is made from
};

/// The plan for the node at hand. Errors: an axis out of range.
StatusOr<ReducePlan> PlanReduction(const KernelContext& context);

/// Input offset of index `i`, in row-major order, over `runs`.
inline int64_t OffsetOf(const std::vector<ReducePlan::Run>& runs, int64_t i) {
  int64_t offset = 0;
  for (size_t r = runs.size(); r-- > 0;) {
    offset += i % runs[r].size * runs[r].step;
    i /= runs[r].size;
  }
  return offset;
}

/// Runs a reduction whose arithmetic is R: State R::Start(), void R::Step(State&, T), and
/// T R::Finish(State, count).
template <typename T, typename R>
Status Reduce(KernelContext& context) {
  SX_ASSIGN_OR_RETURN(const ReducePlan plan, PlanReduction(context));
  const T* x = context.input(0).template data<T>();
  Tensor& output = context.output(0);
  T* y = output.data<T>();
  if (output.size() == 0) return absl::OkStatus();
  using State = decltype(R::Start());
  if (plan.inner_reduced) {
    return context.ParallelFor(output.size(), 1.0 * plan.count, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* base = x + OffsetOf(plan.kept, i);
        State state = R::Start();
        for (int64_t s = 0; s < plan.steps; ++s) {
          const T* row = base + OffsetOf(plan.reduced, s);
          for (int64_t j = 0; j < plan.inner.size; ++j) R::Step(state, row[j]);
        }
        y[i] = R::Finish(state, plan.count);
      }
    });
  }
  // The innermost axis stays: a block of neighbouring results at a time, to read along memory.
  constexpr int64_t kBlock = 32;
  const int64_t blocks = (plan.inner.size + kBlock - 1) / kBlock;
  const double cost = 1.0 * kBlock * plan.steps;
  return context.ParallelFor(plan.rows * blocks, cost, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % blocks * kBlock;
      const int64_t width = std::min(kBlock, plan.inner.size - first);
      const T* base = x + OffsetOf(plan.kept, i / blocks) + first;
      State states[kBlock];
      for (State& state : states) state = R::Start();
      for (int64_t s = 0; s < plan.steps; ++s) {
        const T* row = base + OffsetOf(plan.reduced, s);
        for (int64_t j = 0; j < width; ++j) R::Step(states[j], row[j]);
      }
      T* out = y + i / blocks * plan.inner.size + first;
      for (int64_t j = 0; j < width; ++j) out[j] = R::Finish(states[j], plan.count);
    }
  });
}

using ReduceTypes = TypeList<float, double, Half, BFloat16, int32_t, int64_t, uint32_t, uint64_t>;

// Reference kernels, by operator.
Status RunReduceSum(KernelContext& context);
Status RunReduceMean(KernelContext& context);
Status RunReduceSumSquare(KernelContext& context);
Status RunReduceL1(KernelContext& context);
Status RunReduceL2(KernelContext& context);
Status RunReduceProd(KernelContext& context);
Status RunReduceLogSum(KernelContext& context);
Status RunReduceLogSumExp(KernelContext& context);
Status RunReduceMax(KernelContext& context);
Status RunReduceMin(KernelContext& context);

/// Kernels for float32 that keep several sums at once; null where there is none for the operator.
KernelDef ReduceNative(absl::string_view op);

// Parts of ReduceOps and the rest of this family, each in a file of its own.
std::vector<OpDef> ReductionOps();
std::vector<OpDef> ArgExtremeOps();
std::vector<OpDef> CumulativeOps();
std::vector<OpDef> SoftmaxOps();
OpDef EinsumOp();
OpDef DetOp();
OpDef InverseOp();  // of com.microsoft

/// Whether the elimination of another column of an n x n matrix should be begun: looks at the run's
/// control often enough to stop within milliseconds, and seldom where columns are short.
inline bool GoesOn(const KernelContext& context, int64_t column, int64_t n) {
  constexpr int64_t kShort = 64;
  return (n < kShort && column % 32 != 31) || context.Check().ok();
}

/// An error unless the last two dimensions are, as far as they are known, equal.
Status CheckSquareMatrices(const SymbolicShape& shape);

}  // namespace sardonyx
