// Pictures in files: ImageDecoder.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

std::vector<OpDef> PictureOps();

}  // namespace sardonyx
