#include "ops/control/ops.h"

#include "ops/control/common.h"

namespace sardonyx {

std::vector<OpDef> ControlOps() {
  std::vector<OpDef> ops = {IfOp(), LoopOp(), ScanOp(), SequenceMapOp()};
  for (const auto& family : {SequenceOps(), OptionalOps()}) {
    ops.insert(ops.end(), family.begin(), family.end());
  }
  return ops;
}

}  // namespace sardonyx
