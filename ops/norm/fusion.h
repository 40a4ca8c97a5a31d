// LayerNormalization from the operators that exporters write it as before opset 17.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// Sqrt's: the root of a variance in the middle of (x - mean) / sqrt(variance + epsilon) * scale,
/// with or without a bias behind, becomes a LayerNormalization over the last axis.
std::vector<Rewrite> SqrtRewrites();

}  // namespace sardonyx
