// BatchNormalization as its kernels and Conv's rewrites see it.
//
// Inputs: 0 X [N, C, D...] (or [N, D..., C], where the attributes say so), 1 scale, 2 B, 3 mean, 4
// variance, each [C] (or, where not spatial, [C, D...]). Outputs: 0 Y; in training mode 1 and 2 the
// running mean and variance, and up to opset 13 also 3 and 4 those of this batch.
#pragma once

#include <optional>
#include <vector>

#include "ops/common/activation.h"
#include "runtime/op.h"

namespace sardonyx {

struct BatchNormAttrs : Attrs {
  float epsilon = 1e-5f;
  float momentum = 0.9f;
  bool spatial = true;
  bool training = false;
  Activation activation;       // set by a rewrite, applied last
  bool channels_last = false;  // set by the layout pass
};

/// X as [batch, channels, plane]; channels-last, the positions of all images are the batch.
struct BatchNormShape {
  int64_t batch = 1;
  int64_t channels = 1;
  int64_t plane = 1;
};
BatchNormShape ViewBatchNorm(const BatchNormAttrs& attrs, const Shape& x);

/// What is done to each channel: factor[c] * x + shift[c].
struct Affine {
  std::vector<double> factor, shift;
};
/// What inference with constants does to each of so many channels before the activation; nullopt
/// where the node trains or its inputs are no such constants.
std::optional<Affine> AffineOf(const Graph& graph, const Node& batchnorm, int64_t channels);

/// For refuses: why this is no inference on floats; empty where it is.
std::string NotFloatInference(const PrepareContext& context);

KernelDef BatchNormReference();     // batchnorm.reference
KernelDef BatchNormNative();        // batchnorm.native
KernelDef BatchNormOneDnnKernel();  // batchnorm.onednn

}  // namespace sardonyx
