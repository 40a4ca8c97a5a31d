// Convolution with 3x3 kernels and stride 1 by Winograd's minimal filtering, F(m x m, 3 x 3): in
// each of n x n frequencies (n = m + 2) a product of weights [M, C] with tiles of the image.
#pragma once

#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "ops/conv/conv.h"
#include "ops/matmul/epilogue.h"
#include "ops/matmul/gemm.h"

namespace sardonyx {

/// The weights of each frequency. Immutable.
class WinogradWeights {
 public:
  /// Transforms w [out, in, 3, 3]; m is 2 or 4. Null if there is no memory.
  static std::shared_ptr<const WinogradWeights> Make(const float* w, int64_t out, int64_t in,
                                                     int m);
  const PackedMatrix& frequency(int f) const { return *packed_[static_cast<size_t>(f)]; }
  int64_t bytes() const { return bytes_; }

 private:
  std::vector<std::shared_ptr<const PackedMatrix>> packed_;
  int64_t bytes_ = 0;
};

/// One run's memory. Null for no bias or residual.
struct WinogradOperands {
  const float* x = nullptr;
  const float* bias = nullptr;
  const float* residual = nullptr;
  float* y = nullptr;
  Activation activation;
};

/// How to compute a convolution of that shape: two spatial axes, 3x3, stride and dilation 1, one
/// group. Rows of tiles are done a group at a time, so that what is between the transforms stays in
/// caches. Immutable.
class WinogradPlan {
 public:
  WinogradPlan(const ConvShape& conv, int m, int threads);

  int64_t scratch_bytes() const { return scratch_floats_ * static_cast<int64_t>(sizeof(float)); }
  /// Errors: those of `control`.
  Status Run(const WinogradWeights& weights, const WinogradOperands& operands,
             absl::Span<std::byte> scratch, ThreadPool& pool, const RunControl& control) const;

 private:
  struct Group;  // rows of tiles, and where they lie

  void TransformInput(const Group& group, int64_t channel, int64_t begin, int64_t end,
                      float* ring) const;
  void Multiply(const Group& group, const WinogradWeights& weights, int64_t item) const;
  void TransformOutput(const Group& group, int64_t channel, int64_t begin, int64_t end,
                       float* buffer) const;
  void LoadRow(const float* plane, int64_t y, float* split) const;

  ConvShape conv_;
  int m_, n_;
  int64_t tile_rows_, tile_columns_;  // of one image
  int64_t group_rows_ = 1;            // rows of tiles done at a time
  int64_t stride_ = 0;                // floats for a group's tiles in one channel and frequency
  int64_t split_stride_ = 0, line_floats_ = 0, buffer_floats_ = 0;
  int64_t row_items_ = 1;  // into which the rows of a product are divided
  int64_t slots_ = 1;
  int64_t input_floats_ = 0, product_floats_ = 0, scratch_floats_ = 0;
};

}  // namespace sardonyx
