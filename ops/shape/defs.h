// The parts of this family, one per file, and what they share.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

std::vector<OpDef> ViewOps();       // Identity, Reshape, Squeeze, Unsqueeze, Flatten
std::vector<OpDef> ShapeOfOps();    // Shape, Size
std::vector<OpDef> TransposeOps();  // Transpose
std::vector<OpDef> ExpandOps();     // Expand, Tile
std::vector<OpDef> ConcatOps();     // Concat, Split
std::vector<OpDef> SliceOps();      // Slice
std::vector<OpDef> PadOps();        // Pad, CenterCropPad
std::vector<OpDef> BlockOps();      // DepthToSpace, SpaceToDepth, Col2Im
std::vector<OpDef> ConstantOps();   // Constant, ConstantOfShape, EyeLike, Range
std::vector<OpDef> MaskOps();       // OneHot, Trilu, ReverseSequence

/// The product of the dimensions: unknown where it cannot be said, a symbol where
/// that is all there is but ones. Saturates at the greatest int64.
Dim Product(absl::Span<const Dim> dims);

}  // namespace sardonyx
