// The parts of this family, one per file.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

std::vector<OpDef> GatherOps();   // Gather, GatherElements, GatherND
std::vector<OpDef> ScatterOps();  // Scatter, ScatterElements, ScatterND, TensorScatter
std::vector<OpDef> SelectOps();   // NonZero, Compress
std::vector<OpDef> TopKOps();     // TopK
std::vector<OpDef> UniqueOps();   // Unique

}  // namespace sardonyx
