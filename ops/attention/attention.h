// Attention's attributes and sizes.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

struct AttentionAttrs : Attrs {
  bool causal = false;
  int64_t q_heads = 0, kv_heads = 0;               // for rank 3 inputs; 0: not given
  std::optional<double> scale;                     // none: 1 / sqrt(head size)
  double softcap = 0;                              // 0: none
  int64_t left_window = -1, right_window = -1;     // -1: unbounded
  DataType softmax_precision = DataType::kDouble;  // scores and probabilities are rounded to it
  enum class QkOutput { kRaw, kSoftcapped, kBiased, kProbabilities } qk_output = QkOutput::kRaw;
};

/// The attribute softmax_precision; `fallback` where absent. Errors: a type it cannot be.
StatusOr<DataType> ParseSoftmaxPrecision(ParseContext& context, DataType fallback);

/// Inputs by position. com.microsoft's operators, which are computed as Attention, may add to the
/// denominator of each head's softmax e to the power of that head's sink.
enum AttentionInput { kQuery, kKey, kValue, kMask, kPastKey, kPastValue, kNonpadLength, kSink };

/// A tensor of heads: [batch, heads, length, size], or [batch, length, heads * size]; or a part of
/// a larger tensor.
struct HeadsView {
  int64_t heads = 0, length = 0, size = 0;
  int64_t batch_step = 0, head_step = 0, row_step = 0;  // in elements
  int64_t offset = 0;                                   // of the first element

  HeadsView() = default;
  /// `heads` is used for rank 3 alone.
  HeadsView(const Shape& shape, int64_t heads);
  int64_t At(int64_t batch, int64_t head, int64_t row) const {
    return offset + batch * batch_step + head * head_step + row * row_step;
  }
};

}  // namespace sardonyx
