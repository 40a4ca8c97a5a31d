// Max, Min, Sum, Mean of any number of tensors, broadcast together since opset 8.
#include <cmath>
#include <type_traits>

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

struct Sum {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T a, T b, const BinaryAttrs&) {
    return a + b;
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

/// Divides the sum in output 0 by the number of inputs.
Status Divide(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() {
    using C = ComputeType<T>;
    T* y = context.output(0).data<T>();
    const auto count = static_cast<C>(context.input_count());
    return context.ParallelFor(context.output(0).size(), 0.5, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) y[i] = static_cast<T>(static_cast<C>(y[i]) / count);
    });
  });
}

Status RunMean(KernelContext& context) {
  SX_RETURN_IF_ERROR((RunVariadic<Sum, Floats>(context)));
  return Divide(context);
}

Status RunNativeMean(KernelContext& context) {
  SX_RETURN_IF_ERROR(RunNativeVariadic<native::Add>(context));
  return Divide(context);
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
                              Simd<native::Add>(),
                              SimpleKernel<RunVariadic<Sum, Floats>>("elementwise.loop")),
                   SumGradient),
      VariadicOp(
          "Mean", {1, 6, 8, 13}, InferVariadic<Floats, IntsOperation::kNone>,
          SimpleKernel<RunNativeMean>("elementwise.simd", Backend::kNative, RefuseUnlessFloat),
          SimpleKernel<RunMean>("elementwise.loop")),
  };
}

}  // namespace sardonyx
