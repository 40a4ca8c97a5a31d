// Operators on strings.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// The operators of this family, in no particular order.
std::vector<OpDef> TextOps();

}  // namespace sardonyx
