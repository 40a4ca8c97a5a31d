#include "ops/norm/ops.h"

#include "ops/norm/norm.h"

namespace sardonyx {

std::vector<OpDef> NormOps() {
  return {BatchNormalizationOp(),
          InstanceNormalizationOp(),
          GroupNormalizationOp(),
          LayerNormalizationOp(),
          RmsNormalizationOp(),
          LpNormalizationOp(),
          LrnOp(),
          MeanVarianceNormalizationOp()};
}

}  // namespace sardonyx
