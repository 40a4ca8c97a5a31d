// Derivatives of the operators that work element by element.
#pragma once

#include "runtime/gradient.h"

namespace sardonyx {

Status AddGradient(GradientContext& context);
Status SubGradient(GradientContext& context);
Status MulGradient(GradientContext& context);
Status DivGradient(GradientContext& context);
Status PowGradient(GradientContext& context);
Status SumGradient(GradientContext& context);
Status WhereGradient(GradientContext& context);
Status CastGradient(GradientContext& context);

Status NegGradient(GradientContext& context);
Status AbsGradient(GradientContext& context);
Status ExpGradient(GradientContext& context);
Status LogGradient(GradientContext& context);
Status SqrtGradient(GradientContext& context);
Status ReciprocalGradient(GradientContext& context);
Status SinGradient(GradientContext& context);
Status CosGradient(GradientContext& context);
Status ReluGradient(GradientContext& context);
Status SigmoidGradient(GradientContext& context);
Status TanhGradient(GradientContext& context);
Status SoftplusGradient(GradientContext& context);

}  // namespace sardonyx
