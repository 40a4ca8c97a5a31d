// The patches of channels-last images as rows of a matrix, read where they lie or copied block by
// block when they are needed: implicit im2col.
#pragma once

#include "ops/conv/conv.h"
#include "ops/matmul/row_kernel.h"

namespace sardonyx {

/// Row i of the matrix is what output pixel i (of all images, one after another) reads of a group's
/// channels: for each position of the kernel, in order, one element for each channel, zero where it
/// reads padding. Where pixels lie side by side, so do their channels, and a row consists of runs.
struct PatchRows {
  static constexpr int kMaxPieces = 16;

  explicit PatchRows(const ConvShape& conv);

  /// Copies elements [begin, end) of rows [row, row + rows) of the group whose first channel is
  /// `from`; row i goes to to + i stride. May write a vector beyond each row, the last one
  /// included.
  void Copy(const float* from, int64_t row, int64_t rows, int64_t begin, int64_t end, float* to,
            int64_t stride) const;
  /// Where those elements lie themselves, in rows row_step() apart; padded lines are left out.
  /// Returns how many pieces, or -1 where they must be copied: they are more than kMaxPieces, rows
  /// are not that far apart, or some read padding at an end of a line.
  int Pieces(const float* from, int64_t row, int64_t rows, int64_t begin, int64_t end,
             RowPiece* pieces) const;

  /// Whether Pieces() of rows on one line are always found.
  bool never_copied() const;
  int64_t row_step() const { return x.stride * channels; }
  int64_t image_floats() const { return z.input * y.input * x.input * channels; }

  WindowAxis z, y, x;
  int64_t channels;  // of a pixel
  int64_t runs;      // for a line of the kernel
  int64_t run;       // floats in one
  bool plain;        // a kernel of one pixel, each row of it row_step() behind the last
};

/// An element of a row, stepped from run to run.
struct PatchElement {
  PatchElement(const PatchRows& patches, int64_t element)
      : kx(element / patches.run % patches.runs),
        ky(element / patches.run / patches.runs % patches.y.kernel),
        kz(element / patches.run / patches.runs / patches.y.kernel),
        first(element % patches.run) {}

  /// To the first element of the next run.
  void Next(const PatchRows& patches) {
    first = 0;
    if (++kx < patches.runs) return;
    kx = 0;
    if (++ky < patches.y.kernel) return;
    ky = 0;
    ++kz;
  }

  int64_t kx, ky, kz;  // the run
  int64_t first;       // of it
};

}  // namespace sardonyx
