#include "ops/index/ops.h"

namespace sardonyx {

std::vector<OpDef> IndexOps() { return {}; }

}  // namespace sardonyx
