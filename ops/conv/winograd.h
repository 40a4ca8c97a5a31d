// Convolution of channels-last tensors with 3x3 kernels and stride 1 by Winograd's minimal
// filtering, F(m x m, 3 x 3): in each of n x n frequencies (n = m + 2) a product of tiles and
// weights.
//
// A block of tiles is transformed into rows of channels, a matrix for each frequency; these meet
// the transformed weights some columns at a time, and the products are transformed back at once, so
// that nothing leaves the caches in between.
#pragma once

#include <memory>

#include "ops/conv/conv.h"
#include "ops/conv/panels.h"

namespace sardonyx {

/// Constant weights in each frequency, the groups of the layout. Immutable.
class WinogradWeights {
 public:
  /// Transforms the W [M, C, 3, 3] of a node. Null if there is no memory, also of what is set aside
  /// for transformed weights, or if it is to stop.
  static std::shared_ptr<const WinogradWeights> Make(const PanelLayout& layout, int m,
                                                     const PrepareContext& context);
  const float* data() const { return reinterpret_cast<const float*>(memory_.get()); }

 private:
  void TransformPanel(const PanelLayout& layout, int m, const float* w, int64_t channel) const;

  std::shared_ptr<void> reserved_;
  std::shared_ptr<std::byte> memory_;
};

/// How to compute a convolution of that shape: two axes, 3x3, stride and dilation 1, one group.
class WinogradPlan {
 public:
  WinogradPlan(const ConvShape& conv, int m, int threads);

  const PanelLayout& layout() const { return layout_; }
  int64_t scratch_floats() const { return slots_ * slot_floats_; }
  /// How often the threads together read all weights from beyond the second cache.
  int64_t weight_passes() const { return weight_passes_; }
  /// `operands.weights` are those of WinogradWeights.
  Status Run(const ConvOperands& operands, float* scratch, const KernelContext& context) const;

 private:
  void TransformInput(const ConvOperands& operands, int64_t tile, const float* zeros,
                      float* to) const;
  void MultiplyColumns(const ConvOperands& operands, const float* inputs, int64_t tiles,
                       int64_t column, int64_t columns, float* products) const;
  void TransformOutput(const ConvOperands& operands, int64_t tile, int64_t column, int64_t columns,
                       const float* products) const;

  ConvShape conv_;
  int m_, n_;
  PanelLayout layout_;
  int64_t tile_lines_, tile_columns_, tiles_;  // of an image; of all
  int64_t block_tiles_ = 1;                    // transformed at a time
  int64_t columns_ = 1;                        // output channels multiplied at a time
  int64_t column_items_ = 1;                   // into which those of a block are divided
  // Floats from tile to tile and from frequency to frequency.
  int64_t input_row_, input_frequency_, product_row_, product_frequency_;
  int64_t slots_ = 1, slot_floats_ = 0;
  int64_t weight_passes_ = 1;
};

}  // namespace sardonyx
