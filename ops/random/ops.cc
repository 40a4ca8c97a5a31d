#include "ops/random/ops.h"

namespace sardonyx {

std::vector<OpDef> RandomOps() { return {}; }

}  // namespace sardonyx
