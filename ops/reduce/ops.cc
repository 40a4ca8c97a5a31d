#include "ops/reduce/ops.h"

namespace sardonyx {

std::vector<OpDef> ReduceOps() { return {}; }

}  // namespace sardonyx
