// In what follows x, a, b are inputs, y the output, and g the gradient of y.
#include "ops/elementwise/gradients.h"

#include "ops/common/gradients.h"
#include "ops/elementwise/binary.h"

namespace sardonyx {
namespace {

/// The gradients of a and b before they are summed over the axes along which each was broadcast.
Status SetBroadcast(GradientContext& context, ValueId a, ValueId b) {
  if (context.attrs<BinaryAttrs>().axis) {
    return Unimplemented("cannot be differentiated with attribute 'axis'");
  }
  context.set_input_gradient(0, SumToLike(context, a, context.input(0)));
  context.set_input_gradient(1, SumToLike(context, b, context.input(1)));
  return absl::OkStatus();
}

/// The gradient of the one input.
Status Set(GradientContext& context, ValueId gradient) {
  context.set_input_gradient(0, gradient);
  return absl::OkStatus();
}

}  // namespace

Status AddGradient(GradientContext& context) {
  return SetBroadcast(context, context.output_gradient(), context.output_gradient());
}

Status SubGradient(GradientContext& context) {
  const ValueId g = context.output_gradient();
  return SetBroadcast(context, g, context.Add("Neg", {g}));
}

Status MulGradient(GradientContext& context) {
  const ValueId g = context.output_gradient(), a = context.input(0), b = context.input(1);
  return SetBroadcast(context, context.Add("Mul", {g, b}), context.Add("Mul", {g, a}));
}

// g / b and -(g / b) y
Status DivGradient(GradientContext& context) {
  const ValueId share = context.Add("Div", {context.output_gradient(), context.input(1)});
  const ValueId loss = context.Add("Mul", {share, context.output()});
  return SetBroadcast(context, share, context.Add("Neg", {loss}));
}

// g b a^(b-1) and g y log a, the latter 0 where a is 0
Status PowGradient(GradientContext& context) {
  const ValueId g = context.output_gradient(), a = context.input(0), y = context.output();
  const ValueId b = context.Add("CastLike", {context.input(1), a});
  const ValueId zero = ScalarLike(context, 0, a), one = ScalarLike(context, 1, a);
  const ValueId less = context.Add("Pow", {a, context.Add("Sub", {b, one})});
  const ValueId of_base = context.Add("Mul", {g, context.Add("Mul", {b, less})});
  const ValueId slope = context.Add("Mul", {y, context.Add("Log", {a})});
  const ValueId safe = context.Add("Where", {context.Add("Equal", {a, zero}), zero, slope});
  SX_RETURN_IF_ERROR(SetBroadcast(context, of_base, context.Add("Mul", {g, safe})));
  if (context.type(context.input(1)).element == context.type(a).element) return absl::OkStatus();
  context.set_input_gradient(
      1, context.Add("CastLike", {context.input_gradients()[1], context.input(1)}));
  return absl::OkStatus();
}

Status SumGradient(GradientContext& context) {
  for (size_t i = 0; i < context.node().inputs.size(); ++i) {
    const int input = static_cast<int>(i);
    context.set_input_gradient(input,
                               SumToLike(context, context.output_gradient(), context.input(input)));
  }
  return absl::OkStatus();
}

Status WhereGradient(GradientContext& context) {
  const ValueId g = context.output_gradient(), condition = context.input(0);
  const ValueId zero = ScalarLike(context, 0, g);
  const ValueId chosen[] = {context.Add("Where", {condition, g, zero}),
                            context.Add("Where", {condition, zero, g})};
  for (int i = 0; i < 2; ++i) {
    context.set_input_gradient(i + 1, SumToLike(context, chosen[i], context.input(i + 1)));
  }
  return absl::OkStatus();
}

Status CastGradient(GradientContext& context) {
  // What has become whole numbers changes in jumps only.
  if (!IsFloatingPoint(context.type(context.output()).element)) return absl::OkStatus();
  return Set(context, context.Add("CastLike", {context.output_gradient(), context.input(0)}));
}

Status NegGradient(GradientContext& context) {
  return Set(context, context.Add("Neg", {context.output_gradient()}));
}

Status AbsGradient(GradientContext& context) {
  const ValueId sign = context.Add("Sign", {context.input(0)});
  return Set(context, context.Add("Mul", {context.output_gradient(), sign}));
}

Status ExpGradient(GradientContext& context) {
  return Set(context, context.Add("Mul", {context.output_gradient(), context.output()}));
}

Status LogGradient(GradientContext& context) {
  return Set(context, context.Add("Div", {context.output_gradient(), context.input(0)}));
}

// g / (y + y)
Status SqrtGradient(GradientContext& context) {
  const ValueId y = context.output();
  return Set(context, context.Add("Div", {context.output_gradient(), context.Add("Add", {y, y})}));
}

// -g y y
Status ReciprocalGradient(GradientContext& context) {
  const ValueId y = context.output();
  const ValueId square = context.Add("Mul", {y, y});
  const ValueId loss = context.Add("Mul", {context.output_gradient(), square});
  return Set(context, context.Add("Neg", {loss}));
}

Status SinGradient(GradientContext& context) {
  const ValueId cos = context.Add("Cos", {context.input(0)});
  return Set(context, context.Add("Mul", {context.output_gradient(), cos}));
}

Status CosGradient(GradientContext& context) {
  const ValueId sin = context.Add("Sin", {context.input(0)});
  return Set(context, context.Add("Neg", {context.Add("Mul", {context.output_gradient(), sin})}));
}

Status ReluGradient(GradientContext& context) {
  const ValueId zero = ScalarLike(context, 0, context.input(0));
  const ValueId passes = context.Add("Greater", {context.input(0), zero});
  return Set(context, context.Add("Where", {passes, context.output_gradient(), zero}));
}

// g y (1 - y)
Status SigmoidGradient(GradientContext& context) {
  const ValueId y = context.output();
  const ValueId rest = context.Add("Sub", {ScalarLike(context, 1, y), y});
  return Set(context,
             context.Add("Mul", {context.output_gradient(), context.Add("Mul", {y, rest})}));
}

// g (1 - y y)
Status TanhGradient(GradientContext& context) {
  const ValueId y = context.output();
  const ValueId slope = context.Add("Sub", {ScalarLike(context, 1, y), context.Add("Mul", {y, y})});
  return Set(context, context.Add("Mul", {context.output_gradient(), slope}));
}

Status SoftplusGradient(GradientContext& context) {
  const ValueId slope = context.Add("Sigmoid", {context.input(0)});
  return Set(context, context.Add("Mul", {context.output_gradient(), slope}));
}

}  // namespace sardonyx
