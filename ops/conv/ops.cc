#include "ops/conv/ops.h"

namespace sardonyx {

std::vector<OpDef> ConvOps() { return {}; }

}  // namespace sardonyx
