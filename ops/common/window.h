// How a window (a convolution's kernel, a pool) slides over the spatial axes of a tensor
// [N, C, D1, D2, ...]: attributes common to Conv, ConvTranspose and pooling, and the geometry that
// follows from them and the shapes.
#pragma once

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "runtime/op.h"

namespace sardonyx {

enum class AutoPad { kNotSet, kSameUpper, kSameLower, kValid };

/// Attributes as the model gives them, each in its range: kernel, strides and dilations from 1 to
/// 2^31-1, pads from 0. An empty list stands for the default: 1, or no padding.
struct WindowAttrs {
  AutoPad auto_pad = AutoPad::kNotSet;
  Ints kernel_shape;  // empty: that of the weights
  Ints strides;
  Ints dilations;
  Ints pads;  // all begins, then all ends; without effect unless auto_pad is kNotSet
  bool ceil_mode = false;
};

/// Reads auto_pad, kernel_shape, strides and pads, and dilations if the operator has them.
WindowAttrs ReadWindow(ParseContext& context, bool has_dilations);
/// Fails where a list has an element below `least` or above 2^31-1.
void CheckRange(ParseContext& context, const char* name, const Ints& list, int64_t least);

/// Adds to the padding, of which there is as much in `pads` (all begins, then all ends). False, and
/// nothing is changed, where the padding follows from the input's size or grows beyond 2^31-1.
bool AddPads(WindowAttrs& attrs, const Ints& pads);

/// Errors: a list that is neither empty nor of the length that `rank` spatial axes need.
Status CheckLength(const char* name, const Ints& list, size_t expected);
Status CheckLengths(const WindowAttrs& attrs, size_t rank);
/// Errors: 2^62 elements or more, also in one image of an empty batch. Keeps offsets from overflow.
Status CheckSize(const Shape& shape);

/// One spatial axis. Output o reads inputs o * stride - pad_begin + k * dilation for k in
/// [0, kernel), of which those outside [0, input) are padding. All sums and products of these
/// that lead to a position inside the padded input fit in int64.
struct WindowAxis {
  int64_t input = 1;
  int64_t output = 1;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_begin = 0;
  int64_t pad_end = 0;

  friend bool operator==(const WindowAxis&, const WindowAxis&) = default;
  /// Inputs from the first to the last that one output reads.
  int64_t extent() const { return dilation * (kernel - 1) + 1; }
  /// The k in [first, last) of output o that read the input proper, not padding.
  void Inside(int64_t o, int64_t* first, int64_t* last) const {
    const int64_t start = o * stride - pad_begin;
    *first = start < 0 ? (dilation == 1 ? -start : (-start + dilation - 1) / dilation) : 0;
    const int64_t room = input - start;  // a division saved: this is called for each output
    *last =
        room <= 0 ? 0 : std::min(kernel, dilation == 1 ? room : (room + dilation - 1) / dilation);
    if (*first > *last) *first = *last;
  }
};
using Window = absl::InlinedVector<WindowAxis, 3>;

/// The geometry over these spatial sizes; `kernel` are the weights' sizes, or kernel_shape again.
/// Errors: lists of the wrong length, a kernel that disagrees with kernel_shape or is larger than
/// the padded input, overflow.
StatusOr<Window> ResolveWindow(const WindowAttrs& attrs, absl::Span<const int64_t> input,
                               absl::Span<const int64_t> kernel);

/// The output's spatial sizes where some sizes may be symbols: a symbol stays one where the window
/// keeps every size. Errors as ResolveWindow, as far as sizes are known.
StatusOr<SymbolicShape> InferWindow(const WindowAttrs& attrs, absl::Span<const Dim> input,
                                    absl::Span<const Dim> kernel);

/// The outputs [first, last) whose kernel element `k` reads the input proper, not padding.
inline void OutputsInside(const WindowAxis& axis, int64_t k, int64_t* first, int64_t* last) {
  const int64_t shift = k * axis.dilation - axis.pad_begin;  // input of output 0
  *first = shift < 0 ? std::min((-shift + axis.stride - 1) / axis.stride, axis.output) : 0;
  *last = shift >= axis.input ? *first
                              : std::clamp((axis.input - shift + axis.stride - 1) / axis.stride,
                                           *first, axis.output);
}

/// A position in each of some axes, stepped with the last one fastest.
class Position {
 public:
  /// At the `start`th of all positions.
  Position(Ints sizes, int64_t start) : sizes_(std::move(sizes)), at_(sizes_.size()) {
    for (size_t i = sizes_.size(); i-- > 0;) {
      at_[i] = start % sizes_[i];
      start /= sizes_[i];
    }
  }
  int64_t operator[](size_t i) const { return at_[i]; }
  /// To the next position; false, and to the first one, after the last.
  bool Next() {
    for (size_t i = sizes_.size(); i-- > 0;) {
      if (++at_[i] < sizes_[i]) return true;
      at_[i] = 0;
    }
    return false;
  }

 private:
  Ints sizes_;  // none 0
  Ints at_;
};

/// The window with axes of size 1 put in front until it has `rank`: a 1-D problem as a 2-D one.
Window AtLeastRank(const Window& window, int rank);

}  // namespace sardonyx
