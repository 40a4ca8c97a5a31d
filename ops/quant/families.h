// The operators of this family, by file.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

std::vector<OpDef> LinearOps();         // linear.cc: QuantizeLinear and its inverses
std::vector<OpDef> IntegerMatMulOps();  // matmul.cc: MatMulInteger, QLinearMatMul
std::vector<OpDef> IntegerConvOps();    // conv.cc: ConvInteger, QLinearConv
std::vector<OpDef> ContribOps();        // contrib.cc: QLinearAdd and others of com.microsoft

}  // namespace sardonyx
