// com.microsoft's DynamicQuantizeLSTM: an LSTM whose weights are bytes, and whose inputs and states
// are quantised before they meet them, each by the range that it turns out to have: X as a whole,
// the states of a batch at each step.
#include <algorithm>

#include "ops/common/contrib.h"
#include "ops/common/infer.h"
#include "ops/common/require_input.h"
#include "ops/quant/dynamic.h"
#include "ops/quant/real.h"
#include "ops/rnn/sequence.h"

namespace sardonyx {
namespace {

// Behind LSTM's own.
enum QuantizedInput { kWScale = kPeephole + 1, kWZero, kRScale, kRZero };

StatusOr<std::shared_ptr<Attrs>> ParseDynamic(ParseContext& context) {
  RequireInput(context, kWScale, "W_scale");
  RequireInput(context, kWZero, "W_zero_point");
  RequireInput(context, kRScale, "R_scale");
  RequireInput(context, kRZero, "R_zero_point");
  return ParseRecurrent<Cell::kLstm>(context);
}

Status InferDynamic(InferContext& context) {
  const auto& attrs = context.attrs<RecurrentAttrs>();
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<float>{},
                                   {kX, kB, kInitialH, kInitialC, kPeephole, kWScale, kRScale})
                         .status());
  using Bytes = TypeList<int8_t, uint8_t>;
  SX_RETURN_IF_ERROR(CommonElement(context, Bytes{}, {kW, kWZero}).status());
  SX_RETURN_IF_ERROR(CommonElement(context, Bytes{}, {kR, kRZero}).status());
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int32_t>{}, {kSequenceLens}).status());
  Dim directions(attrs.directions()), hidden, steps, batch, input;
  if (attrs.hidden_size > 0) hidden = Dim(attrs.hidden_size);
  Dim columns;
  SX_RETURN_IF_ERROR(MatchShape(context, kX, "X", {&steps, &batch, &input}));
  SX_RETURN_IF_ERROR(MatchShape(context, kR, "R", {&directions, &hidden, &columns}));
  SX_ASSIGN_OR_RETURN(Dim rows, TimesHidden(hidden, 4));
  SX_ASSIGN_OR_RETURN(rows, MergeDims(rows, columns, "the number of columns of R"));
  SX_RETURN_IF_ERROR(MatchShape(context, kW, "W", {&directions, &input, &rows}));
  SX_ASSIGN_OR_RETURN(Dim biases, TimesHidden(hidden, 8));
  SX_RETURN_IF_ERROR(MatchShape(context, kB, "B", {&directions, &biases}));
  SX_RETURN_IF_ERROR(MatchShape(context, kSequenceLens, "sequence_lens", {&batch}));
  SX_RETURN_IF_ERROR(MatchShape(context, kInitialH, "initial_h", {&directions, &batch, &hidden}));
  SX_RETURN_IF_ERROR(MatchShape(context, kInitialC, "initial_c", {&directions, &batch, &hidden}));
  SX_ASSIGN_OR_RETURN(Dim peepholes, TimesHidden(hidden, 3));
  SX_RETURN_IF_ERROR(MatchShape(context, kPeephole, "P", {&directions, &peepholes}));
  for (const int i : {kWScale, kWZero, kRScale, kRZero}) {
    const SymbolicShape* shape = context.shape(i);
    const bool for_all = shape != nullptr && shape->size() == 1;
    SX_RETURN_IF_ERROR(MatchShape(
        context, i, "a scale or zero point",
        for_all ? std::vector<Dim*>{&directions} : std::vector<Dim*>{&directions, &rows}));
  }
  context.set_output(0, DataType::kFloat, SymbolicShape{steps, directions, batch, hidden});
  context.set_output(1, DataType::kFloat, SymbolicShape{directions, batch, hidden});
  context.set_output(2, DataType::kFloat, SymbolicShape{directions, batch, hidden});
  return absl::OkStatus();
}

/// Weights [directions, inner, rows] as float [directions, rows, inner], as LSTM has them.
StatusOr<Tensor> Dequantize(const KernelContext& context, int weights, int scale, int zero) {
  const Tensor& bytes = context.input(weights);
  const int64_t inner = bytes.dim(1), rows = bytes.dim(2);
  SX_ASSIGN_OR_RETURN(const std::vector<float> values, ToFloats(bytes));
  SX_ASSIGN_OR_RETURN(const std::vector<float> scales, ToFloats(context.input(scale)));
  SX_ASSIGN_OR_RETURN(const std::vector<float> zeros, ToFloats(context.input(zero)));
  SX_ASSIGN_OR_RETURN(Tensor result,
                      context.Temporary(DataType::kFloat, {bytes.dim(0), rows, inner}));
  const auto of = [&](const std::vector<float>& parameters, int64_t d, int64_t row) {
    return parameters.size() == static_cast<size_t>(bytes.dim(0)) ? parameters[d]
                                                                  : parameters[d * rows + row];
  };
  float* out = result.data<float>();
  for (int64_t d = 0; d < bytes.dim(0); ++d) {
    for (int64_t row = 0; row < rows; ++row) {
      const float factor = of(scales, d, row), offset = of(zeros, d, row);
      for (int64_t i = 0; i < inner; ++i) {
        *out++ = (values[(d * inner + i) * rows + row] - offset) * factor;
      }
    }
  }
  return result;
}

/// What is left of `x` when it has been quantised.
Status RoundDynamically(const KernelContext& context, absl::Span<float> x) {
  SX_ASSIGN_OR_RETURN(const DynamicLinear linear, DynamicRange(context, x));
  std::vector<uint8_t> bytes(x.size());
  SX_RETURN_IF_ERROR(QuantizeDynamically(context, linear, x, bytes.data()));
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(int32_t{bytes[i]} - linear.zero) * linear.scale;
  }
  return absl::OkStatus();
}

/// One direction of a batch.
class Direction {
 public:
  Direction(KernelContext& context, const RecurrentSizes& sizes, const Ints& lengths, int d)
      : context_(context),
        attrs_(context.attrs<RecurrentAttrs>()),
        sizes_(sizes),
        lengths_(lengths),
        d_(d),
        backward_(d == 1 || !attrs_.forward) {}

  Status Run(const Tensor& x, const Tensor& w, const Tensor& r) {
    const auto input = [&](int i) {
      return context_.has_input(i) ? context_.input(i).data<float>() : nullptr;
    };
    const int64_t hidden = sizes_.hidden, rows = 4 * hidden;
    const float *b = input(kB), *p = input(kPeephole);
    const float *h = input(kInitialH), *c = input(kInitialC);
    const CellWeights<float> weights{
        .w = w.data<float>() + d_ * rows * sizes_.input,
        .r = r.data<float>() + d_ * rows * hidden,
        .wb = b == nullptr ? nullptr : b + 2 * d_ * rows,
        .rb = b == nullptr ? nullptr : b + (2 * d_ + 1) * rows,
        .p = p == nullptr ? nullptr : p + d_ * 3 * hidden,
        .activations = &attrs_.activations[d_ * attrs_.activations_per_direction()]};
    std::vector<CellSequence<float>> sequences(sizes_.batch,
                                               {attrs_, weights, sizes_.input, hidden});
    for (int64_t batch = 0; batch < sizes_.batch; ++batch) {
      const int64_t at = State(batch);
      for (int64_t i = 0; i < hidden; ++i) {
        if (h != nullptr) sequences[batch].h[i] = h[at + i];
        if (c != nullptr) sequences[batch].c[i] = c[at + i];
      }
    }
    for (int64_t step = 0; step < sizes_.steps; ++step) {
      SX_RETURN_IF_ERROR(context_.Check());
      SX_RETURN_IF_ERROR(RoundStates(step, sequences));
      SX_RETURN_IF_ERROR(Step(x, step, sequences));
    }
    for (int64_t batch = 0; batch < sizes_.batch; ++batch) {
      if (context_.has_output(1)) Store(sequences[batch].h, 1, State(batch));
      if (context_.has_output(2)) Store(sequences[batch].c, 2, State(batch));
    }
    return absl::OkStatus();
  }

 private:
  int64_t State(int64_t batch) const {
    return d_ * sizes_.state_direction + batch * sizes_.state_batch;
  }

  void Store(const std::vector<double>& values, int output, int64_t at) const {
    float* to = context_.output(output).data<float>() + at;
    for (const double value : values) *to++ = static_cast<float>(value);
  }

  /// The states that meet R at this step; of an LSTM nothing else reads them.
  Status RoundStates(int64_t step, std::vector<CellSequence<float>>& sequences) const {
    std::vector<float> states;
    for (int64_t batch = 0; batch < sizes_.batch; ++batch) {
      if (step >= lengths_[batch]) continue;
      states.insert(states.end(), sequences[batch].h.begin(), sequences[batch].h.end());
    }
    SX_RETURN_IF_ERROR(RoundDynamically(context_, absl::MakeSpan(states)));
    auto from = states.begin();
    for (int64_t batch = 0; batch < sizes_.batch; ++batch) {
      if (step >= lengths_[batch]) continue;
      std::copy_n(from, sizes_.hidden, sequences[batch].h.begin());
      from += sizes_.hidden;
    }
    return absl::OkStatus();
  }

  Status Step(const Tensor& x, int64_t step, std::vector<CellSequence<float>>& sequences) const {
    const int64_t hidden = sizes_.hidden;
    const double cost = 8.0 * static_cast<double>(hidden * (sizes_.input + hidden));
    return context_.ParallelFor(sizes_.batch, cost, [&](int64_t begin, int64_t end) {
      for (int64_t batch = begin; batch < end; ++batch) {
        const bool live = step < lengths_[batch];
        const int64_t t = live && backward_ ? lengths_[batch] - 1 - step : step;
        if (live) {
          sequences[batch].Step(x.data<float>() + t * sizes_.x_step + batch * sizes_.x_batch);
        }
        if (!context_.has_output(0)) continue;
        const int64_t at = t * sizes_.y_step + d_ * sizes_.y_direction + batch * sizes_.y_batch;
        if (live) {
          Store(sequences[batch].h, 0, at);
        } else {
          std::fill_n(context_.output(0).data<float>() + at, hidden, 0.0f);
        }
      }
    });
  }

  KernelContext& context_;
  const RecurrentAttrs& attrs_;
  const RecurrentSizes& sizes_;
  const Ints& lengths_;
  const int64_t d_;
  const bool backward_;
};

Status RunDynamic(KernelContext& context) {
  const auto& attrs = context.attrs<RecurrentAttrs>();
  bool wanted = false;
  for (int i = 0; i < 3; ++i) {
    wanted = wanted || (context.has_output(i) && context.output(i).size() > 0);
  }
  if (!wanted) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(const Tensor w, Dequantize(context, kW, kWScale, kWZero));
  SX_ASSIGN_OR_RETURN(const Tensor r, Dequantize(context, kR, kRScale, kRZero));
  SX_ASSIGN_OR_RETURN(Tensor x, context.input(kX).Clone(context.environment().budget));
  SX_RETURN_IF_ERROR(RoundDynamically(context, x.span<float>()));
  const RecurrentSizes sizes(attrs, x.shape(), r.shape());
  SX_ASSIGN_OR_RETURN(const Ints lengths, SequenceLengths(context, sizes));
  for (int d = 0; d < sizes.directions; ++d) {
    SX_RETURN_IF_ERROR(Direction(context, sizes, lengths, d).Run(x, w, r));
  }
  return absl::OkStatus();
}

}  // namespace

OpDef DynamicQuantizeLstmOp() {
  return AsContrib({.min_inputs = 3,
                    .max_inputs = 12,
                    .min_outputs = 0,
                    .max_outputs = 3,
                    .parse = ParseDynamic,
                    .infer = InferDynamic,
                    .kernels = {SimpleKernel<RunDynamic>("lstm.quantized")},
                    .multiply_adds = RecurrentMultiplyAdds},
                   "DynamicQuantizeLSTM");
}

}  // namespace sardonyx
