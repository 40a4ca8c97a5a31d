// attention.native: keys and values of each head are packed once as right operands of matrix
// products, which blocks of queries then meet: scores, softmax row by row while they are in the
// cache, and the sums of values. All in float.
#include "ops/attention/attention_native.h"

#include <cmath>
#include <limits>

#include "ops/attention/attention.h"
#include "ops/attention/cache.h"
#include "ops/common/ceil.h"
#include "ops/common/scratch.h"
#include "ops/common/slots.h"
#include "ops/matmul/gemm_kernel.h"
#include "ops/matmul/row_kernel.h"
#include "ops/reduce/softmax.h"

namespace sardonyx {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();
constexpr int64_t kTilesOfQueries = 4;  // register tiles of rows in a block

/// What follows from the shapes.
struct Sizes {
  int64_t batch = 0, heads = 0, key_heads = 0;
  int64_t rows = 0, total = 0;              // queries, and keys with those of the past
  int64_t size = 0, value_size = 0;         // of a query or key, and of a value
  int64_t score_columns = 0;                // keys, to whole vectors
  int64_t key_floats = 0, pack_floats = 0;  // of a head's keys, and of its keys and values
  int64_t block = 1, blocks = 0;            // queries in a block; blocks of a head
  int64_t slots = 1;

  Sizes(const AttentionAttrs& attrs, const Shape& q, const Shape& k, const Shape& v,
        int64_t past_length, int threads) {
    const RowKernels& kernels = RowKernelsOfThisCpu();
    const HeadsView queries = attrs.QueryView(q), keys = attrs.KeyView(k);
    batch = queries.batch;
    heads = queries.heads;
    key_heads = keys.heads;
    rows = queries.length;
    total = past_length + keys.length;
    size = queries.size;
    value_size = attrs.ValueView(v).size;
    score_columns = RoundUp(total, kernels.lanes);
    key_floats = score_columns * size;
    pack_floats = RoundUp(key_floats + total * RoundUp(value_size, kernels.lanes), 16);
    block = std::max<int64_t>(std::min<int64_t>(rows, kTilesOfQueries * kernels.rows), 1);
    blocks = CeilDiv(rows, block);
    slots = std::clamp<int64_t>(batch * heads * blocks, 1, std::max(threads, 1));
  }

  int64_t score_floats() const { return block * score_columns; }
  int64_t ScratchBytes() const {
    return (batch * key_heads * pack_floats + slots * score_floats()) *
           static_cast<int64_t>(sizeof(float));
  }
};

/// Keys [first, last) that a query attends to.
struct Reach {
  int64_t first = 0, last = 0;
};

class Run {
 public:
  Run(KernelContext& context, const Sizes& sizes, const Cache<float>& keys,
      const Cache<float>& values, const Ints& nonpad, float* memory)
      : context_(context),
        attrs_(context.attrs<AttentionAttrs>()),
        sizes_(sizes),
        nonpad_(nonpad),
        q_view_(attrs_.QueryView(context.input(kQuery).shape())),
        y_view_(attrs_.ResultView(context.output(0).shape())),
        keys_(keys),
        values_(values),
        mask_(context.input(kMask)),
        mask_is_bool_(context.input(kMask).defined() &&
                      context.input(kMask).type() == DataType::kBool),
        scale_(static_cast<float>(
            attrs_.scale.value_or(1 / std::sqrt(static_cast<double>(sizes.size))))),
        packed_(memory),
        scores_(memory + sizes.batch * sizes.key_heads * sizes.pack_floats) {}

  Status Compute() const {
    const Sizes& s = sizes_;
    const double pack_cost = static_cast<double>(s.total * (s.size + s.value_size));
    SX_RETURN_IF_ERROR(
        context_.ParallelFor(s.batch * s.key_heads, pack_cost, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            PackKeys(i / s.key_heads, i % s.key_heads, packed_ + i * s.pack_floats);
            PackValues(i / s.key_heads, i % s.key_heads,
                       packed_ + i * s.pack_floats + s.key_floats);
          }
        }));
    const RunEnvironment& environment = context_.environment();
    return ParallelSlots(
        *environment.pool, *environment.control, s.slots, s.batch * s.heads * s.blocks, 1,
        [&](int64_t slot, int64_t item) { ComputeBlock(item, scores_ + slot * s.score_floats()); });
  }

 private:
  /// The transposed keys, times the scale: [panel of keys][element][key], the last panel as wide as
  /// whole vectors.
  void PackKeys(int64_t batch, int64_t head, float* to) const {
    const RowKernels& kernels = RowKernelsOfThisCpu();
    const int64_t size = sizes_.size, past = keys_.past_view.length;
    const Epilogue scaled{.alpha = scale_};
    for (int64_t first = 0; first < sizes_.total; first += kernels.width) {
      const int64_t end = std::min<int64_t>(first + kernels.width, sizes_.total);
      const int64_t width = RoundUp(end - first, kernels.lanes);
      if (first >= past || end <= past) {  // keys that lie evenly
        const int64_t step = first >= past ? keys_.now_view.row_step : keys_.past_view.row_step;
        GemmKernelsOfThisCpu().pack_panel(keys_.Row(batch, head, first), step, 1, end - first,
                                          width, size, to);
      } else {
        for (int64_t j = first; j < first + width; ++j) {
          const float* key = j < end ? keys_.Row(batch, head, j) : nullptr;
          for (int64_t e = 0; e < size; ++e) {
            to[e * width + j - first] = key == nullptr ? 0.0f : key[e];
          }
        }
      }
      const int64_t floats = width * size;
      GemmKernelsOfThisCpu().store(to, floats, 1, floats, to, floats, false, &scaled);
      to += floats;
    }
  }

  /// [panel of elements][value][element], the last panel as wide as whole vectors.
  void PackValues(int64_t batch, int64_t head, float* to) const {
    const RowKernels& kernels = RowKernelsOfThisCpu();
    for (int64_t first = 0; first < sizes_.value_size; first += kernels.width) {
      const int64_t count = std::min<int64_t>(kernels.width, sizes_.value_size - first);
      const int64_t width = RoundUp(count, kernels.lanes);
      float* at = to + first * sizes_.total;
      for (int64_t j = 0; j < sizes_.total; ++j, at += width) {
        std::copy_n(values_.Row(batch, head, j) + first, count, at);
        std::fill(at + count, at + width, 0.0f);
      }
    }
  }

  Reach ReachOf(int64_t batch, int64_t row) const {
    const bool padded = !nonpad_.empty();
    const int64_t here =
        row + (padded ? nonpad_[batch] - sizes_.rows : keys_.past_view.length);  // own position
    Reach reach{.first = 0, .last = std::min(sizes_.total, mask_.columns)};
    if (padded) reach.last = std::min(reach.last, nonpad_[batch]);
    if (attrs_.causal) reach.last = std::min(reach.last, here + 1);
    // Windows may be as wide as an integer can say.
    const auto is_bounded = [](int64_t window) { return window >= 0 && window < int64_t{1} << 60; };
    if (is_bounded(attrs_.right_window)) {
      reach.last = std::min(reach.last, here + attrs_.right_window + 1);
    }
    if (is_bounded(attrs_.left_window)) {
      reach.first = std::clamp<int64_t>(here - attrs_.left_window, 0, sizes_.total);
    }
    reach.last = std::max(reach.last, reach.first);
    return reach;
  }

  /// Scores of the row become probabilities; zeros where all keys are masked.
  void Softmax(int64_t batch, int64_t head, int64_t row, float* scores) const {
    const Reach reach = ReachOf(batch, row);
    float *first = scores + reach.first, *last = scores + reach.last;
    if (attrs_.softcap > 0) {
      const auto cap = static_cast<float>(attrs_.softcap);
      for (float* x = first; x < last; ++x) *x = cap * std::tanh(*x / cap);
    }
    AddMask(mask_.At(batch, head, row) + (first - scores) * mask_.steps[3], first, last);
    std::fill(scores, first, 0.0f);
    std::fill(last, scores + sizes_.total, 0.0f);
    const bool all_masked =
        mask_.data != nullptr && std::all_of(first, last, [](float x) { return x == kMasked; });
    if (all_masked && attrs_.zero_where_masked) {
      std::fill(first, last, 0.0f);
    } else {
      SoftmaxRow(first, last - first, false, first);
    }
  }

  void AddMask(int64_t at, float* first, float* last) const {
    if (mask_.data == nullptr) return;
    const int64_t step = mask_.steps[3];
    if (mask_is_bool_) {
      const auto* allowed = static_cast<const bool*>(mask_.data);
      for (float* x = first; x < last; ++x, at += step) *x = allowed[at] ? *x : kMasked;
    } else {
      const auto* bias = static_cast<const float*>(mask_.data);
      for (float* x = first; x < last; ++x, at += step) *x += bias[at];
    }
  }

  void ComputeBlock(int64_t item, float* scores) const {
    const Sizes& s = sizes_;
    const RowKernels& kernels = RowKernelsOfThisCpu();
    const int64_t head = item / s.blocks % s.heads, batch = item / s.blocks / s.heads;
    const int64_t row = item % s.blocks * s.block, rows = std::min(s.block, s.rows - row);
    const int64_t key_head = head / (s.heads / s.key_heads);
    const float* packed = packed_ + (batch * s.key_heads + key_head) * s.pack_floats;
    const RowPiece queries{.a = context_.input(kQuery).data<float>() + q_view_.At(batch, head, row),
                           .depth = s.size};
    kernels.multiply({.rows = rows,
                      .columns = s.score_columns,
                      .a = absl::MakeConstSpan(&queries, 1),
                      .a_stride = q_view_.row_step,
                      .b = packed,
                      .b_panel_stride = s.size * kernels.width,
                      .c = scores,
                      .c_stride = s.score_columns});
    for (int64_t i = 0; i < rows; ++i) {
      Softmax(batch, head, row + i, scores + i * s.score_columns);
    }
    const RowPiece probabilities{.a = scores, .depth = s.total};
    kernels.multiply({.rows = rows,
                      .columns = s.value_size,
                      .a = absl::MakeConstSpan(&probabilities, 1),
                      .a_stride = s.score_columns,
                      .b = packed + s.key_floats,
                      .b_panel_stride = s.total * kernels.width,
                      .c = context_.output(0).data<float>() + y_view_.At(batch, head, row),
                      .c_stride = y_view_.row_step});
  }

  KernelContext& context_;
  const AttentionAttrs& attrs_;
  const Sizes& sizes_;
  const Ints& nonpad_;  // per batch; empty: none
  const HeadsView q_view_, y_view_;
  const Cache<float>&keys_, &values_;
  const MaskView mask_;
  const bool mask_is_bool_;
  const float scale_;
  float* const packed_;  // keys and values of each head
  float* const scores_;  // of each slot
};

struct Native : Kernel {
  int64_t scratch_bytes() const override { return sizes ? sizes->ScratchBytes() : 0; }

  Status Run(KernelContext& context) const override {
    SX_ASSIGN_OR_RETURN(const Ints nonpad, ReadNonpadLengths(context));
    const auto& attrs = context.attrs<AttentionAttrs>();
    const Tensor &key = context.input(kKey), &value = context.input(kValue);
    const Cache<float> keys(context.input(kPastKey), key, attrs.KeyView(key.shape()));
    const Cache<float> values(context.input(kPastValue), value, attrs.ValueView(value.shape()));
    SX_RETURN_IF_ERROR(keys.CopyTo(context, 1));
    SX_RETURN_IF_ERROR(values.CopyTo(context, 2));
    if (!context.has_output(0) || context.output(0).size() == 0) return absl::OkStatus();
    const Sizes use = sizes
                          ? *sizes
                          : Sizes(attrs, context.input(kQuery).shape(), key.shape(), value.shape(),
                                  keys.past_view.length, context.environment().pool->threads());
    Tensor temporary;
    SX_ASSIGN_OR_RETURN(const absl::Span<std::byte> scratch,
                        ScratchOf(context, use.ScratchBytes(), &temporary));
    float* memory = reinterpret_cast<float*>(scratch.data());
    return sardonyx::Run(context, use, keys, values, nonpad, memory).Compute();
  }

  std::optional<Sizes> sizes;  // where shapes are known before the run
};

std::string Refuses(const PrepareContext& context) {
  for (const int i : {kQuery, kKey, kValue, kPastKey, kPastValue}) {
    if (context.has_input(i) && context.element(i) != DataType::kFloat) {
      return absl::StrCat("works on float, not ", Name(context.element(i)));
    }
  }
  if (context.has_input(kMask) && context.element(kMask) != DataType::kFloat &&
      context.element(kMask) != DataType::kBool) {
    return "takes masks of float and bool only";
  }
  const auto& outputs = context.node().outputs;
  if (outputs.size() > 3 && outputs[3] != kNoValue) return "does not give the scores";
  const DataType precision = context.attrs<AttentionAttrs>().softmax_precision;
  if (precision != DataType::kFloat && precision != DataType::kDouble) {
    return absl::StrCat("does not round to ", Name(precision));
  }
  return "";
}

StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  auto kernel = std::make_unique<Native>();
  const auto q = context.shape(kQuery), k = context.shape(kKey), v = context.shape(kValue);
  const auto past = context.has_input(kPastKey) ? context.shape(kPastKey) : Shape{0, 0, 0, 0};
  // What is larger is known not to be in memory; the run will say so.
  const auto fits = [](const std::optional<Shape>& shape) {
    return shape && shape->Elements() < int64_t{1} << 40;
  };
  if (fits(q) && fits(k) && fits(v) && fits(past)) {
    kernel->sizes =
        Sizes(context.attrs<AttentionAttrs>(), *q, *k, *v, (*past)[2], context.threads());
  }
  return kernel;
}

}  // namespace

KernelDef AttentionNative() {
  return {.name = "attention.native",
          .backend = Backend::kNative,
          .refuses = Refuses,
          .prepare = Prepare};
}

}  // namespace sardonyx
