// The parts of this family, one per file.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

std::vector<OpDef> ResizeOps();      // Resize, Upsample
std::vector<OpDef> GridOps();        // GridSample, AffineGrid
std::vector<OpDef> RoiOps();         // RoiAlign, MaxRoiPool
std::vector<OpDef> BoxOps();         // NonMaxSuppression
std::vector<OpDef> DeformConvOps();  // DeformConv
OpDef CropAndResizeOp();             // of com.microsoft

}  // namespace sardonyx
