// Attention's attributes and sizes.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

/// Inputs by position. com.microsoft's operators, which are computed as Attention, may add to the
/// denominator of each head's softmax e to the power of that head's sink.
enum AttentionInput { kQuery, kKey, kValue, kMask, kPastKey, kPastValue, kNonpadLength, kSink };

/// Where the heads of a tensor lie that has neither of ONNX's layouts; their elements lie side by
/// side along its last axis.
struct HeadsLayout {
  /// Neighbours lie `step` apart along `axis`; -1: there is only one.
  struct Place {
    int axis = -1;
    int64_t step = 1;
  };
  int rank = 0;  // of the tensor; 0: it has one of ONNX's layouts
  Place batch, head, length;
  int64_t heads = 1, size = 0;
  int64_t offset = 0;  // of the first element

  /// The size along one of batch and length, of which each has its axis for itself.
  Dim SizeAlong(const Place& place, const SymbolicShape& shape) const {
    return place.axis < 0 ? Dim(1) : shape[place.axis];
  }
};

struct HeadsView;

struct AttentionAttrs : Attrs {
  bool causal = false;
  int64_t q_heads = 0, kv_heads = 0;               // for rank 3 inputs; 0: not given
  std::optional<double> scale;                     // none: 1 / sqrt(head size)
  double softcap = 0;                              // 0: none
  int64_t left_window = -1, right_window = -1;     // -1: unbounded
  DataType softmax_precision = DataType::kDouble;  // scores and probabilities are rounded to it
  enum class QkOutput { kRaw, kSoftcapped, kBiased, kProbabilities } qk_output = QkOutput::kRaw;
  // Put there by a rewrite:
  HeadsLayout q_layout, k_layout, v_layout, y_layout;
  bool zero_where_masked = true;  // rows of which all keys are masked; otherwise they are NaN

  HeadsView QueryView(const Shape& shape) const;
  HeadsView KeyView(const Shape& shape) const;
  HeadsView ValueView(const Shape& shape) const;
  HeadsView ResultView(const Shape& shape) const;
};

/// The attribute softmax_precision; `fallback` where absent. Errors: a type it cannot be.
StatusOr<DataType> ParseSoftmaxPrecision(ParseContext& context, DataType fallback);

/// A tensor of heads: [batch, heads, length, size], or [batch, length, heads * size]; or a part of
/// a larger tensor.
struct HeadsView {
  int64_t batch = 0, heads = 0, length = 0, size = 0;
  int64_t batch_step = 0, head_step = 0, row_step = 0;  // in elements
  int64_t offset = 0;                                   // of the first element

  HeadsView() = default;
  /// `heads` is used for rank 3 alone.
  HeadsView(const Shape& shape, int64_t heads);
  HeadsView(const Shape& shape, const HeadsLayout& layout);
  int64_t At(int64_t batch, int64_t head, int64_t row) const {
    return offset + batch * batch_step + head * head_step + row * row_step;
  }
};

}  // namespace sardonyx
