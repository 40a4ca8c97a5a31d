// A 1x1 convolution of several tensors, joined along their channels, scaled and shifted per channel
// and activated: what a DenseNet's layers begin with (Huang et al., 2017), the pre-activation of He
// et al., "Identity Mappings in Deep Residual Networks", 2016. The joined tensor is never stored:
// each block of rows of the product is made when it is needed. Rewrites make it of Concat,
// BatchNormalization and Conv; models cannot name it.
//
// All tensors are float, those with pixels channels-last. Inputs: 0 W [M, C, 1, 1], 1 B [M] (may be
// left out), 2 scale [C], 3 shift [C], all constants, then X_i [N, H, W, C_i], at least one, whose
// channels are C together. Output: 0 Y [N, H, W, M].
#pragma once

#include "ops/conv/conv.h"

namespace sardonyx {

struct PreactivatedAttrs : Attrs {
  Activation before, after;
};
inline constexpr int kPreactivatedScale = 2, kPreactivatedShift = 3, kPreactivatedX = 4;

/// "batchnorm+pointwise", of Conv.
Rewrite PreactivatedRewrite();

KernelDef PreactivatedGemm();       // conv.preactivated
KernelDef PreactivatedReference();  // conv.preactivated_reference

}  // namespace sardonyx
