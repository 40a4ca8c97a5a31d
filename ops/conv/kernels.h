// The kernels and operators of this family, apart from the native Conv kernels (native.h).
#pragma once

#include "runtime/op.h"

namespace sardonyx {

OpDef ConvOp();
OpDef FusedConvOp();  // of com.microsoft
OpDef ConvTransposeOp();
/// Scales, shifts, residuals and activations that Conv takes in from the nodes behind it.
std::vector<Rewrite> ConvRewrites();

KernelDef ConvReference();            // conv.reference: straight from the definition
KernelDef ConvOneDnnKernel();         // conv.onednn
KernelDef ConvWidenedKernel();        // conv.widened: 16-bit floats by way of float32
KernelDef ConvTransposeGemmKernel();  // convtranspose.gemm
KernelDef ConvTransposeReference();   // convtranspose.reference

}  // namespace sardonyx
