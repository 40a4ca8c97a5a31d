// A depthwise convolution and the 1x1 convolution before it as one operator, so that what lies
// between, several times larger than either end, never leaves the caches: the first two layers of
// an inverted residual (Sandler et al., MobileNetV2, 2018). Rewrites make it of two Convs; models
// cannot name it.
//
// All tensors are float and channels-last. Inputs: 0 X [N, H, W, C], 1 the 1x1 weights [M, C, 1,
// 1], 2 their bias [M] (may be left out), 3 the depthwise weights [M, 1, ky, kx], 4 their bias [M]
// (may be left out). Output: 0 Y [N, H', W', M]. All weights are constants.
#pragma once

#include "ops/conv/conv.h"

namespace sardonyx {

struct ExpandedDepthwiseAttrs : Attrs {
  Activation expansion;  // applied to what the 1x1 convolution gives
  ConvAttrs depthwise;
};
inline constexpr int kExpansionBias = 2, kDepthwiseWeights = 3, kDepthwiseBias = 4;

struct ExpandedDepthwiseShape {
  int64_t in_channels;
  ConvShape depthwise;  // of the expanded tensor
};

/// Errors: shapes that do not agree with each other.
StatusOr<ExpandedDepthwiseShape> ResolveExpandedDepthwise(const ExpandedDepthwiseAttrs& attrs,
                                                          const Shape& x, const Shape& expansion,
                                                          const Shape& depthwise);

/// What a kernel reads and writes in one run. Null for no bias.
struct ExpandedDepthwiseOperands {
  explicit ExpandedDepthwiseOperands(KernelContext& context);

  const float *x, *expansion, *expansion_bias, *depthwise, *depthwise_bias;
  float* y;
};

/// "pointwise+depthwise", of the depthwise Conv.
Rewrite ExpandedDepthwiseRewrite();

KernelDef ExpandedDepthwiseBands();      // conv.expanded_depthwise
KernelDef ExpandedDepthwiseReference();  // conv.expanded_depthwise_reference

}  // namespace sardonyx
