// The float32 Conv kernels of this project.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

// On channels-last tensors.
KernelDef ConvDepthwiseLast();  // conv.depthwise_last: one filter per channel
KernelDef ConvGroupedLast();    // conv.grouped_last: groups of few channels
KernelDef ConvWinograd6();      // conv.winograd6: F(6x6, 3x3), where accuracy is `fast`
KernelDef ConvWinograd4();      // conv.winograd4: F(4x4, 3x3)
KernelDef ConvWinograd2();      // conv.winograd2: F(2x2, 3x3)
KernelDef ConvGemm();           // conv.gemm: rows of patches, then a matrix product

// On tensors in ONNX's layout.
KernelDef ConvDirect();     // conv.direct: few output channels
KernelDef ConvDirect1x1();  // conv.direct1x1: a matrix product over channels
KernelDef ConvIm2col();     // conv.im2col: patches as columns, then a matrix product
KernelDef ConvDepthwise();  // conv.depthwise: one filter per channel

}  // namespace sardonyx
