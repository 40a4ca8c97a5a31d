// The operators of this family, by file.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

std::vector<OpDef> GeneratorOps();  // random.cc
OpDef DropoutOp();                  // dropout.cc

}  // namespace sardonyx
