// The operators of this family, by file.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

std::vector<OpDef> LinearOps();         // linear.cc: QuantizeLinear and its inverses
std::vector<OpDef> IntegerMatMulOps();  // matmul.cc: MatMulInteger, QLinearMatMul, QGemm, ...
std::vector<OpDef> IntegerConvOps();    // conv.cc: ConvInteger, QLinearConv
OpDef MatMulNBitsOp();                  // matmul_nbits.cc

}  // namespace sardonyx
