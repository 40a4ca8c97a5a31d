// Operators that make, change and rearrange shapes.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// The operators of this family, in no particular order.
std::vector<OpDef> ShapeOps();

}  // namespace sardonyx
