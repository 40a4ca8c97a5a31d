// com.microsoft's MultiHeadAttention: queries, keys and values apart or packed into one tensor,
// with the biases of their projections still to be added.
#include "ops/attention/composed.h"
#include "ops/attention/ops.h"
#include "ops/common/contrib.h"
#include "ops/common/infer.h"

namespace sardonyx {
namespace {

enum Input {
  kQueries,
  kKeys,
  kValues,
  kBias,
  kKeyMask,
  kScoreBias,
  kPastKeys,
  kPastValues,
  kPastLength,
  kCacheIndirection,
};

struct MultiHeadAttrs : Attrs {
  AttentionAttrs attention;
  float filter = -10000;
};

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<MultiHeadAttrs>();
  SX_RETURN_IF_ERROR(ReadContribAttention(context, &attrs->attention, &attrs->filter));
  const std::vector<ValueId>& inputs = context.node().inputs;
  for (size_t i = kPastLength; i < inputs.size(); ++i) {
    if (inputs[i] == kNoValue) continue;
    context.Fail(
        "past_sequence_length and cache_indirection are for buffers shared by past and "
        "present, which are not supported");
  }
  return attrs;
}

/// Sizes of what is attended to, as far as they are known.
struct Known {
  Dim batch, rows, keys, head_size, value_size;
};

/// Rank 3 [batch, length, heads * size], or rank 5 [batch, length, heads, parts, size].
Status ReadHeads(const InferContext& context, int i, absl::string_view name, int64_t parts,
                 Dim* batch, Dim* length, Dim* size) {
  const SymbolicShape& shape = *context.shape(i);
  const int64_t heads = context.attrs<MultiHeadAttrs>().attention.q_heads;
  SX_ASSIGN_OR_RETURN(*batch, MergeDims(*batch, shape[0], "the batch"));
  if (shape.size() == 4) {  // [batch, heads, length, size]
    SX_RETURN_IF_ERROR(MergeDims(shape[1], Dim(heads), "the number of heads").status());
    SX_ASSIGN_OR_RETURN(*length, MergeDims(*length, shape[2], "the length"));
    SX_ASSIGN_OR_RETURN(*size, MergeDims(*size, shape[3], "the head size"));
    return absl::OkStatus();
  }
  SX_ASSIGN_OR_RETURN(*length, MergeDims(*length, shape[1], "the length"));
  if (shape.size() == 5) {
    SX_RETURN_IF_ERROR(MergeDims(shape[2], Dim(heads), "the number of heads").status());
    SX_RETURN_IF_ERROR(MergeDims(shape[3], Dim(parts), "the number of packed parts").status());
    SX_ASSIGN_OR_RETURN(*size, MergeDims(*size, shape[4], "the head size"));
    return absl::OkStatus();
  }
  if (!shape[2].known()) return absl::OkStatus();
  if (shape[2].value % heads != 0) {
    return InvalidArgument(name, " has shape ", ToString(shape), ", whose last dimension is no ",
                           "multiple of ", heads, " heads");
  }
  SX_ASSIGN_OR_RETURN(*size, MergeDims(*size, Dim(shape[2].value / heads), "the head size"));
  return absl::OkStatus();
}

Status InferHeads(const InferContext& context, Known* known) {
  const SymbolicShape *queries = context.shape(kQueries), *keys = context.shape(kKeys),
                      *values = context.shape(kValues);
  const bool has_keys = context.has_input(kKeys), has_values = context.has_input(kValues);
  const auto rank_is = [](const SymbolicShape* shape, std::initializer_list<size_t> ranks) {
    return shape == nullptr || std::count(ranks.begin(), ranks.end(), shape->size()) > 0;
  };
  const bool fits = has_values ? has_keys && rank_is(queries, {3}) && rank_is(keys, {3, 4}) &&
                                     rank_is(values, {3, 4}) &&
                                     (!keys || !values || keys->size() == values->size())
                    : has_keys ? rank_is(queries, {3}) && rank_is(keys, {5})
                               : rank_is(queries, {5});
  if (!fits) {
    return InvalidArgument(
        "query, key and value must have rank 3 (key and value also 4), or query ",
        "and packed key and value rank 3 and 5, or all packed rank 5");
  }
  if (queries != nullptr) {
    SX_RETURN_IF_ERROR(
        ReadHeads(context, kQueries, "query", 3, &known->batch, &known->rows, &known->head_size));
  }
  if (!has_keys) known->keys = known->rows;
  if (keys != nullptr) {
    SX_RETURN_IF_ERROR(
        ReadHeads(context, kKeys, "key", 2, &known->batch, &known->keys, &known->head_size));
  }
  if (!has_values) known->value_size = known->head_size;
  if (values != nullptr) {
    SX_RETURN_IF_ERROR(
        ReadHeads(context, kValues, "value", 1, &known->batch, &known->keys, &known->value_size));
  }
  return absl::OkStatus();
}

Status Infer(InferContext& context) {
  const Dim heads(context.attrs<MultiHeadAttrs>().attention.q_heads);
  SX_ASSIGN_OR_RETURN(const DataType element, CommonElement(context, Floats{},
                                                            {kQueries, kKeys, kValues, kBias,
                                                             kScoreBias, kPastKeys, kPastValues}));
  Known known;
  SX_RETURN_IF_ERROR(InferHeads(context, &known));
  if (context.has_input(kPastKeys) != context.has_input(kPastValues)) {
    return InvalidArgument("past_key and past_value must be given together");
  }
  Dim past = context.has_input(kPastKeys) ? Dim() : Dim(0);
  for (const int i : {kPastKeys, kPastValues}) {
    SX_RETURN_IF_ERROR(CheckRank(context, i, 4, i == kPastKeys ? "past_key" : "past_value"));
    if (context.shape(i) == nullptr) continue;
    SX_RETURN_IF_ERROR(ReadHeads(context, i, "", 1, &known.batch, &past,
                                 i == kPastKeys ? &known.head_size : &known.value_size));
  }
  SX_ASSIGN_OR_RETURN(const Dim queries_width, MultiplyDims(heads, known.head_size));
  SX_ASSIGN_OR_RETURN(const Dim width, MultiplyDims(heads, known.value_size));
  SX_RETURN_IF_ERROR(CheckRank(context, kBias, 1, "bias"));
  if (const SymbolicShape* bias = context.shape(kBias)) {
    SX_ASSIGN_OR_RETURN(Dim wanted, AddLengths(queries_width, queries_width));
    SX_ASSIGN_OR_RETURN(wanted, AddLengths(wanted, width));
    SX_RETURN_IF_ERROR(MergeDims((*bias)[0], wanted, "the size of the bias").status());
  }
  SX_ASSIGN_OR_RETURN(const Dim total, AddLengths(past, known.keys));
  SX_RETURN_IF_ERROR(CheckKeyMask(context, kKeyMask, known.batch, known.rows, total));
  SX_RETURN_IF_ERROR(CheckScoreBias(context, kScoreBias, known.batch, heads, known.rows, total));
  context.set_output(0, element, SymbolicShape{known.batch, known.rows, width});
  context.set_output(1, element, SymbolicShape{known.batch, heads, total, known.head_size});
  context.set_output(2, element, SymbolicShape{known.batch, heads, total, known.value_size});
  context.set_output(3, element, SymbolicShape{known.batch, heads, known.rows, total});
  return absl::OkStatus();
}

/// Part `part` of the heads packed in a tensor [batch, length, heads, parts, size].
HeadsView PackedPart(const Shape& shape, int64_t part) {
  HeadsView view;
  view.heads = shape[2];
  view.length = shape[1];
  view.size = shape[4];
  view.head_step = shape.Elements(3, 5);
  view.row_step = shape.Elements(2, 5);
  view.batch_step = shape.Elements(1, 5);
  view.offset = part * view.size;
  return view;
}

Status Run(KernelContext& context) {
  const auto& attrs = context.attrs<MultiHeadAttrs>();
  const int64_t heads = attrs.attention.q_heads;
  const Tensor &queries = context.input(kQueries), &bias = context.input(kBias);
  const int64_t batch = queries.dim(0);
  int64_t bias_offset = 0;
  // Each in turn: where it lies, and behind the former's in the bias.
  const auto take = [&](int i, int64_t part) -> StatusOr<Tensor> {
    const Tensor& from = context.input(i);
    // Keys and values of rank 4 are from another step, which has added its bias.
    if (from.rank() == 4 || (from.rank() == 3 && !bias.defined())) return from;
    const HeadsView view =
        from.rank() == 5 ? PackedPart(from.shape(), part) : HeadsView(from.shape(), heads);
    const int64_t offset = bias_offset;
    bias_offset += heads * view.size;
    return TakeHeads(context, batch, from, view, bias, offset);
  };
  AttentionCall call{.attrs = attrs.attention};
  SX_ASSIGN_OR_RETURN(call.query, take(kQueries, 0));
  if (context.has_input(kValues)) {
    SX_ASSIGN_OR_RETURN(call.key, take(kKeys, 0));
    SX_ASSIGN_OR_RETURN(call.value, take(kValues, 0));
  } else {
    const bool all_packed = !context.has_input(kKeys);
    SX_ASSIGN_OR_RETURN(call.key, take(all_packed ? kQueries : kKeys, all_packed ? 1 : 0));
    SX_ASSIGN_OR_RETURN(call.value, take(all_packed ? kQueries : kKeys, all_packed ? 2 : 1));
  }
  int64_t past = 0;
  if (context.has_input(kPastKeys)) {
    call.past_key = context.input(kPastKeys);
    call.past_value = context.input(kPastValues);
    past = call.past_key.dim(2);
  }
  const int64_t total = past + call.key.dim(call.key.rank() - 2);
  const PaddingMask mask{context.input(kKeyMask), attrs.filter, context.input(kScoreBias)};
  SX_ASSIGN_OR_RETURN(call.mask,
                      MakeMask(context, mask, queries.type(), batch, queries.dim(1), past, total));
  call.y = OptionalOutput(context, 0);
  call.present_key = OptionalOutput(context, 1);
  call.present_value = OptionalOutput(context, 2);
  call.scores = OptionalOutput(context, 3);
  return RunAttention(context, call);
}

}  // namespace

OpDef MultiHeadAttentionOp() {
  return AsContrib({.min_inputs = 1,
                    .max_inputs = 10,
                    .max_outputs = 4,
                    .parse = Parse,
                    .infer = Infer,
                    .kernels = {SimpleKernel<Run>("attention.composed")}},
                   "MultiHeadAttention");
}

}  // namespace sardonyx
