// Operators that compute each element of the output from one element of each of two inputs,
// broadcast together.
#pragma once

#include <optional>
#include <string>

#include "ops/common/broadcast.h"
#include "ops/common/channels_last.h"
#include "ops/common/element_check.h"
#include "ops/elementwise/unary.h"
#include "runtime/op.h"

namespace sardonyx {

struct BinaryAttrs : Attrs {
  // Before opset 7: input 1 is broadcast only if `broadcast`; its axes are those of input 0 from
  // `axis` on, or the last ones.
  bool legacy = false;
  bool broadcast = false;
  std::optional<int64_t> axis;

  bool flag = false;  // Mod: fmod; BitShift: to the left
};

/// Where a row of results begins, and its operands: a[i * a_step] and b[i * b_step] give y[i],
/// each step 0 or 1. y may be the memory of an operand whose step is 1.
struct BinaryOperands {
  const void* a;
  const void* b;
  void* y;
  int64_t a_step;
  int64_t b_step;
};
using BinaryRow = void (*)(const BinaryOperands& at, int64_t n, const BinaryAttrs& attrs);

StatusOr<std::shared_ptr<Attrs>> ParseBinary(ParseContext& context);

/// The shape of input 1 as NumPy's rules would have it: with the axes that `axis` asks for added
/// behind. Errors: before opset 7, shapes that `broadcast` and `axis` do not allow.
StatusOr<SymbolicShape> AlignSecond(const BinaryAttrs& attrs, const SymbolicShape& a,
                                    const SymbolicShape& b);

/// The output's shape. Errors: not tensors, element types that differ (unless `mixed`), shapes.
StatusOr<std::optional<SymbolicShape>> InferBinaryShape(InferContext& context, bool mixed = false);

/// Lists of sizes combined element by element where both are known: 'add', 'sub', ...
enum class IntsOperation { kNone, kAdd, kSub, kMul, kDiv, kMin, kMax };
void InferInts(InferContext& context, IntsOperation operation);

/// Runs a row function over inputs 0 and 1, `cost` nanoseconds an element.
Status RunBinaryRows(KernelContext& context, BinaryRow row, double cost);
/// The same on given tensors.
Status RunBinaryRows(KernelContext& context, BinaryRow row, double cost, const Tensor& a,
                     const Tensor& b, const BinaryAttrs& attrs);

/// F::Apply(a, b, attrs) computes one element.
template <typename F, typename A, typename B, typename R>
void BinaryLoop(const BinaryOperands& at, int64_t n, const BinaryAttrs& attrs) {
  const A* a = static_cast<const A*>(at.a);
  const B* b = static_cast<const B*>(at.b);
  R* y = static_cast<R*>(at.y);
  const auto apply = [&](const A& x, const B& z) {
    if constexpr (std::is_same_v<A, std::string>) {
      return F::Apply(x, z, attrs);
    } else {
      return static_cast<R>(
          F::Apply(static_cast<ComputeType<A>>(x), static_cast<ComputeType<B>>(z), attrs));
    }
  };
  if (at.a_step != 0 && at.b_step != 0) {
    for (int64_t i = 0; i < n; ++i) y[i] = apply(a[i], b[i]);
  } else if (at.a_step != 0) {
    const B fixed = *b;
    for (int64_t i = 0; i < n; ++i) y[i] = apply(a[i], fixed);
  } else if (at.b_step != 0) {
    const A fixed = *a;
    for (int64_t i = 0; i < n; ++i) y[i] = apply(fixed, b[i]);
  } else {
    const R same = apply(*a, *b);
    for (int64_t i = 0; i < n; ++i) y[i] = same;
  }
}

template <typename F, typename Types>
Status RunBinary(KernelContext& context) {
  return Dispatch(context.input(0).type(), Types{}, [&]<typename T>() {
    return RunBinaryRows(context, BinaryLoop<F, T, T, T>, F::kCost);
  });
}

/// The same with bool results.
template <typename F, typename Types>
Status RunComparison(KernelContext& context) {
  return Dispatch(context.input(0).type(), Types{}, [&]<typename T>() {
    return RunBinaryRows(context, BinaryLoop<F, T, T, bool>, F::kCost);
  });
}

template <typename Types, IntsOperation operation>
Status InferBinary(InferContext& context) {
  SX_ASSIGN_OR_RETURN(auto shape, InferBinaryShape(context));
  const DataType type =
      context.element(0) != DataType::kUndefined ? context.element(0) : context.element(1);
  SX_RETURN_IF_ERROR(CheckElement(type, Types{}, "0"));
  context.set_output(0, type, std::move(shape));
  InferInts(context, operation);
  return absl::OkStatus();
}

template <typename Types>
Status InferComparison(InferContext& context) {
  SX_RETURN_IF_ERROR((InferBinary<Types, IntsOperation::kNone>(context)));
  context.outputs()[0].type.element = DataType::kBool;
  return absl::OkStatus();
}

/// ChannelsLast::inputs: ElementwiseChannelsLast, unless an old opset's `axis` says how to
/// broadcast.
std::vector<int> BinaryChannelsLast(const Graph& graph, const Node& node);

/// An operator from the function object F, on the element types of Types.
template <typename F, typename Types, IntsOperation operation = IntsOperation::kNone>
OpDef BinaryOp(absl::string_view name, std::vector<int> versions) {
  return {.name = name,
          .versions = std::move(versions),
          .min_inputs = 2,
          .max_inputs = 2,
          .parse = ParseBinary,
          .infer = InferBinary<Types, operation>,
          .kernels = {SimpleKernel<RunBinary<F, Types>>("elementwise.loop")},
          .in_place = {0, 1},
          .channels_last = {.inputs = BinaryChannelsLast, .convert = ConvertElementwise}};
}

/// Runs a row function of float32 on float32, or on float16 converted block by block.
Status RunFloatRows(KernelContext& context, BinaryRow row);

template <BinaryRow row>
Status RunNativeBinary(KernelContext& context) {
  return RunFloatRows(context, row);
}

/// Puts a vectorised kernel for float32 and float16 before the others.
template <BinaryRow row>
OpDef WithNative(OpDef op) {
  op.kernels.insert(op.kernels.begin(),
                    SimpleKernel<RunNativeBinary<row>>("elementwise.simd", Backend::kNative,
                                                       RefuseUnlessFloatOrHalf));
  return op;
}

// The operators, by file.
std::vector<OpDef> ArithmeticOps();  // arithmetic.cc: Add, Sub, Mul, Div, Mod, PRelu
OpDef PowOp();                       // pow.cc
std::vector<OpDef> CompareOps();     // compare.cc: Equal, Greater, Less, ...
std::vector<OpDef> LogicOps();       // logic.cc: And, Or, Xor, their bitwise kin, BitShift
std::vector<OpDef> VariadicOps();    // variadic.cc: Max, Min, Sum, Mean

}  // namespace sardonyx
