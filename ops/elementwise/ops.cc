#include "ops/elementwise/ops.h"

namespace sardonyx {

std::vector<OpDef> ElementwiseOps() { return {}; }

}  // namespace sardonyx
