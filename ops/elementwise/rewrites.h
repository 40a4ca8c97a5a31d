// Activations that models spell out in several nodes, put together again.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// Mul: x Sigmoid(x) is Swish, x HardSigmoid(x) with slope 1/6 HardSwish.
std::vector<Rewrite> MulRewrites();

/// Erf: x (1 + Erf(x / sqrt 2)) / 2 is Gelu, in whatever order its factors come.
std::vector<Rewrite> ErfRewrites();

}  // namespace sardonyx
