// com.microsoft's Attention: self-attention with its projection of the input to queries, keys and
// values, which ONNX Runtime's optimiser makes of BERT's and GPT-2's layers.
#include "ops/attention/composed.h"
#include "ops/attention/ops.h"
#include "ops/common/accumulate.h"
#include "ops/common/contrib.h"
#include "ops/common/infer.h"
#include "ops/matmul/product.h"

namespace sardonyx {
namespace {

enum Input { kX, kWeights, kBias, kKeyMask, kPast, kScoreBias, kPastLength };

struct ProjectedAttrs : Attrs {
  AttentionAttrs attention;
  float filter = -10000;
  Ints sizes;  // of queries, keys and values; empty: a third of the weights each
};

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<ProjectedAttrs>();
  SX_RETURN_IF_ERROR(ReadContribAttention(context, &attrs->attention, &attrs->filter));
  attrs->sizes = context.IntList("qkv_hidden_sizes");
  const int64_t heads = attrs->attention.q_heads;
  if (!attrs->sizes.empty()) {
    bool fits = attrs->sizes.size() == 3 && attrs->sizes[0] == attrs->sizes[1];
    for (const int64_t size : attrs->sizes) fits = fits && size >= 0 && size % heads == 0;
    if (!fits) {
      return InvalidArgument("qkv_hidden_sizes must be three multiples of num_heads, ", heads,
                             ", of which the first two are equal");
    }
  }
  if (context.Flag("do_rotary", false)) {
    context.Fail("attribute 'do_rotary' is set, which is not supported");
  }
  if (context.Flag("past_present_share_buffer", false)) {
    context.Fail("attribute 'past_present_share_buffer' is set, which is not supported");
  }
  context.Ignore("rotary_embedding_dim");
  return attrs;
}

/// The sizes of queries (and of keys) and of values in weights of so many columns.
struct Sizes {
  int64_t queries = 0, values = 0;
};
StatusOr<Sizes> SizesOf(const ProjectedAttrs& attrs, int64_t columns) {
  const Sizes sizes =
      attrs.sizes.empty() ? Sizes{columns / 3, columns / 3} : Sizes{attrs.sizes[0], attrs.sizes[2]};
  const auto twice = CheckedMul(sizes.queries, 2);
  const auto all = twice ? CheckedAdd(*twice, sizes.values) : std::nullopt;
  if (all != columns || sizes.queries % attrs.attention.q_heads != 0) {
    return InvalidArgument("the weights have ", columns,
                           " columns, not those of queries, keys and ", "values for ",
                           attrs.attention.q_heads, " heads");
  }
  return sizes;
}

Status Infer(InferContext& context) {
  const auto& attrs = context.attrs<ProjectedAttrs>();
  SX_ASSIGN_OR_RETURN(const DataType element,
                      CommonElement(context, Floats{}, {kX, kWeights, kBias, kPast, kScoreBias}));
  if (context.has_input(kPastLength)) {
    return Unimplemented("past_sequence_length is for buffers shared by past and present, which ",
                         "are not supported");
  }
  SX_RETURN_IF_ERROR(CheckRank(context, kX, 3, "input"));
  SX_RETURN_IF_ERROR(CheckRank(context, kWeights, 2, "weights"));
  SX_RETURN_IF_ERROR(CheckRank(context, kBias, 1, "bias"));
  SX_RETURN_IF_ERROR(CheckRank(context, kPast, 5, "past"));
  Dim batch, rows, columns, values, past(0);
  Dim heads(attrs.attention.q_heads), head_size;
  if (const SymbolicShape* x = context.shape(kX)) {
    batch = (*x)[0];
    rows = (*x)[1];
    if (context.shape(kWeights) != nullptr) {
      SX_RETURN_IF_ERROR(
          MergeDims((*x)[2], (*context.shape(kWeights))[0], "the size of the input").status());
    }
  }
  if (context.shape(kWeights) != nullptr) columns = (*context.shape(kWeights))[1];
  if (context.shape(kBias) != nullptr) {
    SX_ASSIGN_OR_RETURN(columns, MergeDims(columns, (*context.shape(kBias))[0],
                                           "the columns of the weights, and of the bias"));
  }
  if (columns.known()) {
    SX_ASSIGN_OR_RETURN(const Sizes sizes, SizesOf(attrs, columns.value));
    values = Dim(sizes.values);
    head_size = Dim(sizes.queries / heads.value);
    if (context.has_input(kPast) || context.has_output(1)) {
      SX_RETURN_IF_ERROR(MergeDims(Dim(sizes.queries), values,
                                   "the size of keys and values, where there is a past")
                             .status());
    }
  }
  if (context.has_input(kPast)) past = Dim();
  if (const SymbolicShape* shape = context.shape(kPast)) {
    SX_RETURN_IF_ERROR(MergeDims((*shape)[0], Dim(2), "the first axis of past").status());
    SX_ASSIGN_OR_RETURN(batch, MergeDims(batch, (*shape)[1], "the batch"));
    SX_RETURN_IF_ERROR(MergeDims((*shape)[2], heads, "the number of heads of past").status());
    past = (*shape)[3];
    SX_ASSIGN_OR_RETURN(head_size, MergeDims(head_size, (*shape)[4], "the head size"));
  }
  SX_ASSIGN_OR_RETURN(const Dim total, AddLengths(past, rows));
  SX_RETURN_IF_ERROR(CheckKeyMask(context, kKeyMask, batch, rows, total));
  SX_RETURN_IF_ERROR(CheckScoreBias(context, kScoreBias, batch, heads, rows, total));
  context.set_output(0, element, SymbolicShape{batch, rows, values});
  context.set_output(1, element, SymbolicShape{2, batch, heads, total, head_size});
  return absl::OkStatus();
}

/// input times weights.
StatusOr<Tensor> Project(const KernelContext& context) {
  const Tensor &x = context.input(kX), &weights = context.input(kWeights);
  const int64_t rows = x.dim(0) * x.dim(1), k = x.dim(2), n = weights.dim(1);
  SX_ASSIGN_OR_RETURN(Tensor result, context.Temporary(x.type(), {x.dim(0), x.dim(1), n}));
  SX_RETURN_IF_ERROR(Dispatch(x.type(), Floats{}, [&]<typename T>() {
    return context.ParallelFor(rows, 1.0 * k * n, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        ProductRow<T>(
            {x.data<T>(), k, 1}, {weights.data<T>(), n, 1}, row, k, n,
            [&](int64_t j, double sum) { result.data<T>()[row * n + j] = Narrow<T>(sum); });
      }
    });
  }));
  return result;
}

Status Run(KernelContext& context) {
  const auto& attrs = context.attrs<ProjectedAttrs>();
  const Tensor &x = context.input(kX), &bias = context.input(kBias);
  const int64_t batch = x.dim(0), rows = x.dim(1), columns = context.input(kWeights).dim(1);
  const int64_t heads = attrs.attention.q_heads;
  SX_ASSIGN_OR_RETURN(const Sizes sizes, SizesOf(attrs, columns));
  SX_ASSIGN_OR_RETURN(const Tensor projected, Project(context));
  const auto take = [&](int64_t offset, int64_t size) {
    HeadsView view(projected.shape(), heads);
    view.size = size / heads;
    view.head_step = view.size;
    view.offset = offset;
    return TakeHeads(context, batch, projected, view, bias, offset);
  };
  AttentionCall call{.attrs = attrs.attention};
  SX_ASSIGN_OR_RETURN(call.query, take(0, sizes.queries));
  SX_ASSIGN_OR_RETURN(call.key, take(sizes.queries, sizes.queries));
  SX_ASSIGN_OR_RETURN(call.value, take(2 * sizes.queries, sizes.values));
  int64_t past = 0;
  if (context.has_input(kPast)) {
    call.past_key = HalfOf(context.input(kPast), 0);
    call.past_value = HalfOf(context.input(kPast), 1);
    past = context.input(kPast).dim(3);
  }
  const PaddingMask mask{context.input(kKeyMask), attrs.filter, context.input(kScoreBias)};
  SX_ASSIGN_OR_RETURN(call.mask, MakeMask(context, mask, x.type(), batch, rows, past, past + rows));
  call.y = OptionalOutput(context, 0);
  Tensor present_key, present_value;
  if (context.has_output(1)) {
    present_key = HalfOf(context.output(1), 0);
    present_value = HalfOf(context.output(1), 1);
    call.present_key = &present_key;
    call.present_value = &present_value;
  }
  return RunAttention(context, call);
}

}  // namespace

OpDef ContribAttentionOp() {
  return AsContrib({.min_inputs = 2,
                    .max_inputs = 7,
                    .max_outputs = 2,
                    .parse = Parse,
                    .infer = Infer,
                    .kernels = {SimpleKernel<Run>("attention.composed")}},
                   "Attention");
}

}  // namespace sardonyx
