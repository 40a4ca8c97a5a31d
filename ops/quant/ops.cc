#include "ops/quant/ops.h"

namespace sardonyx {

std::vector<OpDef> QuantOps() { return {}; }

}  // namespace sardonyx
