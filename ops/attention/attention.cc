// Attention (opset 23 on): attributes, types and shapes.
#include "ops/attention/attention.h"

#include <cmath>

#include "ops/attention/attention_native.h"
#include "ops/attention/attention_reference.h"
#include "ops/attention/composed.h"
#include "ops/attention/ops.h"
#include "ops/common/infer.h"

namespace sardonyx {
namespace {

StatusOr<std::shared_ptr<Attrs>> ParseAttention(ParseContext& context) {
  auto attrs = std::make_shared<AttentionAttrs>();
  attrs->causal = context.Flag("is_causal", false);
  attrs->q_heads = context.Int("q_num_heads", 0);
  attrs->kv_heads = context.Int("kv_num_heads", 0);
  if (attrs->q_heads < 0 || attrs->kv_heads < 0) {
    return InvalidArgument("q_num_heads is ", attrs->q_heads, " and kv_num_heads ", attrs->kv_heads,
                           ", but neither may be negative");
  }
  if (const double scale = context.Float("scale", 0); context.Has("scale")) attrs->scale = scale;
  attrs->softcap = context.Float("softcap", 0);
  if (!(attrs->softcap >= 0)) {
    return InvalidArgument("softcap is ", attrs->softcap, ", but must not be negative");
  }
  const int64_t mode = context.Int("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3) {
    return InvalidArgument("qk_matmul_output_mode is ", mode, ", but must be 0 to 3");
  }
  attrs->qk_output = static_cast<AttentionAttrs::QkOutput>(mode);
  SX_ASSIGN_OR_RETURN(attrs->softmax_precision, ParseSoftmaxPrecision(context, DataType::kDouble));
  if (context.version() >= 25) {
    attrs->left_window = context.Int("left_window_size", -1);
    attrs->right_window = context.Int("right_window_size", -1);
    if (attrs->left_window < -1 || attrs->right_window < -1) {
      return InvalidArgument("left_window_size is ", attrs->left_window, " and right_window_size ",
                             attrs->right_window, ", but neither may be below -1");
    }
  }
  return attrs;
}

/// What is known of a tensor of heads.
struct SymbolicHeads {
  Dim batch, heads, length, size;
};

StatusOr<SymbolicHeads> HeadsOf(const InferContext& context, int i, absl::string_view name,
                                const HeadsLayout& layout, int64_t heads) {
  SymbolicHeads result;
  const SymbolicShape* shape = context.shape(i);
  if (shape == nullptr) return result;
  if (layout.rank > 0) {
    SX_RETURN_IF_ERROR(CheckRank(context, i, layout.rank, name));
    result = {layout.SizeAlong(layout.batch, *shape), Dim(layout.heads),
              layout.SizeAlong(layout.length, *shape), Dim(layout.size)};
    return result;
  }
  if (shape->size() == 4) {
    result = {(*shape)[0], (*shape)[1], (*shape)[2], (*shape)[3]};
    return result;
  }
  if (shape->size() != 3) {
    return InvalidArgument(name, " has shape ", ToString(*shape), ", but must have rank 3 or 4");
  }
  if (heads <= 0) {
    return InvalidArgument(name, " has shape ", ToString(*shape),
                           ", for which q_num_heads and kv_num_heads must be given");
  }
  const Dim& packed = (*shape)[2];
  if (packed.known() && packed.value % heads != 0) {
    return InvalidArgument(name, " has shape ", ToString(*shape), ", whose last dimension ",
                           packed.value, " is no multiple of its ", heads, " heads");
  }
  result = {(*shape)[0], Dim(heads), (*shape)[1],
            packed.known() ? Dim(packed.value / heads) : Dim()};
  return result;
}

/// Past states are always [batch, heads, length, size]; merges all but the length, and returns it.
StatusOr<Dim> MergePast(const InferContext& context, int i, absl::string_view name,
                        SymbolicHeads& heads) {
  if (!context.has_input(i)) return Dim(0);
  SX_RETURN_IF_ERROR(CheckRank(context, i, 4, name));
  const SymbolicShape* shape = context.shape(i);
  if (shape == nullptr) return Dim();
  SX_ASSIGN_OR_RETURN(heads.batch, MergeDims(heads.batch, (*shape)[0], "the batch"));
  SX_ASSIGN_OR_RETURN(heads.heads, MergeDims(heads.heads, (*shape)[1], "the number of heads"));
  SX_ASSIGN_OR_RETURN(heads.size, MergeDims(heads.size, (*shape)[3], "the head size"));
  return (*shape)[2];
}

Status CheckMask(const InferContext& context, const Dim& batch, const Dim& heads, const Dim& rows,
                 const Dim& total) {
  const SymbolicShape* mask = context.shape(kMask);
  if (mask == nullptr) return absl::OkStatus();
  const Dim wanted[] = {batch, heads, rows, total};
  const size_t rank = mask->size();
  bool fits = rank <= 4;
  for (size_t i = 0; fits && i < rank; ++i) {
    const Dim &have = (*mask)[i], &want = wanted[4 - rank + i];
    if (!have.known() || !want.known()) continue;
    // The last dimension may be shorter: what it leaves out is masked.
    fits = have.value == want.value || (i + 1 == rank ? have.value < want.value : have.value == 1);
  }
  if (!fits) {
    return InvalidArgument("attn_mask has shape ", ToString(*mask),
                           ", which does not broadcast to ",
                           ToString(SymbolicShape(std::begin(wanted), std::end(wanted))));
  }
  return absl::OkStatus();
}

/// The shape of a result of that layout, for those queries.
StatusOr<SymbolicShape> ShapeOf(const HeadsLayout& layout, const SymbolicHeads& queries) {
  SymbolicShape shape(layout.rank, Dim(1));
  const auto put = [&](int axis, const Dim& size) -> Status {
    if (axis < 0) return absl::OkStatus();
    const bool alone = shape[axis].SameAs(Dim(1));
    SX_ASSIGN_OR_RETURN(shape[axis], alone ? size : MultiplyDims(shape[axis], size));
    return absl::OkStatus();
  };
  SX_RETURN_IF_ERROR(put(layout.batch.axis, queries.batch));
  SX_RETURN_IF_ERROR(put(layout.head.axis, Dim(layout.heads)));
  SX_RETURN_IF_ERROR(put(layout.length.axis, queries.length));
  SX_RETURN_IF_ERROR(put(layout.rank - 1, Dim(layout.size)));
  return shape;
}

Status InferAttention(InferContext& context) {
  const auto& attrs = context.attrs<AttentionAttrs>();
  SX_ASSIGN_OR_RETURN(const DataType q_type,
                      CommonElement(context, Floats{}, {kQuery, kKey, kPastKey}));
  SX_ASSIGN_OR_RETURN(const DataType v_type,
                      CommonElement(context, Floats{}, {kValue, kPastValue}));
  SX_RETURN_IF_ERROR(
      CommonElement(context, Floats{} + Integers{} + TypeList<bool>{}, {kMask}).status());
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int64_t>{}, {kNonpadLength}).status());
  if (context.has_input(kPastKey) != context.has_input(kPastValue)) {
    return InvalidArgument("past_key and past_value must be given together");
  }
  if (context.has_input(kNonpadLength) && context.version() < 24) {
    return InvalidArgument("nonpad_kv_seqlen is an input from opset 24 on");
  }
  if (context.has_input(kNonpadLength) && context.has_input(kPastKey)) {
    return InvalidArgument("nonpad_kv_seqlen and past_key cannot be given together");
  }
  SX_ASSIGN_OR_RETURN(SymbolicHeads q,
                      HeadsOf(context, kQuery, "Q", attrs.q_layout, attrs.q_heads));
  SX_ASSIGN_OR_RETURN(SymbolicHeads k, HeadsOf(context, kKey, "K", attrs.k_layout, attrs.kv_heads));
  SX_ASSIGN_OR_RETURN(SymbolicHeads v,
                      HeadsOf(context, kValue, "V", attrs.v_layout, attrs.kv_heads));
  const SymbolicShape *q_shape = context.shape(kQuery), *k_shape = context.shape(kKey),
                      *v_shape = context.shape(kValue);
  const bool laid_out = attrs.y_layout.rank > 0;
  if (!laid_out && ((q_shape && k_shape && q_shape->size() != k_shape->size()) ||
                    (q_shape && v_shape && q_shape->size() != v_shape->size()))) {
    return InvalidArgument("Q, K and V must have the same rank");
  }
  SX_ASSIGN_OR_RETURN(const Dim past, MergePast(context, kPastKey, "past_key", k));
  SX_ASSIGN_OR_RETURN(const Dim past_v, MergePast(context, kPastValue, "past_value", v));
  SX_RETURN_IF_ERROR(MergeDims(past, past_v, "the past length").status());
  SX_ASSIGN_OR_RETURN(q.batch, MergeDims(q.batch, k.batch, "the batch"));
  SX_ASSIGN_OR_RETURN(q.batch, MergeDims(q.batch, v.batch, "the batch"));
  SX_ASSIGN_OR_RETURN(k.heads, MergeDims(k.heads, v.heads, "the number of K's and V's heads"));
  SX_ASSIGN_OR_RETURN(k.length, MergeDims(k.length, v.length, "the length of K and V"));
  SX_RETURN_IF_ERROR(MergeDims(q.size, k.size, "the head size of Q and K").status());
  if (q.heads.known() && k.heads.known() &&
      (k.heads.value == 0 ? q.heads.value != 0 : q.heads.value % k.heads.value != 0)) {
    return InvalidArgument("Q has ", q.heads.value, " heads, which is no multiple of K's ",
                           k.heads.value);
  }
  Dim total = k.length;
  if (context.has_input(kPastKey)) {
    total = Dim();
    if (past.known() && k.length.known()) {
      const auto sum = CheckedAdd(past.value, k.length.value);
      if (!sum) return InvalidArgument("the total length of the keys is too large");
      total = Dim(*sum);
    }
  }
  SX_RETURN_IF_ERROR(CheckMask(context, q.batch, q.heads, q.length, total));
  SX_RETURN_IF_ERROR(CheckRank(context, kNonpadLength, 1, "nonpad_kv_seqlen"));
  if (context.shape(kNonpadLength) != nullptr) {
    SX_RETURN_IF_ERROR(
        MergeDims((*context.shape(kNonpadLength))[0], q.batch, "the batch").status());
  }
  if (laid_out) {
    SX_ASSIGN_OR_RETURN(SymbolicShape y, ShapeOf(attrs.y_layout, q));
    context.set_output(0, q_type, std::move(y));
  } else if (q_shape == nullptr) {
    context.set_output(0, q_type, std::nullopt);
  } else if (q_shape->size() == 4) {
    context.set_output(0, q_type, SymbolicShape{q.batch, q.heads, q.length, v.size});
  } else {
    Dim packed;
    if (q.heads.known() && v.size.known()) {
      const auto product = CheckedMul(q.heads.value, v.size.value);
      if (!product) return InvalidArgument("the heads of V are too large");
      packed = Dim(*product);
    }
    context.set_output(0, q_type, SymbolicShape{q.batch, q.length, packed});
  }
  context.set_output(1, q_type, SymbolicShape{q.batch, k.heads, total, k.size});
  context.set_output(2, v_type, SymbolicShape{q.batch, k.heads, total, v.size});
  context.set_output(3, q_type, SymbolicShape{q.batch, q.heads, q.length, total});
  return absl::OkStatus();
}

double AttentionMultiplyAdds(const PrepareContext& context) {
  const auto& attrs = context.attrs<AttentionAttrs>();
  const auto q = context.shape(kQuery), k = context.shape(kKey), v = context.shape(kValue);
  const auto past = context.shape(kPastKey);
  if (!q || !k || !v) return 0;
  const HeadsView rows = attrs.QueryView(*q);
  const int64_t total = attrs.KeyView(*k).length + (past ? (*past)[2] : 0);
  return 1.0 * rows.batch * rows.heads * rows.length * total *
         (rows.size + attrs.ValueView(*v).size);
}

}  // namespace

StatusOr<DataType> ParseSoftmaxPrecision(ParseContext& context, DataType fallback) {
  const DataType type = context.DataTypeValue("softmax_precision", fallback);
  if (!context.Has("softmax_precision") || type == DataType::kFloat || type == DataType::kDouble ||
      type == DataType::kFloat16 || type == DataType::kBFloat16) {
    return type;
  }
  return InvalidArgument("softmax_precision is ", Name(type),
                         ", but must be float, float16, double or bfloat16");
}

namespace {

HeadsView ViewOf(const Shape& shape, const HeadsLayout& layout, int64_t heads) {
  return layout.rank > 0 ? HeadsView(shape, layout) : HeadsView(shape, heads);
}

}  // namespace

HeadsView AttentionAttrs::QueryView(const Shape& shape) const {
  return ViewOf(shape, q_layout, q_heads);
}
HeadsView AttentionAttrs::KeyView(const Shape& shape) const {
  return ViewOf(shape, k_layout, kv_heads);
}
HeadsView AttentionAttrs::ValueView(const Shape& shape) const {
  return ViewOf(shape, v_layout, kv_heads);
}
HeadsView AttentionAttrs::ResultView(const Shape& shape) const {
  return ViewOf(shape, y_layout, q_heads);
}

HeadsView::HeadsView(const Shape& shape, const HeadsLayout& layout)
    : heads(layout.heads), size(layout.size), offset(layout.offset) {
  const Ints strides = shape.Strides();
  const auto step = [&](const HeadsLayout::Place& place) {
    return place.axis < 0 ? 0 : strides[place.axis] * place.step;
  };
  batch_step = step(layout.batch);
  head_step = step(layout.head);
  row_step = step(layout.length);
  length = layout.length.axis < 0 ? 1 : shape[layout.length.axis];
  batch = layout.batch.axis < 0 ? 1 : shape[layout.batch.axis] / layout.batch.step;
}

HeadsView::HeadsView(const Shape& shape, int64_t given_heads) : batch(shape[0]) {
  if (shape.rank() == 4) {
    heads = shape[1];
    length = shape[2];
    size = shape[3];
    row_step = size;
    head_step = shape.Elements(2, 4);
    batch_step = shape.Elements(1, 4);
  } else {
    heads = given_heads;
    length = shape[1];
    size = shape[2] / given_heads;
    head_step = size;
    row_step = shape[2];
    batch_step = shape.Elements(1, 3);
  }
}

OpDef AttentionOp() {
  return {
      .name = "Attention",
      .versions = {23, 24, 25},
      .min_inputs = 3,
      .max_inputs = 7,
      .max_outputs = 4,
      .parse = ParseAttention,
      .infer = InferAttention,
      .kernels = {AttentionNative(), SimpleKernel<RunAttentionReference>("attention.reference")},
      .multiply_adds = AttentionMultiplyAdds};
}

}  // namespace sardonyx
