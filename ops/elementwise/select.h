// Operators that choose among elements: Where and Clip.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

OpDef WhereOp();  // where.cc
OpDef ClipOp();   // clip.cc

}  // namespace sardonyx
