#include "ops/rnn/ops.h"

namespace sardonyx {

std::vector<OpDef> RnnOps() { return {}; }

}  // namespace sardonyx
