// MaxPool, AveragePool and LpPool as their kernels see them.
//
// Input: 0 X [N, C, D...], or [N, D..., C] where the attributes say so. Outputs: 0 Y likewise, and
// for MaxPool 1 the indices of the maxima.
#pragma once

#include "ops/common/window.h"
#include "runtime/op.h"

namespace sardonyx {

struct PoolAttrs : Attrs {
  WindowAttrs window;
  bool count_include_pad = false;  // AveragePool
  bool column_major = false;       // MaxPool's indices
  double p = 2;                    // LpPool
  bool channels_last = false;      // set by the layout pass, or as com.microsoft's operators say
  bool global = false;             // the window is the whole plane; of com.microsoft's alone
};

struct PoolShape {
  int64_t batch = 1;
  int64_t channels = 1;
  bool channels_last = false;
  Window window;

  int64_t planes() const { return batch * channels; }
  /// Elements from one to the next of a plane.
  int64_t step() const { return channels_last ? channels : 1; }
  /// Where a plane begins whose size is `plane_size`.
  int64_t Start(int64_t plane, int64_t plane_size) const {
    if (!channels_last) return plane * plane_size;
    return plane / channels * channels * plane_size + plane % channels;
  }

  int64_t input_plane() const;
  int64_t output_plane() const;
  int64_t kernel_plane() const;
};

/// Errors: a rank below 3 and those of ResolveWindow.
StatusOr<PoolShape> ResolvePool(const PoolAttrs& attrs, const Shape& x);

/// PoolAttrs without what the operators have apart. Errors: no kernel_shape, unless `global`.
std::shared_ptr<PoolAttrs> ReadPool(ParseContext& context, bool has_dilations, bool has_ceil_mode,
                                    bool global = false);
/// Gives output 0 the element type of input 0, output 1 int64, and both the pool's shape.
Status InferPoolShape(InferContext& context);

/// For a kernel's refuses: the pool, or why it is not known, is not float, or not in ONNX's layout.
/// Without indices.
StatusOr<PoolShape> StaticFloatPool(const PrepareContext& context);

/// OpDef::channels_last of pools: only what pools.channels_last takes.
std::vector<int> PoolChannelsLast(const Graph& graph, const Node& node);

/// Taps of output `o` along one axis that the padded input holds: what AveragePool divides by
/// (per axis) where padding counts. ceil_mode may let a window reach beyond the padding.
inline int64_t TapsInPadded(const WindowAxis& axis, int64_t o) {
  const int64_t room = axis.input + axis.pad_begin + axis.pad_end - o * axis.stride;
  return std::clamp<int64_t>((room + axis.dilation - 1) / axis.dilation, 0, axis.kernel);
}

/// GlobalAveragePool, GlobalMaxPool and GlobalLpPool.
struct GlobalPoolAttrs : Attrs {
  double p = 2;
  bool channels_last = false;  // set by the layout pass
};

OpDef MaxPoolOp();
OpDef AveragePoolOp();
OpDef LpPoolOp();
OpDef GlobalAveragePoolOp();
OpDef GlobalMaxPoolOp();
OpDef GlobalLpPoolOp();
OpDef MaxUnpoolOp();
OpDef NhwcMaxPoolOp();  // of com.microsoft

KernelDef MaxPoolReference();
KernelDef AveragePoolReference();
KernelDef LpPoolReference();
KernelDef MaxPoolNative();
KernelDef AveragePoolNative();
KernelDef MaxPoolChannelsLast();
KernelDef AveragePoolChannelsLast();
KernelDef GlobalAveragePoolChannelsLast();
KernelDef GlobalMaxPoolChannelsLast();
KernelDef MaxPoolOneDnn();
KernelDef AveragePoolOneDnn();

}  // namespace sardonyx
