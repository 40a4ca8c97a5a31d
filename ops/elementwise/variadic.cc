// Max, Min, Sum, Mean of any number of tensors, broadcast together since opset 8.
#include <cmath>
#include <type_traits>

#include "ops/common/accumulate.h"
#include "ops/elementwise/binary.h"
#include "ops/elementwise/gradients.h"
#include "ops/elementwise/native.h"

namespace sardonyx {
namespace {

/// NaN wins over everything, as in NumPy's maximum.
struct Max {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T a, T b, const BinaryAttrs&) {
    if (a != a) return a;
    if (b != b) return b;
    return a < b ? b : a;
  }
};

struct Min {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T a, T b, const BinaryAttrs&) {
    if (a != a) return a;
    if (b != b) return b;
    return b < a ? b : a;
  }
};

StatusOr<std::shared_ptr<Attrs>> ParseVariadic(ParseContext& context) {
  auto attrs = std::make_shared<BinaryAttrs>();
  if (context.version() < 6) context.Ignore("consumed_inputs");
  attrs->legacy = context.version() < 8;
  return attrs;
}

template <typename Types, IntsOperation operation>
Status InferVariadic(InferContext& context) {
  DataType type = DataType::kUndefined;
  std::optional<SymbolicShape> shape;
  for (int i = 0; i < context.input_count(); ++i) {
    if (!context.has_input(i)) return InvalidArgument("input ", i, " is left out");
    SX_RETURN_IF_ERROR(CheckIsTensor(context, i));
    const DataType element = context.element(i);
    SX_RETURN_IF_ERROR(CheckElement(element, Types{}, absl::StrCat(i)));
    if (type == DataType::kUndefined) type = element;
    if (element != DataType::kUndefined && element != type) {
      return InvalidArgument("input ", i, " has element type ", Name(element), ", an earlier one ",
                             Name(type), "; they must be the same");
    }
    if (i == 0) {
      shape = context.input(0).shape;
      continue;
    }
    if (context.shape(i) != nullptr && shape) {
      SX_ASSIGN_OR_RETURN(const SymbolicShape aligned,
                          AlignSecond(context.attrs<BinaryAttrs>(), *shape, *context.shape(i)));
      SX_ASSIGN_OR_RETURN(shape, BroadcastSymbolic(&*shape, &aligned));
    } else {
      shape.reset();
    }
  }
  context.set_output(0, type, std::move(shape));
  if (context.input_count() == 2) InferInts(context, operation);
  return absl::OkStatus();
}

/// Combines the inputs from left to right into output 0.
Status RunVariadicRows(KernelContext& context, BinaryRow row, double cost) {
  Tensor& y = context.output(0);
  if (context.input_count() == 1) {
    y.CopyFrom(context.input(0));
    return absl::OkStatus();
  }
  const BinaryAttrs attrs;
  SX_RETURN_IF_ERROR(RunBinaryRows(context, row, cost, context.input(0), context.input(1), attrs));
  for (int i = 2; i < context.input_count(); ++i) {
    SX_RETURN_IF_ERROR(RunBinaryRows(context, row, cost, y, context.input(i), attrs));
  }
  return absl::OkStatus();
}

template <typename F, typename Types>
Status RunVariadic(KernelContext& context) {
  return Dispatch(context.input(0).type(), Types{}, [&]<typename T>() {
    return RunVariadicRows(context, BinaryLoop<F, T, T, T>, F::kCost);
  });
}

template <BinaryRow row>
Status RunNativeVariadic(KernelContext& context) {
  return RunVariadicRows(context, row, 0.5);
}

/// Output 0 is the sum of the inputs divided by `divisor`, rounded once.
template <typename T>
Status AddUp(KernelContext& context, double divisor) {
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(Tensor sums, context.Temporary(kTypeOf<Accumulator<T>>, y.shape()));
  Accumulator<T>* sum = sums.data<Accumulator<T>>();
  for (int k = 0; k < context.input_count(); ++k) {
    const T* x = context.input(k).data<T>();
    const Shape* shapes[] = {&context.input(k).shape()};
    SX_ASSIGN_OR_RETURN(const BroadcastPlan plan, PlanBroadcast(y.shape(), shapes));
    const int64_t step = plan.steps[0][0];
    SX_RETURN_IF_ERROR(
        ForEachRow(context, plan, 0.5, [&](const int64_t* at, int64_t out, int64_t n) {
          for (int64_t i = 0; i < n; ++i) {
            const Accumulator<T> value = Widen(x[at[0] + i * step]);
            sum[out + i] = k == 0 ? value : sum[out + i] + value;
          }
        }));
  }
  return context.ParallelFor(y.size(), 0.5, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y.data<T>()[i] = Narrow<T>(sum[i] / divisor);
  });
}

Status RunSum(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{},
                  [&]<typename T>() { return AddUp<T>(context, 1); });
}

Status RunMean(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{},
                  [&]<typename T>() { return AddUp<T>(context, context.input_count()); });
}

Status RunNativeMean(KernelContext& context) {
  SX_RETURN_IF_ERROR(RunNativeVariadic<native::Add>(context));
  float* y = context.output(0).data<float>();
  const auto count = static_cast<float>(context.input_count());
  return context.ParallelFor(context.output(0).size(), 0.5, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] /= count;
  });
}

OpDef VariadicOp(absl::string_view name, std::vector<int> versions, Status (*infer)(InferContext&),
                 KernelDef simd, KernelDef loop) {
  return {.name = name,
          .versions = std::move(versions),
          .min_inputs = 1,
          .max_inputs = kVariadic,
          .parse = ParseVariadic,
          .infer = infer,
          .kernels = {simd, loop},
          .channels_last = kElementwiseChannelsLast};
}

template <BinaryRow row>
KernelDef Simd() {
  return SimpleKernel<RunNativeVariadic<row>>("elementwise.simd", Backend::kNative,
                                              RefuseUnlessFloat);
}

}  // namespace

std::vector<OpDef> VariadicOps() {
  return {
      VariadicOp("Max", {1, 6, 8, 12, 13}, InferVariadic<Numbers, IntsOperation::kMax>,
                 Simd<native::Max>(), SimpleKernel<RunVariadic<Max, Numbers>>("elementwise.loop")),
      VariadicOp("Min", {1, 6, 8, 12, 13}, InferVariadic<Numbers, IntsOperation::kMin>,
                 Simd<native::Min>(), SimpleKernel<RunVariadic<Min, Numbers>>("elementwise.loop")),
      WithGradient(VariadicOp("Sum", {1, 6, 8, 13}, InferVariadic<Floats, IntsOperation::kNone>,
                              Simd<native::Add>(), SimpleKernel<RunSum>("elementwise.loop")),
                   SumGradient),
      VariadicOp(
          "Mean", {1, 6, 8, 13}, InferVariadic<Floats, IntsOperation::kNone>,
          SimpleKernel<RunNativeMean>("elementwise.simd", Backend::kNative, RefuseUnlessFloat),
          SimpleKernel<RunMean>("elementwise.loop")),
  };
}

}  // namespace sardonyx
