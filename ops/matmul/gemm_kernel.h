// The inner loops of the float32 matrix product, compiled for several instruction sets.
//
// Operands are packed into panels (Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication", 2008): `row_panel` rows of A, or `column_panel` columns of B, side by side for
// each step along the inner dimension ("depth"), so that the kernel reads both front to back.
#pragma once

#include <cstdint>

#include "ops/matmul/epilogue.h"

namespace sardonyx {

/// One block of a product: C (+)= A B, of which the panels lie in caches.
struct GemmBlock {
  int64_t rows = 0, columns = 0, depth = 0;
  const float* a = nullptr;    // panels of row_panel rows, [depth][row_panel] each
  const float* b = nullptr;    // panels of column_panel columns
  int64_t b_panel_stride = 0;  // elements from panel to panel
  int64_t b_row_stride = 0;    // within a panel; 0: packed, the panel's padded width
  float* c = nullptr;
  int64_t c_stride = 0;
  bool accumulate = false;             // C holds partial sums to add to
  const Epilogue* epilogue = nullptr;  // null: C gets partial sums
  // What the next product will read, so that it is brought into L2 meanwhile; null: nothing.
  const float* next = nullptr;
  int64_t next_floats = 0;
};

struct GemmKernels {
  int lanes = 0;         // floats in a vector
  int row_panel = 0;     // rows of a register tile
  int column_panel = 0;  // columns of a register tile, a multiple of lanes

  /// Packs `width` lines of `depth` elements, line_stride apart and step_stride from element to
  /// element, as [depth][padded]; zeros in lines from width to padded.
  void (*pack_panel)(const float* from, int64_t line_stride, int64_t step_stride, int64_t width,
                     int64_t padded, int64_t depth, float* panel);
  void (*multiply)(const GemmBlock& block);
  /// tile[i * tile_stride + j] = sum_p x[i * x_stride + p] w[j * w_stride + p], i < rows,
  /// j < columns: products with contiguous inner dimension, for few rows.
  void (*dot)(const float* x, int64_t x_stride, int64_t rows, const float* w, int64_t w_stride,
              int64_t columns, int64_t depth, float* tile, int64_t tile_stride);
  /// Stores sums as GemmBlock has it.
  void (*store)(const float* sums, int64_t sums_stride, int64_t rows, int64_t columns, float* c,
                int64_t c_stride, bool accumulate, const Epilogue* epilogue);
};

/// The best for this CPU.
const GemmKernels& GemmKernelsOfThisCpu();

}  // namespace sardonyx
