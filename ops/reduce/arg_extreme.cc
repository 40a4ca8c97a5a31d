// ArgMax and ArgMin.
#include <algorithm>

#include "ops/common/axis_split.h"
#include "ops/common/infer.h"
#include "ops/reduce/reduce.h"

namespace sardonyx {
namespace {

using ArgTypes = decltype(Floats{} + Integers{});

struct ArgAttrs : Attrs {
  int64_t axis = 0;
  bool keepdims = true;
  bool select_last = false;
};

StatusOr<std::shared_ptr<Attrs>> ParseArg(ParseContext& context) {
  auto attrs = std::make_shared<ArgAttrs>();
  attrs->axis = context.Int("axis", 0);
  attrs->keepdims = context.Flag("keepdims", true);
  if (context.version() >= 12) attrs->select_last = context.Flag("select_last_index", false);
  return attrs;
}

Status InferArg(InferContext& context) {
  const auto& attrs = context.attrs<ArgAttrs>();
  SX_RETURN_IF_ERROR(CommonElement(context, ArgTypes{}, {0}).status());
  const SymbolicShape* shape = context.shape(0);
  if (shape == nullptr) {
    context.set_output(0, DataType::kInt64, std::nullopt);
    return absl::OkStatus();
  }
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, static_cast<int>(shape->size())));
  SymbolicShape result = *shape;
  if (attrs.keepdims) {
    result[axis] = 1;
  } else {
    result.erase(result.begin() + axis);
  }
  if (const auto whole = ToShape(result);
      (*shape)[axis].value == 0 && whole && whole->Elements() != 0) {
    return InvalidArgument("axis ", axis, " of shape ", ToString(*shape),
                           " is empty: it has no greatest or least element");
  }
  context.set_output(0, DataType::kInt64, std::move(result));
  return absl::OkStatus();
}

template <typename T, bool kMax>
Status Arg(KernelContext& context) {
  const auto& attrs = context.attrs<ArgAttrs>();
  const Tensor& input = context.input(0);
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, input.rank()));
  const AxisSplit split(input.shape(), axis);
  int64_t* y = context.output(0).data<int64_t>();
  if (context.output(0).size() == 0) return absl::OkStatus();
  const bool last = attrs.select_last;
  using C = ComputeType<T>;
  return context.ParallelFor(
      split.outer * split.inner, 1.5 * split.length, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const T* x =
              input.data<T>() + i / split.inner * split.length * split.inner + i % split.inner;
          int64_t best_at = 0;
          C best = static_cast<C>(x[0]);
          for (int64_t j = 1; j < split.length; ++j) {
            const C value = static_cast<C>(x[j * split.inner]);
            const bool best_nan = best != best;
            // NaN counts as the extreme, as in NumPy.
            const bool better = value != value ? !best_nan : kMax ? value > best : value < best;
            const bool equal = value == best || (best_nan && value != value);
            if (better || (last && equal)) {
              best = value;
              best_at = j;
            }
          }
          y[i] = best_at;
        }
      });
}

template <bool kMax>
Status RunArg(KernelContext& context) {
  return Dispatch(context.input(0).type(), ArgTypes{},
                  [&]<typename T>() { return Arg<T, kMax>(context); });
}

}  // namespace

std::vector<OpDef> ArgExtremeOps() {
  OpDef arg_max{.name = "ArgMax",
                .versions = {1, 11, 12, 13},
                .min_inputs = 1,
                .max_inputs = 1,
                .parse = ParseArg,
                .infer = InferArg,
                .kernels = {SimpleKernel<RunArg<true>>("arg_max.reference")}};
  OpDef arg_min = arg_max;
  arg_min.name = "ArgMin";
  arg_min.kernels = {SimpleKernel<RunArg<false>>("arg_min.reference")};
  return {arg_max, arg_min};
}

}  // namespace sardonyx
