// Winograd's transforms of tiles whose channels lie side by side, compiled for several instruction
// sets.
//
// F(m x m, 3 x 3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015):
// m x m outputs from n x n inputs, n = m + 2, by a product in each of n x n frequencies. F(4x4)
// interpolates at 0, +-sqrt(1/2) and +-sqrt(2), not at their 0, +-1 and +-2, and F(6x6) at 0,
// +-3/5,
// +-1 and +-5/3: factors nearer to 1 round less.
#pragma once

#include <cstdint>

#include "ops/matmul/epilogue.h"

namespace sardonyx {

/// One tile of the output: m lines of m pixels or, at the image's edge, fewer.
struct OutputTile {
  int64_t lines = 0, pixels = 0;
  int64_t width = 0;  // pixels of a line of the whole output
  float* y = nullptr;
  int64_t y_pixel = 0;              // floats from pixel to pixel
  const float* bias = nullptr;      // null: none
  const float* residual = nullptr;  // likewise
  int64_t residual_pixel = 0;
  Activation activation;
};

struct TileTransforms {
  /// G w G': to[f frequency_stride + i] for i < width, a multiple of lanes, from a kernel's nine
  /// positions at planes[q width + i].
  void (*weights)(const float* planes, int64_t width, float* to, int64_t frequency_stride);
  /// B' d B: to[f frequency_stride + c] for c < channels, rounded up to lanes, from the n x n
  /// pixels, each of so many channels.
  void (*input)(const float* const* pixels, int64_t channels, float* to, int64_t frequency_stride);
  /// A' p A and the epilogue, of products[f frequency_stride + c] for c < channels. May read
  /// channels up to a multiple of lanes.
  void (*output)(const float* products, int64_t frequency_stride, int64_t channels,
                 const OutputTile& tile);
};

/// The best for this CPU; m is 2, 4 or 6.
const TileTransforms& TileTransformsOfThisCpu(int m);

}  // namespace sardonyx
