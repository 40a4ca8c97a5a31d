// Where: elements move unseen, so that only their size matters.
#include <complex>

#include "ops/common/broadcast.h"
#include "ops/common/element_check.h"
#include "ops/elementwise/gradients.h"
#include "ops/elementwise/select.h"

namespace sardonyx {
namespace {

Status InferWhere(InferContext& context) {
  for (int i = 0; i < 3; ++i) SX_RETURN_IF_ERROR(CheckIsTensor(context, i));
  SX_RETURN_IF_ERROR(CheckElement(context.element(0), TypeList<bool>{}, "condition"));
  const DataType x = context.element(1), y = context.element(2);
  if (x != y && x != DataType::kUndefined && y != DataType::kUndefined) {
    return InvalidArgument("X is of element type ", Name(x), " and Y of ", Name(y),
                           ", which must be the same");
  }
  SX_ASSIGN_OR_RETURN(auto shape, BroadcastSymbolic(context.shape(1), context.shape(2)));
  if (shape) {
    SX_ASSIGN_OR_RETURN(shape, BroadcastSymbolic(context.shape(0), &*shape));
  }
  context.set_output(0, x != DataType::kUndefined ? x : y, std::move(shape));
  return absl::OkStatus();
}

template <typename T>
Status Select(KernelContext& context) {
  const Tensor &condition = context.input(0), &x = context.input(1), &y = context.input(2);
  Tensor& out = context.output(0);
  const Shape* shapes[] = {&condition.shape(), &x.shape(), &y.shape()};
  SX_ASSIGN_OR_RETURN(const BroadcastPlan plan, PlanBroadcast(out.shape(), shapes));
  const bool* conditions = condition.data<bool>();
  const T *xs = x.data<T>(), *ys = y.data<T>();
  T* result = out.data<T>();
  return ForEachRow(context, plan, 1, [&](const int64_t* at, int64_t first, int64_t n) {
    const bool* c = conditions + at[0];
    const T *a = xs + at[1], *b = ys + at[2];
    T* r = result + first;
    const int64_t c_step = plan.steps[0][0], a_step = plan.steps[1][0], b_step = plan.steps[2][0];
    if (c_step == 0) {
      const T* from = *c ? a : b;
      const int64_t step = *c ? a_step : b_step;
      for (int64_t i = 0; i < n; ++i) r[i] = from[i * step];
    } else {
      for (int64_t i = 0; i < n; ++i) r[i] = c[i] ? a[i * a_step] : b[i * b_step];
    }
  });
}

Status RunWhere(KernelContext& context) {
  const DataType type = context.input(1).type();
  if (type == DataType::kString) return Select<std::string>(context);
  switch (ElementSize(type)) {
    case 1:
      return Select<uint8_t>(context);
    case 2:
      return Select<uint16_t>(context);
    case 4:
      return Select<uint32_t>(context);
    case 8:
      return Select<uint64_t>(context);
    case 16:
      return Select<std::complex<double>>(context);
  }
  return InvalidArgument("element type ", Name(type), " is not supported");
}

}  // namespace

OpDef WhereOp() {
  return {.name = "Where",
          .versions = {9, 16},
          .min_inputs = 3,
          .max_inputs = 3,
          .infer = InferWhere,
          .kernels = {SimpleKernel<RunWhere>("elementwise.loop")},
          .in_place = {1, 2},
          .gradient = WhereGradient};
}

}  // namespace sardonyx
