#include "ops/pool/ops.h"

namespace sardonyx {

std::vector<OpDef> PoolOps() { return {}; }

}  // namespace sardonyx
