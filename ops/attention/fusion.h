// Attention from the operators that exporters write it as.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// Softmax's: what it is the middle of, the product of queries and keys, a scale, a mask and the
/// product with values, becomes an Attention that reads and writes heads where they lie.
std::vector<Rewrite> SoftmaxRewrites();

}  // namespace sardonyx
