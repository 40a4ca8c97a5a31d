// com.microsoft's GroupQueryAttention: the attention of decoders that keep keys and values of
// earlier steps, several heads of queries sharing one of keys and values (Ainslie et al.,
// arXiv:2305.13245).
#include <algorithm>
#include <limits>

#include "ops/attention/composed.h"
#include "ops/attention/ops.h"
#include "ops/attention/rotary.h"
#include "ops/common/accumulate.h"
#include "ops/common/contrib.h"
#include "ops/common/infer.h"
#include "ops/common/int_inputs.h"
#include "ops/common/require_input.h"

namespace sardonyx {
namespace {

enum Input {
  kQueries,  // all of queries, keys and values where kKeys is left out
  kKeys,
  kValues,
  kPastKeys,
  kPastValues,
  kLastKeys,  // per batch the position of the last key
  kTotal,     // the greatest number of keys
  kCosines,
  kSines,
  kPositions,
  kScoreBias,
  kHeadSink,
  kFirstUnsupported,  // scales of quantised caches, norms of queries and keys
};

struct GroupAttrs : Attrs {
  AttentionAttrs attention;
  bool rotate = false;
  bool interleaved = false;
  bool smooth = false;  // a sink of 0, where none is given

  /// Heads of queries, keys and values together.
  int64_t packed_heads() const { return attention.q_heads + 2 * attention.kv_heads; }
};

/// Refuses what is not supported: an attribute that is not its default.
void RefuseInt(ParseContext& context, const char* name, int64_t fallback) {
  if (const int64_t value = context.Int(name, fallback); value != fallback) {
    context.Fail(absl::StrCat("attribute '", name, "' is ", value, ", which is not supported"));
  }
}

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<GroupAttrs>();
  AttentionAttrs& attention = attrs->attention;
  context.Require("num_heads");
  context.Require("kv_num_heads");
  attention.q_heads = context.Int("num_heads", 1);
  attention.kv_heads = context.Int("kv_num_heads", 1);
  constexpr int64_t kMost = int64_t{1} << 31;
  if (attention.q_heads < 1 || attention.q_heads > kMost || attention.kv_heads < 1 ||
      attention.q_heads % attention.kv_heads != 0) {
    return InvalidArgument("num_heads is ", attention.q_heads, " and kv_num_heads ",
                           attention.kv_heads, ": both must be positive, the first a multiple, ",
                           "of at most ", kMost);
  }
  if (const double scale = context.Float("scale", 0); scale != 0) attention.scale = scale;
  attention.softcap = context.Float("softcap", 0);
  if (!(attention.softcap >= 0)) {
    return InvalidArgument("softcap is ", attention.softcap, ", but must not be negative");
  }
  attention.causal = context.Flag("causal", true);
  // The window counts the query's own position.
  const int64_t window = context.Int("local_window_size", -1);
  if (window == 0 || window < -1) {
    return InvalidArgument("local_window_size is ", window, ", but must be positive or -1");
  }
  if (window > 0) attention.left_window = window - 1;
  if (window > 0 && !attention.causal) {
    return InvalidArgument("local_window_size is given, but attention is not causal");
  }
  attrs->rotate = context.Flag("do_rotary", false);
  attrs->interleaved = context.Flag("rotary_interleaved", false);
  attrs->smooth = context.Int("smooth_softmax", 0) == 1;
  const int64_t qk_output = context.Int("qk_output", 0);
  if (qk_output < 0 || qk_output > 2) {
    return InvalidArgument("qk_output is ", qk_output, ", but must be 0 to 2");
  }
  attention.qk_output =
      qk_output == 2 ? AttentionAttrs::QkOutput::kProbabilities : AttentionAttrs::QkOutput::kBiased;
  RefuseInt(context, "sliding_window_cache", 0);
  RefuseInt(context, "kv_cache_bit_width", 0);
  for (const char* name : {"k_quant_type", "v_quant_type"}) {
    if (context.String(name, "NONE") != "NONE") {
      context.Fail(absl::StrCat("attribute '", name, "': quantised caches are not supported"));
    }
  }
  context.Ignore("qk_norm_epsilon");
  RequireInput(context, kLastKeys, "seqlens_k");
  RequireInput(context, kTotal, "total_sequence_length");
  const std::vector<ValueId>& inputs = context.node().inputs;
  for (size_t i = kFirstUnsupported; i < inputs.size(); ++i) {
    if (inputs[i] == kNoValue) continue;
    context.Fail("scales of quantised caches and norms of queries and keys are not supported");
  }
  if (attrs->rotate) {
    RequireInput(context, kCosines, "cos_cache");
    RequireInput(context, kSines, "sin_cache");
  }
  return attrs;
}

Status Infer(InferContext& context) {
  const auto& attrs = context.attrs<GroupAttrs>();
  const Dim heads(attrs.attention.q_heads), kv_heads(attrs.attention.kv_heads);
  SX_ASSIGN_OR_RETURN(const DataType element,
                      CommonElement(context, TypeList<float, Half, BFloat16>{},
                                    {kQueries, kKeys, kValues, kPastKeys, kPastValues, kCosines,
                                     kSines, kScoreBias, kHeadSink}));
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int32_t>{}, {kLastKeys, kTotal}).status());
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int64_t>{}, {kPositions}).status());
  if (context.has_input(kKeys) != context.has_input(kValues) ||
      context.has_input(kPastKeys) != context.has_input(kPastValues)) {
    return InvalidArgument("key and value, and past_key and past_value, must be given together");
  }
  Dim batch, rows, size, cache;
  const bool packed = !context.has_input(kKeys);
  for (const int i : {kQueries, kKeys, kValues}) {
    SX_RETURN_IF_ERROR(CheckRank(context, i, 3, absl::StrCat(i)));
    const SymbolicShape* shape = context.shape(i);
    if (shape == nullptr) continue;
    SX_ASSIGN_OR_RETURN(batch, MergeDims(batch, (*shape)[0], "the batch"));
    SX_ASSIGN_OR_RETURN(rows, MergeDims(rows, (*shape)[1], "the length"));
    if (!(*shape)[2].known()) continue;
    const int64_t parts = i != kQueries ? kv_heads.value
                          : packed      ? attrs.packed_heads()
                                        : heads.value;
    if ((*shape)[2].value % parts != 0) {
      return InvalidArgument("input ", i, " has shape ", ToString(*shape),
                             ", whose last dimension ", "is no multiple of ", parts, " heads");
    }
    SX_ASSIGN_OR_RETURN(size,
                        MergeDims(size, Dim((*shape)[2].value / parts), "the size of a head"));
  }
  for (const int i : {kPastKeys, kPastValues}) {
    SX_RETURN_IF_ERROR(CheckRank(context, i, 4, i == kPastKeys ? "past_key" : "past_value"));
    const SymbolicShape* shape = context.shape(i);
    if (shape == nullptr) continue;
    SX_ASSIGN_OR_RETURN(batch, MergeDims(batch, (*shape)[0], "the batch"));
    SX_RETURN_IF_ERROR(
        MergeDims((*shape)[1], kv_heads, "the number of heads of the past").status());
    SX_ASSIGN_OR_RETURN(cache, MergeDims(cache, (*shape)[2], "the length of the past"));
    SX_ASSIGN_OR_RETURN(size, MergeDims(size, (*shape)[3], "the size of a head"));
  }
  SX_RETURN_IF_ERROR(CheckRank(context, kLastKeys, 1, "seqlens_k"));
  if (const SymbolicShape* shape = context.shape(kLastKeys)) {
    SX_RETURN_IF_ERROR(MergeDims((*shape)[0], batch, "the batch").status());
  }
  Dim half, positions;
  for (const int i : {kCosines, kSines}) {
    SX_RETURN_IF_ERROR(CheckRank(context, i, 2, "cos_cache or sin_cache"));
    const SymbolicShape* shape = context.shape(i);
    if (shape == nullptr) continue;
    SX_ASSIGN_OR_RETURN(positions, MergeDims(positions, (*shape)[0], "the cached positions"));
    SX_ASSIGN_OR_RETURN(half, MergeDims(half, (*shape)[1], "half the number of turned elements"));
  }
  if (half.known() && size.known() && half.value > size.value / 2) {
    return InvalidArgument("the caches turn ", half.value, " pairs of elements, but heads have ",
                           size.value, " elements");
  }
  SX_RETURN_IF_ERROR(CheckRank(context, kPositions, 2, "position_ids"));
  if (const SymbolicShape* shape = context.shape(kPositions)) {
    SX_RETURN_IF_ERROR(MergeDims((*shape)[0], batch, "the batch").status());
    SX_RETURN_IF_ERROR(MergeDims((*shape)[1], rows, "the length").status());
  }
  if (const SymbolicShape* shape = context.shape(kHeadSink)) {
    SX_RETURN_IF_ERROR(CheckRank(context, kHeadSink, 1, "head_sink"));
    SX_RETURN_IF_ERROR(MergeDims((*shape)[0], heads, "the number of heads").status());
  }
  Dim total;
  if (const Tensor* value = context.value(kTotal)) {
    SX_ASSIGN_OR_RETURN(total, SingleInt(*value, "total_sequence_length"));
    if (total.value < 0) return InvalidArgument("total_sequence_length is ", total.value);
  }
  SX_RETURN_IF_ERROR(CheckScoreBias(context, kScoreBias, batch, heads, rows, total));
  Dim present = total;
  if (context.has_input(kPastKeys)) {
    present = total.known() && cache.known() ? Dim(std::max(total.value, cache.value)) : Dim();
  }
  SX_ASSIGN_OR_RETURN(const Dim width, MultiplyDims(heads, size));
  context.set_output(0, element, SymbolicShape{batch, rows, width});
  const SymbolicShape kept = {batch, kv_heads, present, size};
  SX_RETURN_IF_ERROR(CheckPlausible(element, kept));
  context.set_output(1, element, kept);
  context.set_output(2, element, kept);
  context.set_output(3, element, SymbolicShape{batch, heads, rows, total});
  return absl::OkStatus();
}

/// The sizes of one run, and how many keys each sequence has.
struct Lengths {
  int64_t batch = 0, rows = 0, total = 0, cache = 0;
  bool prompt = false;  // nothing is before what is given
  Ints keys;            // of each sequence, those of this run included

  int64_t Past(int64_t b) const { return prompt ? 0 : keys[b] - rows; }
};

StatusOr<Lengths> LengthsOf(const KernelContext& context) {
  const Tensor& queries = context.input(kQueries);
  Lengths lengths{.batch = queries.dim(0), .rows = queries.dim(1)};
  SX_ASSIGN_OR_RETURN(lengths.total, SingleInt(context.input(kTotal), "total_sequence_length"));
  lengths.prompt = lengths.total == lengths.rows;
  const int64_t past = context.has_input(kPastKeys) ? context.input(kPastKeys).dim(2) : 0;
  lengths.cache = std::max(lengths.total, past);
  SX_ASSIGN_OR_RETURN(lengths.keys, ToInts(context.input(kLastKeys)));
  for (int64_t b = 0; b < lengths.batch; ++b) {
    int64_t& keys = lengths.keys[b];
    if (keys < 0 || keys >= lengths.total) {
      return InvalidArgument("seqlens_k has ", keys,
                             ", which must be below total_sequence_length, ", lengths.total);
    }
    ++keys;
    if (lengths.Past(b) < 0 || lengths.Past(b) > past) {
      return InvalidArgument("sequence ", b, " has ", keys, " keys, of which ", lengths.rows,
                             " are new, and ", past, " past ones are given");
    }
  }
  return lengths;
}

/// Queries, keys and values as they are given.
struct Given {
  const AttentionAttrs& attention;
  const Tensor *queries, *keys, *values;
  HeadsView query_view, key_view, value_view;

  Given(const KernelContext& context, const GroupAttrs& attrs)
      : attention(attrs.attention),
        queries(&context.input(kQueries)),
        keys(&context.input(context.has_input(kKeys) ? kKeys : kQueries)),
        values(&context.input(context.has_input(kKeys) ? kValues : kQueries)),
        query_view(queries->shape(), attention.q_heads),
        key_view(keys->shape(), attention.kv_heads),
        value_view(values->shape(), attention.kv_heads) {
    if (context.has_input(kKeys)) return;
    const HeadsView all(queries->shape(), attrs.packed_heads());
    query_view = key_view = value_view = all;
    query_view.heads = attention.q_heads;
    key_view.heads = value_view.heads = attention.kv_heads;
    key_view.offset = attention.q_heads * all.size;
    value_view.offset = key_view.offset + attention.kv_heads * all.size;
  }
};

/// Calls turn(rotation) with the positions of this run. Errors: one that the caches do not have.
Status WithRotation(const KernelContext& context, const Lengths& lengths,
                    absl::FunctionRef<Status(const Rotation&)> turn) {
  const Tensor &cosines = context.input(kCosines), &given = context.input(kPositions);
  const auto position = [&](int64_t b, int64_t row) {
    if (!given.defined()) return lengths.Past(b) + row;
    const int64_t* ids = given.data<int64_t>();
    // Of a prompt only the first is looked at.
    return lengths.prompt ? ids[0] + row : ids[b * lengths.rows + row];
  };
  for (int64_t b = 0; b < lengths.batch; ++b) {
    for (int64_t row = 0; row < lengths.rows; ++row) {
      if (row % 4096 == 0) SX_RETURN_IF_ERROR(context.Check());
      const int64_t at = position(b, row);
      if (at >= 0 && at < cosines.dim(0)) continue;
      return InvalidArgument("position ", at, " is not among the ", cosines.dim(0),
                             " of cos_cache");
    }
  }
  return turn({.interleaved = context.attrs<GroupAttrs>().interleaved,
               .turned = 2 * cosines.dim(1),
               .cosines = cosines,
               .sines = context.input(kSines),
               .position = position});
}

/// The past, and behind each sequence's what is new; zeros behind that.
Status FillCache(const KernelContext& context, const Lengths& lengths, const Tensor& past,
                 const Tensor& fresh, const HeadsView& fresh_view, Tensor& cache) {
  const int64_t heads = fresh_view.heads, size = fresh_view.size;
  if (cache.size() == 0) return absl::OkStatus();
  return Dispatch(cache.type(), TypeList<float, Half, BFloat16>{}, [&]<typename T>() {
    const HeadsView view(cache.shape(), 0);
    const HeadsView past_view(past.defined() ? past.shape() : Shape{0, 0, 0, 0}, 0);
    const double cost = 0.5 * static_cast<double>(lengths.cache * size);
    return context.ParallelFor(lengths.batch * heads, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t head = i % heads, b = i / heads, before = lengths.Past(b);
        T* to = cache.data<T>() + view.At(b, head, 0);
        if (before > 0) {
          to = std::copy_n(past.data<T>() + past_view.At(b, head, 0), before * size, to);
        }
        for (int64_t row = 0; row < lengths.rows; ++row) {
          to = std::copy_n(fresh.data<T>() + fresh_view.At(b, head, row), size, to);
        }
        std::fill_n(to, (lengths.cache - before - lengths.rows) * size, T{});
      }
    });
  });
}

/// The leading columns of `scores`, as many as `to` has. What is not seen has a score of 0, as
/// ONNX Runtime has it, not minus infinity.
Status StoreScores(const KernelContext& context, const Tensor& scores, Tensor& to) {
  const int64_t rows = to.shape().Elements(0, 3), from_length = scores.dim(3), length = to.dim(3);
  return Dispatch(to.type(), TypeList<float, Half, BFloat16>{}, [&]<typename T>() {
    const double cost = static_cast<double>(length);
    return context.ParallelFor(rows, cost, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const T* from = scores.data<T>() + row * from_length;
        std::transform(from, from + length, to.data<T>() + row * length, [](T score) {
          return Widen(score) == -std::numeric_limits<double>::infinity() ? T{} : score;
        });
      }
    });
  });
}

Status Run(KernelContext& context) {
  const auto& attrs = context.attrs<GroupAttrs>();
  SX_ASSIGN_OR_RETURN(const Lengths lengths, LengthsOf(context));
  Given given(context, attrs);
  const DataType type = given.queries->type();
  const Shape kept = {lengths.batch, attrs.attention.kv_heads, lengths.cache, given.key_view.size};
  AttentionCall call{.attrs = attrs.attention};
  SX_ASSIGN_OR_RETURN(
      call.query, TakeHeads(context, lengths.batch, *given.queries, given.query_view, Tensor(), 0));
  Tensor keys = *given.keys;
  if (attrs.rotate) {
    SX_ASSIGN_OR_RETURN(keys, TakeHeads(context, lengths.batch, keys, given.key_view, Tensor(), 0));
    const HeadsView turned_keys(keys.shape(), attrs.attention.kv_heads);
    const HeadsView turned_queries(call.query.shape(), attrs.attention.q_heads);
    SX_RETURN_IF_ERROR(WithRotation(context, lengths, [&](const Rotation& rotation) -> Status {
      SX_RETURN_IF_ERROR(Rotate(context, lengths.batch, *given.queries, given.query_view, rotation,
                                call.query, turned_queries));
      return Rotate(context, lengths.batch, *given.keys, given.key_view, rotation, keys,
                    turned_keys);
    }));
    given.key_view = turned_keys;
  }
  for (const bool of_keys : {true, false}) {
    const int i = of_keys ? 1 : 2;
    Tensor& cache = of_keys ? call.key : call.value;
    if (context.has_output(i)) {
      cache = context.output(i);
    } else {
      SX_ASSIGN_OR_RETURN(cache, context.Temporary(type, kept));
    }
    SX_RETURN_IF_ERROR(FillCache(context, lengths, context.input(of_keys ? kPastKeys : kPastValues),
                                 of_keys ? keys : *given.values,
                                 of_keys ? given.key_view : given.value_view, cache));
  }
  // In a prompt query i is at position i, however many of its sequence's keys are padding.
  if (!lengths.prompt || !attrs.attention.causal) {
    SX_ASSIGN_OR_RETURN(call.nonpad_length, context.Temporary(DataType::kInt64, {lengths.batch}));
    std::copy(lengths.keys.begin(), lengths.keys.end(), call.nonpad_length.data<int64_t>());
  }
  call.mask = context.input(kScoreBias);
  call.sink = context.input(kHeadSink);
  if (attrs.smooth && !call.sink.defined()) {
    SX_ASSIGN_OR_RETURN(
        call.sink, Tensor::Create(type, {attrs.attention.q_heads}, context.environment().budget));
  }
  call.y = OptionalOutput(context, 0);
  Tensor scores;  // of all that the cache has room for
  if (context.has_output(3)) {
    const Shape shape = {lengths.batch, attrs.attention.q_heads, lengths.rows, lengths.cache};
    SX_ASSIGN_OR_RETURN(scores, context.Temporary(type, shape));
    call.scores = &scores;
  }
  SX_RETURN_IF_ERROR(RunAttention(context, call));
  if (!context.has_output(3)) return absl::OkStatus();
  return StoreScores(context, scores, context.output(3));
}

}  // namespace

OpDef GroupQueryAttentionOp() {
  return AsContrib({.min_inputs = 1,
                    .max_inputs = 16,
                    .max_outputs = 4,
                    .parse = Parse,
                    .infer = Infer,
                    .kernels = {SimpleKernel<Run>("attention.composed")}},
                   "GroupQueryAttention");
}

}  // namespace sardonyx
