#include "ops/ml/ops.h"

#include <iterator>

#include "ops/ml/defs.h"

namespace sardonyx {

std::vector<OpDef> MlOps() {
  std::vector<OpDef> all;
  for (auto part : {FeatureOps, ScalingOps, EncoderOps, MapOps, LinearModelOps, SvmOps, TreeOps}) {
    std::vector<OpDef> ops = part();
    all.insert(all.end(), std::make_move_iterator(ops.begin()), std::make_move_iterator(ops.end()));
  }
  return all;
}

}  // namespace sardonyx
