// The operators of ai.onnx.ml: features, encoders, maps, linear models, support vector machines and
// tree ensembles. Where its specification is silent they do what onnxruntime and ONNX's reference
// evaluator both do; where those differ, the comment at the place says which way was taken.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// The operators of this family, in no particular order.
std::vector<OpDef> MlOps();

}  // namespace sardonyx
