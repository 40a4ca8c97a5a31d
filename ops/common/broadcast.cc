#include "ops/common/broadcast.h"

#include <algorithm>

namespace sardonyx {

StatusOr<BroadcastPlan> PlanBroadcast(const Shape& output,
                                      absl::Span<const Shape* const> operands) {
  BroadcastPlan plan;
  plan.operands = static_cast<int>(operands.size());
  plan.total = output.Elements();
  for (const Shape* shape : operands) {
    const int skip = output.rank() - shape->rank();
    bool fits = skip >= 0;
    for (int i = 0; fits && i < shape->rank(); ++i) {
      fits = (*shape)[i] == 1 || (*shape)[i] == output[i + skip];
    }
    if (!fits) {
      return InvalidArgument("shape ", shape->ToString(), " cannot be broadcast to ",
                             output.ToString());
    }
  }
  std::array<int64_t, BroadcastPlan::kMaxOperands> stride;
  stride.fill(1);
  for (int i = output.rank() - 1; i >= 0; --i) {
    std::array<int64_t, BroadcastPlan::kMaxOperands> step{};
    for (int k = 0; k < plan.operands; ++k) {
      const Shape& shape = *operands[k];
      const int axis = i - (output.rank() - shape.rank());
      const int64_t dim = axis < 0 ? 1 : shape[axis];
      step[k] = dim == 1 ? 0 : stride[k];
      stride[k] *= dim;
    }
    if (output[i] == 1) continue;
    bool merge = !plan.sizes.empty();
    for (int k = 0; k < plan.operands && merge; ++k) {
      merge = step[k] == plan.steps[k].back() * plan.sizes.back();
    }
    if (merge) {
      plan.sizes.back() *= output[i];
      continue;
    }
    plan.sizes.push_back(output[i]);
    for (int k = 0; k < plan.operands; ++k) plan.steps[k].push_back(step[k]);
  }
  if (plan.sizes.empty()) {
    plan.sizes.push_back(1);
    for (int k = 0; k < plan.operands; ++k) plan.steps[k].push_back(0);
  }
  return plan;
}

void WalkRows(const BroadcastPlan& plan, int64_t begin, int64_t end, BroadcastRow row) {
  if (begin >= end) return;
  const size_t rank = plan.sizes.size();
  std::array<int64_t, BroadcastPlan::kMaxOperands> at{};
  Ints index(rank, 0);
  int64_t rest = begin;
  for (size_t d = 0; d < rank; ++d) {
    index[d] = rest % plan.sizes[d];
    rest /= plan.sizes[d];
    for (int k = 0; k < plan.operands; ++k) at[k] += index[d] * plan.steps[k][d];
  }
  for (int64_t out = begin; out < end;) {
    const int64_t n = std::min(plan.sizes[0] - index[0], end - out);
    row(at.data(), out, n);
    out += n;
    if (out >= end) return;
    // The row is finished, or we would have returned: back to its start and on to the next.
    for (int k = 0; k < plan.operands; ++k) at[k] -= index[0] * plan.steps[k][0];
    index[0] = 0;
    for (size_t d = 1; d < rank; ++d) {
      for (int k = 0; k < plan.operands; ++k) at[k] += plan.steps[k][d];
      if (++index[d] < plan.sizes[d]) break;
      for (int k = 0; k < plan.operands; ++k) at[k] -= plan.sizes[d] * plan.steps[k][d];
      index[d] = 0;
    }
  }
}

Status ForEachRow(const KernelContext& context, const BroadcastPlan& plan, double cost,
                  BroadcastRow row) {
  return context.ParallelFor(plan.total, cost,
                             [&](int64_t begin, int64_t end) { WalkRows(plan, begin, end, row); });
}

}  // namespace sardonyx
