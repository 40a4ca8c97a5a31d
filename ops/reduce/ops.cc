#include "ops/reduce/ops.h"

#include "ops/reduce/reduce.h"

namespace sardonyx {

std::vector<OpDef> ReduceOps() {
  std::vector<OpDef> ops;
  for (const auto& part : {ReductionOps(), ArgExtremeOps(), CumulativeOps(), SoftmaxOps()}) {
    ops.insert(ops.end(), part.begin(), part.end());
  }
  ops.push_back(EinsumOp());
  ops.push_back(DetOp());
  ops.push_back(InverseOp());
  return ops;
}

}  // namespace sardonyx
