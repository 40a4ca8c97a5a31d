// Add, Sub, Mul, Div, Mod, PRelu. Integers wrap as two's complement.
#include <cmath>
#include <limits>
#include <type_traits>

#include "ops/elementwise/binary.h"
#include "ops/elementwise/gradients.h"
#include "ops/elementwise/native.h"
#include "ops/elementwise/rewrites.h"

namespace sardonyx {
namespace {

struct Add {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T a, T b, const BinaryAttrs&) {
    if constexpr (std::is_floating_point_v<T>) return a + b;
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  }
};

struct Sub {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T a, T b, const BinaryAttrs&) {
    if constexpr (std::is_floating_point_v<T>) return a - b;
    return static_cast<T>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
  }
};

struct Mul {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T a, T b, const BinaryAttrs&) {
    if constexpr (std::is_floating_point_v<T>) return a * b;
    return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  }
};

/// Integers are truncated towards zero; a division by zero gives 0, as NumPy's does.
struct Div {
  static constexpr double kCost = 1;
  template <typename T>
  static T Apply(T a, T b, const BinaryAttrs&) {
    if constexpr (std::is_floating_point_v<T>) return a / b;
    if (b == 0) return 0;
    if constexpr (std::is_signed_v<T>) {
      // The least integer over -1 does not fit; its opposite wraps.
      if (b == T(-1)) return static_cast<T>(uint64_t{0} - static_cast<uint64_t>(a));
    }
    return static_cast<T>(a / b);
  }
};

/// flag (fmod): the sign of a; otherwise that of b. Integers modulo zero give 0, as NumPy's do.
struct Mod {
  static constexpr double kCost = 5;
  template <typename T>
  static T Apply(T a, T b, const BinaryAttrs& attrs) {
    if constexpr (std::is_floating_point_v<T>) {
      const T rest = std::fmod(a, b);
      if (attrs.flag || std::isnan(rest)) return rest;
      if (rest == 0) return std::copysign(rest, b);
      return (rest < 0) == (b < 0) ? rest : rest + b;
    } else {
      if (b == 0) return 0;
      if constexpr (std::is_signed_v<T>) {
        if (b == T(-1)) return 0;
      }
      const T rest = static_cast<T>(a % b);
      if (attrs.flag || rest == 0 || (rest < 0) == (b < 0)) return rest;
      return static_cast<T>(rest + b);
    }
  }
};

struct PRelu {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T x, T slope, const BinaryAttrs&) {
    if constexpr (std::is_floating_point_v<T>) return x < 0 ? x * slope : x;
    return x < 0 ? static_cast<T>(static_cast<uint64_t>(x) * static_cast<uint64_t>(slope)) : x;
  }
};

StatusOr<std::shared_ptr<Attrs>> ParseMod(ParseContext& context) {
  auto attrs = std::make_shared<BinaryAttrs>();
  attrs->flag = context.Flag("fmod", false);
  return attrs;
}

/// Before opset 7 a slope vector always lies along axis 1, the channels.
StatusOr<std::shared_ptr<Attrs>> ParsePRelu(ParseContext& context) {
  auto attrs = std::make_shared<BinaryAttrs>();
  if (context.version() < 6) context.Ignore("consumed_inputs");
  attrs->legacy = context.version() < 7;
  attrs->flag = attrs->legacy;
  return attrs;
}

/// PRelu's older form, once ranks are known, in the terms of the other operators.
BinaryAttrs PReluAlignment(const BinaryAttrs& attrs, int x_rank, int slope_rank) {
  BinaryAttrs aligned = attrs;
  if (!attrs.flag) return aligned;
  aligned.broadcast = true;
  if (slope_rank == 1 && x_rank > 1) aligned.axis = 1;
  return aligned;
}

Status InferPRelu(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 1));
  const DataType type = context.element(0), slope_type = context.element(1);
  SX_RETURN_IF_ERROR(CheckElement(type, Numbers{}, "X"));
  if (type != slope_type && type != DataType::kUndefined && slope_type != DataType::kUndefined) {
    return InvalidArgument("X is of element type ", Name(type), " and slope of ", Name(slope_type),
                           ", which must be the same");
  }
  const SymbolicShape *x = context.shape(0), *slope = context.shape(1);
  context.set_output(0, type, context.input(0).shape);
  if (x == nullptr || slope == nullptr) return absl::OkStatus();
  const BinaryAttrs alignment = PReluAlignment(
      context.attrs<BinaryAttrs>(), static_cast<int>(x->size()), static_cast<int>(slope->size()));
  SX_ASSIGN_OR_RETURN(const SymbolicShape aligned, AlignSecond(alignment, *x, *slope));
  SX_ASSIGN_OR_RETURN(const auto together, BroadcastSymbolic(x, &aligned));
  for (size_t i = 0; together && i < together->size(); ++i) {
    const bool grown =
        together->size() != x->size() ||
        ((*x)[i].known() && (*together)[i].known() && (*x)[i].value != (*together)[i].value);
    if (grown) {
      return InvalidArgument("slope has shape ", ToString(*slope),
                             ", which cannot be broadcast to X of shape ", ToString(*x));
    }
  }
  return absl::OkStatus();
}

template <typename T>
constexpr BinaryRow kPReluLoop = BinaryLoop<PRelu, T, T, T>;

Status RunPReluRows(KernelContext& context, BinaryRow row) {
  const Tensor &x = context.input(0), &slope = context.input(1);
  const BinaryAttrs alignment =
      PReluAlignment(context.attrs<BinaryAttrs>(), x.rank(), slope.rank());
  return RunBinaryRows(context, row, PRelu::kCost, x, slope, alignment);
}

Status RunPRelu(KernelContext& context) {
  return Dispatch(context.input(0).type(), Numbers{},
                  [&]<typename T>() { return RunPReluRows(context, kPReluLoop<T>); });
}

Status RunNativePRelu(KernelContext& context) { return RunPReluRows(context, native::PRelu); }

OpDef PReluOp() {
  return {.name = "PRelu",
          .versions = {1, 6, 7, 9, 16},
          .min_inputs = 2,
          .max_inputs = 2,
          .parse = ParsePRelu,
          .infer = InferPRelu,
          .kernels = {SimpleKernel<RunNativePRelu>("elementwise.simd", Backend::kNative,
                                                   RefuseUnlessFloat),
                      SimpleKernel<RunPRelu>("elementwise.loop")},
          .in_place = {0}};
}

}  // namespace

std::vector<OpDef> ArithmeticOps() {
  OpDef mod = BinaryOp<Mod, Numbers>("Mod", {10, 13, 28});
  mod.parse = ParseMod;
  const std::vector<int> versions = {1, 6, 7, 13, 14};
  OpDef mul = WithNative<native::Mul>(BinaryOp<Mul, Numbers, IntsOperation::kMul>("Mul", versions));
  mul.rewrites = MulRewrites();
  mul.gradient = MulGradient;
  return {
      WithGradient(
          WithNative<native::Add>(BinaryOp<Add, Numbers, IntsOperation::kAdd>("Add", versions)),
          AddGradient),
      WithGradient(
          WithNative<native::Sub>(BinaryOp<Sub, Numbers, IntsOperation::kSub>("Sub", versions)),
          SubGradient),
      mul,
      WithGradient(
          WithNative<native::Div>(BinaryOp<Div, Numbers, IntsOperation::kDiv>("Div", versions)),
          DivGradient),
      mod,
      PReluOp(),
  };
}

}  // namespace sardonyx
