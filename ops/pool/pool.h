// MaxPool, AveragePool and LpPool as their kernels see them.
//
// Input: 0 X [N, C, D...]. Outputs: 0 Y, and for MaxPool 1 the indices of the maxima.
#pragma once

#include "ops/common/window.h"
#include "runtime/op.h"

namespace sardonyx {

struct PoolAttrs : Attrs {
  WindowAttrs window;
  bool count_include_pad = false;  // AveragePool
  bool column_major = false;       // MaxPool's indices
  double p = 2;                    // LpPool
};

struct PoolShape {
  int64_t planes = 1;  // N * C
  Window window;

  int64_t input_plane() const;
  int64_t output_plane() const;
  int64_t kernel_plane() const;
};

/// Errors: a rank below 3 and those of ResolveWindow.
StatusOr<PoolShape> ResolvePool(const PoolAttrs& attrs, const Shape& x);

/// For a kernel's refuses: the pool, or why it is not known or is not float. Without indices.
StatusOr<PoolShape> StaticFloatPool(const PrepareContext& context);

/// Taps of output `o` along one axis that the padded input holds: what AveragePool divides by
/// (per axis) where padding counts. ceil_mode may let a window reach beyond the padding.
inline int64_t TapsInPadded(const WindowAxis& axis, int64_t o) {
  const int64_t room = axis.input + axis.pad_begin + axis.pad_end - o * axis.stride;
  return std::clamp<int64_t>((room + axis.dilation - 1) / axis.dilation, 0, axis.kernel);
}

OpDef MaxPoolOp();
OpDef AveragePoolOp();
OpDef LpPoolOp();
OpDef GlobalAveragePoolOp();
OpDef GlobalMaxPoolOp();
OpDef GlobalLpPoolOp();
OpDef MaxUnpoolOp();

KernelDef MaxPoolReference();
KernelDef AveragePoolReference();
KernelDef LpPoolReference();
KernelDef MaxPoolNative();
KernelDef AveragePoolNative();
KernelDef MaxPoolOneDnn();
KernelDef AveragePoolOneDnn();

}  // namespace sardonyx
