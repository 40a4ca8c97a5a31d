// Operators that compute each element of output 0 from the same element of input 0 alone.
#pragma once

#include <cmath>
#include <string>

#include "ops/common/channels_last.h"
#include "ops/common/element_check.h"
#include "runtime/op.h"

namespace sardonyx {

/// The attributes that such operators have among them; each operator gives them their meaning.
struct UnaryAttrs : Attrs {
  float alpha = 0;
  float beta = 0;
  bool flag = false;
  bool other_flag = false;
};

/// y[i] = f(x[i]) for i in [0, n). x and y may be the same memory.
using UnaryRow = void (*)(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);

/// 1 / (1 + e^-x), without overflow on the way.
template <typename T>
T SigmoidOf(T x) {
  const T e = std::exp(-std::fabs(x));
  return (x < 0 ? e : T{1}) / (T{1} + e);
}

/// The attributes of an operator that has none, but for what opsets before 6 ignored.
StatusOr<std::shared_ptr<Attrs>> ParseNoAttributes(ParseContext& context);

/// Runs a row function over input 0 and output 0, `cost` nanoseconds an element.
Status RunUnaryRows(KernelContext& context, UnaryRow row, double cost);

/// F::Apply(x, attrs) computes one element in ComputeType<T>.
template <typename F, typename T, typename R>
void UnaryLoop(const void* x, void* y, int64_t n, const UnaryAttrs& attrs) {
  const T* in = static_cast<const T*>(x);
  R* out = static_cast<R*>(y);
  for (int64_t i = 0; i < n; ++i) {
    out[i] = static_cast<R>(F::Apply(static_cast<ComputeType<T>>(in[i]), attrs));
  }
}

template <typename F, typename Types>
Status RunUnary(KernelContext& context) {
  return Dispatch(context.input(0).type(), Types{}, [&]<typename T>() {
    return RunUnaryRows(context, UnaryLoop<F, T, T>, F::kCost);
  });
}

/// The same with bool results.
template <typename F, typename Types>
Status RunPredicate(KernelContext& context) {
  return Dispatch(context.input(0).type(), Types{}, [&]<typename T>() {
    return RunUnaryRows(context, UnaryLoop<F, T, bool>, F::kCost);
  });
}

template <typename Types>
Status InferUnary(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
  SX_RETURN_IF_ERROR(CheckElement(context.element(0), Types{}, "0"));
  context.set_output(0, context.element(0), context.input(0).shape);
  return absl::OkStatus();
}

template <typename Types>
Status InferPredicate(InferContext& context) {
  SX_RETURN_IF_ERROR(InferUnary<Types>(context));
  context.set_output(0, DataType::kBool, context.input(0).shape);
  return absl::OkStatus();
}

/// Runs a row function of float32 on float32, or on float16 converted block by block.
Status RunFloatRows(KernelContext& context, UnaryRow row);

/// A native kernel from a row function of float32.
template <UnaryRow row>
Status RunNativeUnary(KernelContext& context) {
  return RunFloatRows(context, row);
}
/// "" where input 0 is float32 or float16.
std::string RefuseUnlessFloatOrHalf(const PrepareContext& context);
/// "" where input 0 is float32.
std::string RefuseUnlessFloat(const PrepareContext& context);

using ParseFn = StatusOr<std::shared_ptr<Attrs>> (*)(ParseContext&);

/// An operator from the function object F, on the element types of Types.
template <typename F, typename Types>
OpDef UnaryOp(absl::string_view name, std::vector<int> versions,
              ParseFn parse = ParseNoAttributes) {
  return {.name = name,
          .versions = std::move(versions),
          .min_inputs = 1,
          .max_inputs = 1,
          .parse = parse,
          .infer = InferUnary<Types>,
          .kernels = {SimpleKernel<RunUnary<F, Types>>("elementwise.loop")},
          .in_place = {0},
          .channels_last = kElementwiseChannelsLast};
}

/// The same with a vectorised kernel for float32 and float16 before it.
template <typename F, typename Types, UnaryRow row>
OpDef UnaryOpWithNative(absl::string_view name, std::vector<int> versions,
                        ParseFn parse = ParseNoAttributes) {
  OpDef op = UnaryOp<F, Types>(name, std::move(versions), parse);
  op.kernels.insert(op.kernels.begin(),
                    SimpleKernel<RunNativeUnary<row>>("elementwise.simd", Backend::kNative,
                                                      RefuseUnlessFloatOrHalf));
  return op;
}

// The operators, by file.
std::vector<OpDef> RoundingOps();    // rounding.cc: Abs, Neg, Sign, Ceil, Floor, Round, ...
std::vector<OpDef> MathOps();        // math.cc: Exp, Log, Sin, Erf, ...
std::vector<OpDef> PredicateOps();   // predicates.cc: IsNaN, IsInf, Not, BitwiseNot
std::vector<OpDef> ActivationOps();  // activations.cc: Relu, Sigmoid, Softplus, ...
std::vector<OpDef> GeluOps();        // gelu.cc: Gelu and its kin of com.microsoft

}  // namespace sardonyx
