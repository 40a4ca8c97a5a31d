#include "ops/image/ops.h"

namespace sardonyx {

std::vector<OpDef> ImageOps() { return {}; }

}  // namespace sardonyx
