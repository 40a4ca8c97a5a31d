// CumSum and CumProd.
#include <algorithm>

#include "ops/common/axis_split.h"
#include "ops/common/infer.h"
#include "ops/reduce/reduce.h"

namespace sardonyx {
namespace {

struct CumulativeAttrs : Attrs {
  bool exclusive = false;
  bool reverse = false;
};

StatusOr<std::shared_ptr<Attrs>> ParseCumulative(ParseContext& context) {
  auto attrs = std::make_shared<CumulativeAttrs>();
  attrs->exclusive = context.Flag("exclusive", false);
  attrs->reverse = context.Flag("reverse", false);
  return attrs;
}

/// The axis that input 1 holds. Errors: not one element, out of range.
StatusOr<int> AxisOf(const Tensor& tensor, int rank) {
  SX_ASSIGN_OR_RETURN(const Ints axis, ToInts(tensor));
  if (axis.size() != 1) {
    return InvalidArgument("axis must be one number, but is ", tensor.ToString());
  }
  return NormalizeAxis(axis[0], rank);
}

Status InferCumulative(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const DataType element, CommonElement(context, ReduceTypes{}, {0}));
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int32_t, int64_t>{}, {1}).status());
  const SymbolicShape* shape = context.shape(0);
  if (shape != nullptr && context.value(1) != nullptr) {
    SX_RETURN_IF_ERROR(AxisOf(*context.value(1), static_cast<int>(shape->size())).status());
  }
  context.set_output(0, element, shape ? std::optional(*shape) : std::nullopt);
  return absl::OkStatus();
}

template <typename T, bool kProduct>
Status Accumulate(KernelContext& context, const AxisSplit& split) {
  const auto& attrs = context.attrs<CumulativeAttrs>();
  const T* x = context.input(0).data<T>();
  T* y = context.output(0).data<T>();
  const int64_t step = attrs.reverse ? -split.inner : split.inner;
  return context.ParallelFor(
      split.outer * split.inner, 2.0 * split.length, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          int64_t at = i / split.inner * split.length * split.inner + i % split.inner +
                       (attrs.reverse ? (split.length - 1) * split.inner : 0);
          Accumulator<T> total = kProduct ? 1 : 0;
          for (int64_t j = 0; j < split.length; ++j, at += step) {
            const Accumulator<T> before = total;
            const Accumulator<T> value = Widen(x[at]);
            total = kProduct ? total * value : total + value;
            y[at] = Narrow<T>(attrs.exclusive ? before : total);
          }
        }
      });
}

template <bool kProduct>
Status RunCumulative(KernelContext& context) {
  const Tensor& input = context.input(0);
  SX_ASSIGN_OR_RETURN(const int axis, AxisOf(context.input(1), input.rank()));
  if (input.size() == 0) return absl::OkStatus();
  const AxisSplit split(input.shape(), axis);
  return Dispatch(input.type(), ReduceTypes{},
                  [&]<typename T>() { return Accumulate<T, kProduct>(context, split); });
}

}  // namespace

std::vector<OpDef> CumulativeOps() {
  return {{.name = "CumSum",
           .versions = {11, 14},
           .min_inputs = 2,
           .max_inputs = 2,
           .parse = ParseCumulative,
           .infer = InferCumulative,
           .kernels = {SimpleKernel<RunCumulative<false>>("cum_sum.reference")}},
          {.name = "CumProd",
           .versions = {26},
           .min_inputs = 2,
           .max_inputs = 2,
           .parse = ParseCumulative,
           .infer = InferCumulative,
           .kernels = {SimpleKernel<RunCumulative<true>>("cum_prod.reference")}}};
}

}  // namespace sardonyx
