#include "ops/control/ops.h"

namespace sardonyx {

std::vector<OpDef> ControlOps() { return {}; }

}  // namespace sardonyx
