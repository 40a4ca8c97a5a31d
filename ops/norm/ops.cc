#include "ops/norm/ops.h"

namespace sardonyx {

std::vector<OpDef> NormOps() { return {}; }

}  // namespace sardonyx
