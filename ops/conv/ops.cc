#include "ops/conv/ops.h"

#include "ops/conv/kernels.h"

namespace sardonyx {

std::vector<OpDef> ConvOps() { return {ConvOp(), FusedConvOp(), ConvTransposeOp()}; }

}  // namespace sardonyx
