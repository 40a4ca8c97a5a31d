#include "ops/pool/ops.h"

#include "ops/pool/pool.h"

namespace sardonyx {

std::vector<OpDef> PoolOps() {
  return {MaxPoolOp(),       AveragePoolOp(),  LpPoolOp(),    GlobalAveragePoolOp(),
          GlobalMaxPoolOp(), GlobalLpPoolOp(), MaxUnpoolOp(), NhwcMaxPoolOp()};
}

}  // namespace sardonyx
