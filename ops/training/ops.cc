#include "ops/training/ops.h"

namespace sardonyx {

std::vector<OpDef> TrainingOps() {
  std::vector<OpDef> all;
  for (auto part : {LossOps, OptimizerOps, GradientOps}) {
    const std::vector<OpDef> ops = part();
    all.insert(all.end(), ops.begin(), ops.end());
  }
  return all;
}

}  // namespace sardonyx
