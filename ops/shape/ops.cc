#include "ops/shape/ops.h"

namespace sardonyx {

std::vector<OpDef> ShapeOps() { return {}; }

}  // namespace sardonyx
