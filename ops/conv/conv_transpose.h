// ConvTranspose as its kernels see it.
//
// Inputs: 0 X [N, C, D...], 1 W [C, M/group, k...], 2 B [M] (may be left out). In the window's axes
// input and output are those of this operator: output o = i * stride - pad_begin + k * dilation.
#pragma once

#include "ops/common/window.h"
#include "runtime/op.h"

namespace sardonyx {

struct ConvTransposeAttrs : Attrs {
  WindowAttrs window;
  Ints output_padding;  // empty: none
  Ints output_shape;    // empty: it follows from the padding
  int64_t group = 1;    // at least 1
};

struct ConvTransposeShape {
  int64_t batch = 1;
  int64_t group = 1;
  int64_t in_channels = 1;
  int64_t out_channels = 1;
  Window window;

  int64_t group_in() const { return in_channels / group; }
  int64_t group_out() const { return out_channels / group; }
  int64_t input_plane() const;
  int64_t output_plane() const;
  int64_t kernel_plane() const;
  Shape output() const;
};

/// Errors: shapes or attributes that do not fit together, overflow.
StatusOr<ConvTransposeShape> ResolveConvTranspose(const ConvTransposeAttrs& attrs, const Shape& x,
                                                  const Shape& w);

}  // namespace sardonyx
