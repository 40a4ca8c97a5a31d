#include "ops/matmul/ops.h"

namespace sardonyx {

std::vector<OpDef> MatmulOps() { return {}; }

}  // namespace sardonyx
