// Derivatives of matrix products.
#pragma once

#include "runtime/gradient.h"

namespace sardonyx {

Status MatMulGradient(GradientContext& context);
Status GemmGradient(GradientContext& context);

}  // namespace sardonyx
