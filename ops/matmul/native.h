// MatMul and Gemm by this project's own float32 matrix product.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

KernelDef MatMulNative();  // matmul.native
KernelDef GemmNative();    // gemm.native

}  // namespace sardonyx
