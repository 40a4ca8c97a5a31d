#include "ops/training/ops.h"

namespace sardonyx {

std::vector<OpDef> TrainingOps() {
  std::vector<OpDef> ops = LossOps();
  const std::vector<OpDef> optimizers = OptimizerOps();
  ops.insert(ops.end(), optimizers.begin(), optimizers.end());
  return ops;
}

}  // namespace sardonyx
