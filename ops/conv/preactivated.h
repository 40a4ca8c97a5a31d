// A 1x1 convolution of several tensors, joined along their channels, scaled and shifted per channel
// and activated: what a DenseNet's layers begin with (Huang et al., 2017), the pre-activation of He
// et al., "Identity Mappings in Deep Residual Networks", 2016. Or of a tensor whose channels are
// scaled by numbers of each image's own, the gate of a squeeze-and-excite block (Hu et al., 2018).
// What is multiplied is never stored: each block of rows of the product is made when it is needed.
// Rewrites make it of Concat, BatchNormalization or Mul, and Conv; models cannot name it.
//
// All tensors are float, those with pixels channels-last. Inputs: 0 W [M, C, 1, 1], 1 B [M] (may be
// left out), 2 scale [C], 3 shift [C], all constants, 4 a residual [N, H, W, M] (may be left out),
// then X_i [N, H, W, C_i], at least one, whose channels are C together. Where gated, scale is [N,
// 1, 1, C] and no constant, and shift is left out. Output: 0 Y [N, H, W, M].
#pragma once

#include "ops/conv/conv.h"

namespace sardonyx {

struct PreactivatedAttrs : Attrs {
  bool gated = false;
  Activation before, after;
};
inline constexpr int kPreactivatedScale = 2, kPreactivatedShift = 3;
inline constexpr int kPreactivatedResidual = 4, kPreactivatedX = 5;

Rewrite PreactivatedRewrite();  // "batchnorm+pointwise", of Conv
Rewrite GatedRewrite();         // "gate+pointwise", likewise

KernelDef PreactivatedGemm();       // conv.preactivated
KernelDef PreactivatedReference();  // conv.preactivated_reference

}  // namespace sardonyx
