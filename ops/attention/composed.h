// com.microsoft's attention operators are Attention behind steps of their own: projections, biases,
// rotations, masks in other forms, caches. What these steps share.
#pragma once

#include "ops/attention/attention.h"

namespace sardonyx {

/// The inputs and outputs of an Attention; undefined or null where left out.
struct AttentionCall {
  AttentionAttrs attrs;
  Tensor query, key, value, mask, past_key, past_value, nonpad_length, sink;
  Tensor *y = nullptr, *present_key = nullptr, *present_value = nullptr, *scores = nullptr;
};

/// Computes it within the run of `context`, another operator's.
Status RunAttention(KernelContext& context, const AttentionCall& call);

/// num_heads, unidirectional, scale and mask_filter_value.
Status ReadContribAttention(ParseContext& context, AttentionAttrs* attrs, float* filter);

/// Sum and product, unknown where either is. Errors: overflow.
StatusOr<Dim> AddLengths(const Dim& a, const Dim& b);
StatusOr<Dim> MultiplyDims(const Dim& a, const Dim& b);

/// Output i, null where it is left out.
inline Tensor* OptionalOutput(KernelContext& context, int i) {
  return context.has_output(i) ? &context.output(i) : nullptr;
}

/// Copies heads of `batch` sequences, adding to element e of head h the element
/// bias_offset + h * size + e of `bias`, where it is defined.
Status CopyHeads(const KernelContext& context, int64_t batch, const Tensor& from,
                 const HeadsView& from_view, const Tensor& bias, int64_t bias_offset, Tensor& to,
                 const HeadsView& to_view);
/// The same into a new tensor [batch, length, heads * size].
StatusOr<Tensor> TakeHeads(const KernelContext& context, int64_t batch, const Tensor& from,
                           const HeadsView& view, const Tensor& bias, int64_t bias_offset);

/// Part `index`, first or second, of a tensor whose first axis has size 2.
Tensor HalfOf(const Tensor& tensor, int index);

/// Which keys are seen, as these operators say it.
struct PaddingMask {
  Tensor keys;       // int32: [batch] lengths; [2 * batch] ends, then starts; or zeros for what is
                     // not seen in [batch, total], [batch, rows, total] or [batch, 1, >= past +
                     // rows, >= total]. Undefined: all are seen.
  float filter = 0;  // added to the scores of what is not seen
  const Tensor& bias;  // added to scores: broadcasts to [batch, heads, rows, total]; or undefined
};

/// Attention's mask that does what `mask` does; undefined where that is nothing.
StatusOr<Tensor> MakeMask(const KernelContext& context, const PaddingMask& mask, DataType type,
                          int64_t batch, int64_t rows, int64_t past, int64_t total);

/// Errors unless input i has, as far as it is known, a shape that PaddingMask's keys, or its bias,
/// may have.
Status CheckKeyMask(const InferContext& context, int i, const Dim& batch, const Dim& rows,
                    const Dim& total);
Status CheckScoreBias(const InferContext& context, int i, const Dim& batch, const Dim& heads,
                      const Dim& rows, const Dim& total);

}  // namespace sardonyx
