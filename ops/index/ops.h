// Operators that choose or replace elements by index, and those that find indices.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// The operators of this family, in no particular order.
std::vector<OpDef> IndexOps();

}  // namespace sardonyx
