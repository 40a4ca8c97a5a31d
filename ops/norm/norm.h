// The operators of this family, one function each; and what several of them share.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

OpDef BatchNormalizationOp();
OpDef InstanceNormalizationOp();
OpDef GroupNormalizationOp();
OpDef LayerNormalizationOp();
OpDef RmsNormalizationOp();
OpDef SimplifiedLayerNormalizationOp();  // ONNX Runtime's, in the domain of ai.onnx, as the
OpDef SkipLayerNormalizationOp();        // following are in com.microsoft
OpDef SkipSimplifiedLayerNormalizationOp();
OpDef EmbedLayerNormalizationOp();
OpDef LpNormalizationOp();
OpDef LrnOp();
OpDef MeanVarianceNormalizationOp();

/// Mean and population variance of `count` elements, in two passes.
struct Moments {
  double mean = 0;
  double variance = 0;
};
template <typename T>
Moments MomentsOf(const T* x, int64_t count) {
  Moments moments;
  for (int64_t i = 0; i < count; ++i) moments.mean += static_cast<double>(x[i]);
  moments.mean /= static_cast<double>(count);
  for (int64_t i = 0; i < count; ++i) {
    const double d = static_cast<double>(x[i]) - moments.mean;
    moments.variance += d * d;
  }
  moments.variance /= static_cast<double>(count);
  return moments;
}

}  // namespace sardonyx
