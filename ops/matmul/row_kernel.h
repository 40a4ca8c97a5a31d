// The inner loops of products whose left operand is read where it lies, compiled for several
// instruction sets: rows of pixels, each with its channels side by side, times packed weights.
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "ops/matmul/epilogue.h"

namespace sardonyx {

/// Columns [begin, begin + depth) of A, element (i, p) of them at a[i a_stride + p].
struct RowPiece {
  const float* a = nullptr;
  int64_t begin = 0, depth = 0;
};

/// C (+)= A B. A lies in pieces; those left out are zero. B lies in panels of `width` columns
/// (RowKernels), [depth][width] each; the last one may be narrower, its width rounded up to lanes.
struct RowBlock {
  int64_t rows = 0, columns = 0;
  absl::Span<const RowPiece> a;
  int64_t a_stride = 0;
  const float* b = nullptr;
  int64_t b_panel_stride = 0;  // elements from panel to panel
  float* c = nullptr;
  int64_t c_stride = 0;
  bool accumulate = false;             // C holds partial sums to add to
  const Epilogue* epilogue = nullptr;  // null: C gets partial sums
  bool cold = false;  // B is not in the caches: each panel brings the one behind it into L2
  // What the next product will read, so that it is brought into L2 meanwhile; null: nothing.
  const float* next = nullptr;
  int64_t next_floats = 0;
};

struct RowKernels {
  int lanes = 0;  // floats in a vector
  int rows = 0;   // of a register tile
  int width = 0;  // columns of a register tile, a multiple of lanes

  /// Every element of C is summed in the order of its pieces, whatever the block's other sizes.
  void (*multiply)(const RowBlock& block);
};

/// The best for this CPU.
const RowKernels& RowKernelsOfThisCpu();

}  // namespace sardonyx
