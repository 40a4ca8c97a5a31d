#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// The operators of this family, in no particular order: losses, optimizers, Gradient.
std::vector<OpDef> TrainingOps();

/// Its parts, each in a file of its own.
std::vector<OpDef> LossOps();
std::vector<OpDef> OptimizerOps();
std::vector<OpDef> GradientOps();

}  // namespace sardonyx
