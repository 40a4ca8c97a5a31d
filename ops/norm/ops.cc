#include "ops/norm/ops.h"

#include "ops/common/contrib.h"
#include "ops/norm/norm.h"

namespace sardonyx {

std::vector<OpDef> NormOps() {
  return {BatchNormalizationOp(),
          InstanceNormalizationOp(),
          GroupNormalizationOp(),
          LayerNormalizationOp(),
          AsContrib(LayerNormalizationOp(), "LayerNormalization"),
          RmsNormalizationOp(),
          SimplifiedLayerNormalizationOp(),
          AsContrib(SimplifiedLayerNormalizationOp(), "SimplifiedLayerNormalization"),
          SkipLayerNormalizationOp(),
          SkipSimplifiedLayerNormalizationOp(),
          EmbedLayerNormalizationOp(),
          LpNormalizationOp(),
          LrnOp(),
          MeanVarianceNormalizationOp()};
}

}  // namespace sardonyx
