// NumPy's broadcasting as loops over contiguous rows.
//
// The dimensions of the output are collapsed once, as far as every operand allows; what is left is
// walked row by row, so that a kernel sees only runs of elements in which each operand either moves
// along with the output or stands still.
#pragma once

#include <array>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "runtime/op.h"

namespace sardonyx {

/// How operands are read along the elements of an output that they are broadcast to.
struct BroadcastPlan {
  static constexpr int kMaxOperands = 4;

  int operands = 0;
  int64_t total = 0;  // elements of the output
  Ints sizes;         // collapsed dimensions of the output, innermost first, at least one
  std::array<Ints, kMaxOperands> steps;  // of each operand along each; innermost: 0 or 1
};

/// Plans the walk over `output`, to which each of at most kMaxOperands shapes is broadcast.
/// Allocates nothing up to rank 8. Errors: a shape that cannot be, which inference should have
/// found.
StatusOr<BroadcastPlan> PlanBroadcast(const Shape& output, absl::Span<const Shape* const> operands);

/// Calls row(at, out, n) for runs that together cover the output: n elements from element `out`
/// on, where operand k starts at its element at[k] and moves by plan.steps[k][0].
using BroadcastRow = absl::FunctionRef<void(const int64_t* at, int64_t out, int64_t n)>;
Status ForEachRow(const KernelContext& context, const BroadcastPlan& plan, double cost,
                  BroadcastRow row);

/// The same walk over the elements [begin, end) of the output on the caller's thread.
void WalkRows(const BroadcastPlan& plan, int64_t begin, int64_t end, BroadcastRow row);

}  // namespace sardonyx
