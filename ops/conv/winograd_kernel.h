// Winograd's transforms on rows of tiles, compiled for several instruction sets.
//
// F(m x m, 3 x 3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015).
// F(4x4) interpolates at 0, +-sqrt(1/2) and +-sqrt(2), not at their 0, +-1 and +-2: factors nearer
// to 1 round less. m = 2 or 4, tiles of n = m + 2 inputs a side that overlap by 2.
#pragma once

#include <cstdint>

namespace sardonyx {

struct WinogradKernels {
  int lanes = 0;  // tiles computed at a time

  /// to[i] = sum over q < 9 of factors[q] planes[q size + i], i < size.
  void (*combine)(const float* planes, int64_t size, const float* factors, float* to);
  /// Splits a row of `width` pixels, `left` zeros before it and any number behind, by their
  /// position in a tile: to[j stride + g] = padded[g m + j] for j < m and g < groups, rounded up to
  /// lanes.
  void (*split)(const float* row, int64_t width, int64_t left, int64_t groups, float* to,
                int64_t stride);
  /// B' d B of a row of tiles. rows: n split lines, whose groups reach one beyond the tiles and
  /// their count rounded up to lanes. to[f frequency_stride + t] for frequencies f < n n.
  void (*input)(const float* const* rows, int64_t split_stride, int64_t tiles, float* to,
                int64_t frequency_stride);
  /// A' m A of a row of tiles: m rows of m tiles pixels, their width rounded up to lanes of tiles.
  /// May read as many products beyond the tiles.
  void (*output)(const float* products, int64_t frequency_stride, int64_t tiles, float* rows,
                 int64_t row_stride);
};

/// The best for this CPU; m is 2 or 4.
const WinogradKernels& WinogradKernelsOfThisCpu(int m);

}  // namespace sardonyx
