// Channels-last convolution as a matrix product. Rows are output pixels, columns output channels;
// the patches that the rows consist of are read where they lie, or copied a tile's height at a time
// into L1, where all panels of weights meet them. Where padding would make it copy many, the lines
// of the input are first copied once, with their padding.
#pragma once

#include "ops/conv/conv.h"
#include "ops/conv/panels.h"
#include "ops/conv/patch_rows.h"

namespace sardonyx {

/// What makes rows of patches of something else than an image that lies in memory. For use from
/// several threads at a time.
class RowMaker {
 public:
  virtual ~RowMaker() = default;
  /// Elements [begin, end) of rows [row, row + rows), as PatchRows::Copy gives them.
  virtual void Make(int64_t row, int64_t rows, int64_t begin, int64_t end, float* to,
                    int64_t stride) const = 0;
};

struct PatchOperands : ConvOperands {
  using ConvOperands::ConvOperands;
  const RowMaker* make_rows = nullptr;  // in the place of x, for plans of made rows
};

/// How to compute a convolution of that shape with up to so many threads. Immutable.
class PatchGemm {
 public:
  /// Errors: sizes that no tensors in memory have.
  static StatusOr<PatchGemm> Make(const ConvShape& conv, int threads, bool made_rows = false);

  const PanelLayout& layout() const { return layout_; }
  int64_t scratch_floats() const { return slots_ * buffer_floats_ + padded_floats_; }
  /// The operands' weights are packed as layout() says.
  Status Run(const PatchOperands& operands, float* scratch, const KernelContext& context) const;

 private:
  PatchGemm(const ConvShape& conv, int threads, bool made_rows);
  /// Part of the output: rows and columns of one group's product.
  struct Block {
    int64_t group, row, row_end, column, column_end;
  };
  Status PadLines(const float* x, float* to, const KernelContext& context) const;
  void ChooseItems(int threads);
  Block ItemAt(int64_t index) const;
  void MultiplyItem(const PatchOperands& operands, const Block& item, float* buffer,
                    const RunControl& control) const;
  void MultiplySlice(const PatchOperands& operands, const Block& block, int64_t slice, bool fetch,
                     float* buffer) const;
  int64_t StepEnd(int64_t row, int64_t begin, int64_t end) const;

  ConvShape conv_;
  PanelLayout layout_;
  PatchRows patches_;
  int64_t rows_;  // output pixels of all images
  int64_t row_items_ = 1, column_items_ = 1;
  int64_t row_block_ = 1;     // rows whose sums wait for the next slice
  int64_t column_block_ = 1;  // columns whose weights of a slice stay in L2
  bool in_l2_;                // all weights of a column block do
  bool by_lines_;             // steps do not go beyond a line, most of them with nothing to copy
  int64_t row_step_;          // most rows that meet the panels at a time
  int64_t row_stride_;        // of the copied rows
  int64_t slots_ = 1, buffer_floats_ = 0;
  int64_t padded_floats_ = 0;  // of all images with their lines padded; 0: they stay as they are
};

}  // namespace sardonyx
