// The patches of channels-last images as rows of a matrix, copied block by block when they are
// needed: implicit im2col.
#pragma once

#include "ops/conv/conv.h"

namespace sardonyx {

/// Row i of the matrix is what output pixel i (of all images, one after another) reads of a group's
/// channels: for each position of the kernel, in order, one element for each channel, zero where it
/// reads padding. Where pixels lie side by side, so do their channels, and a row consists of runs.
struct PatchRows {
  explicit PatchRows(const ConvShape& conv);

  /// Copies elements [begin, end) of rows [row, row + rows) of the group whose first channel is
  /// `x`; row i goes to to + i stride. May write a vector beyond each row, the last one included.
  void Copy(const float* x, int64_t row, int64_t rows, int64_t begin, int64_t end, float* to,
            int64_t stride) const;

  WindowAxis z, y, x;
  int64_t channels;  // of a pixel
  int64_t taps;      // of the kernel in one run: a line of them, or one
  int64_t run;       // floats in a run
};

}  // namespace sardonyx
