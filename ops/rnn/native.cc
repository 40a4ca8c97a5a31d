// RNN, GRU and LSTM in float32 on the native matrix product: first what the inputs of all steps
// give to all gates, as one product; then, step by step, what the state gives.
#include <algorithm>
#include <cstring>

#include "ops/common/scratch.h"
#include "ops/matmul/gemm.h"
#include "ops/rnn/activate.h"
#include "ops/rnn/recurrent.h"

namespace sardonyx {
namespace {

using Layout = GemmProblem::Layout;

std::string RefusesAllButFloat(const PrepareContext& context) {
  if (context.element(kX) != DataType::kFloat) {
    return absl::StrCat("works on float, not ", Name(context.element(kX)));
  }
  if (!context.shape(kX) || !context.shape(kW) || !context.shape(kR)) {
    return "the sizes are known only during the run";
  }
  return "";
}

/// [rows, inner] read as the right-hand factor of a product with its transpose.
GemmProblem::Operand Transposed(int64_t inner) {
  return {.layout = Layout::kStrided, .row_stride = 1, .column_stride = inner};
}

/// Where parts of the scratch memory begin, in floats.
struct Parts {
  int64_t input_gates, gates, h, c, reset, bias, gemm, floats;
};

class RecurrentKernel : public Kernel {
 public:
  explicit RecurrentKernel(RecurrentSizes sizes) : sizes_(sizes) {}

  Status Prepare(const PrepareContext& context);
  Status Run(KernelContext& context) const override;
  int64_t scratch_bytes() const override { return bytes_; }

 private:
  struct Call;

  Status RunDirection(KernelContext& context, int d, const Ints& lengths, float* scratch) const;
  Status Multiply(const Call& call, const GemmPlan& plan, const float* a, const float* b, float* c,
                  const float* bias) const;
  Status StepRows(const Call& call, int64_t first, int64_t count, int64_t step) const;
  Status StepGru(const Call& call, int64_t first, int64_t count, int64_t step) const;
  void StepRnn(const Call& call, int64_t row, const float* from_input) const;
  void StepLstm(const Call& call, int64_t row, const float* from_input) const;

  const RecurrentSizes sizes_;
  int64_t rows_ = 0;                                 // gates times hidden units
  bool separate_hidden_ = false;                     // GRU whose reset gate comes before R
  std::shared_ptr<const PackedMatrix> packed_w_[2];  // null: read where they lie
  std::optional<GemmPlan> input_plan_;
  /// All rows of R, or for `separate_hidden_` those of z and r; for all sequences and for one.
  std::optional<GemmPlan> batch_plan_, one_plan_;
  std::optional<GemmPlan> hidden_batch_plan_, hidden_one_plan_;  // the rest of R
  Parts parts_ = {};
  int64_t bytes_ = 0;
};

/// One direction of one run.
struct RecurrentKernel::Call {
  KernelContext& context;
  const RecurrentAttrs& attrs;
  const GateActivation* activations;
  const float* r;
  const float* r_bias;    // what follows the product with R; null: zero
  const float* peephole;  // null: zero
  float *input_gates, *gates, *h, *c, *reset;
  absl::Span<std::byte> gemm_scratch;
};

Status RecurrentKernel::Prepare(const PrepareContext& context) {
  const auto& attrs = context.attrs<RecurrentAttrs>();
  const int64_t steps = sizes_.steps, batch = sizes_.batch, hidden = sizes_.hidden;
  rows_ = attrs.gates() * hidden;
  separate_hidden_ = attrs.cell == Cell::kGru && !attrs.linear_before_reset;

  GemmProblem input{.m = steps * batch, .n = rows_, .k = sizes_.input, .c_stride = rows_};
  input.a.row_stride = sizes_.input;
  input.b = Transposed(sizes_.input);
  const int64_t joint = separate_hidden_ ? 2 * hidden : rows_;
  const auto recurrent = [&](int64_t m, int64_t n) {
    GemmProblem problem{.m = m, .n = n, .k = hidden, .c_stride = rows_};
    problem.a.row_stride = hidden;
    problem.b = Transposed(hidden);
    return problem;
  };
  for (const GemmProblem& problem : {input, recurrent(batch, joint)}) {
    if (!problem.sensible()) return LimitExceeded("the matrix products of the gates are too large");
  }
  if (const Tensor* w = context.constant(kW); w != nullptr && input.m > 8) {
    for (int d = 0; d < sizes_.directions; ++d) {
      packed_w_[d] = context.Shared<PackedMatrix>(absl::StrCat("recurrent.w", d), [&] {
        return PackedMatrix::Right(w->data<float>() + d * rows_ * sizes_.input, 1, sizes_.input,
                                   sizes_.input, rows_, &context.environment());
      });
      if (packed_w_[d] == nullptr) return context.NotPacked("W");
    }
    input.b.layout = Layout::kPacked;
  }
  const int threads = context.threads();
  input_plan_.emplace(input, threads);
  batch_plan_.emplace(recurrent(batch, joint), threads);
  one_plan_.emplace(recurrent(1, joint), threads);
  int64_t gemm = std::max(
      {input_plan_->scratch_bytes(), batch_plan_->scratch_bytes(), one_plan_->scratch_bytes()});
  if (separate_hidden_) {
    hidden_batch_plan_.emplace(recurrent(batch, hidden), threads);
    hidden_one_plan_.emplace(recurrent(1, hidden), threads);
    gemm = std::max({gemm, hidden_batch_plan_->scratch_bytes(), hidden_one_plan_->scratch_bytes()});
  }
  int64_t end = 0;
  bool overflow = false;
  const auto reserve = [&](const Shape& shape) {
    const int64_t begin = end;
    const auto next = CheckedAdd(end, shape.Elements());
    const auto aligned = next ? CheckedAdd(*next, 15) : std::nullopt;
    overflow = overflow || !aligned;
    if (aligned) end = *aligned / 16 * 16;
    return begin;
  };
  parts_.gemm = reserve({gemm / 4 + 1});  // first, for its alignment
  parts_.input_gates = reserve({steps, batch, rows_});
  parts_.gates = reserve({batch, rows_});
  parts_.h = reserve({batch, hidden});
  parts_.c = reserve({batch, hidden});
  parts_.reset = reserve({batch, hidden});
  parts_.bias = reserve({2, rows_});
  parts_.floats = end;
  const auto bytes = CheckedMul(end, sizeof(float));
  if (overflow || !bytes) return LimitExceeded("the gates of all steps are too large");
  bytes_ = *bytes;
  return absl::OkStatus();
}

Status RecurrentKernel::Run(KernelContext& context) const {
  const auto has_elements = [&](int i) {
    return context.has_output(i) && context.output(i).size() > 0;
  };
  if (!has_elements(0) && !has_elements(1) && !has_elements(2)) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(const Ints lengths, SequenceLengths(context, sizes_));
  Tensor temporary;
  SX_ASSIGN_OR_RETURN(const absl::Span<std::byte> scratch, ScratchOf(context, bytes_, &temporary));
  for (int d = 0; d < sizes_.directions; ++d) {
    SX_RETURN_IF_ERROR(RunDirection(context, d, lengths, reinterpret_cast<float*>(scratch.data())));
  }
  return absl::OkStatus();
}

Status RecurrentKernel::RunDirection(KernelContext& context, int d, const Ints& lengths,
                                     float* scratch) const {
  const auto& attrs = context.attrs<RecurrentAttrs>();
  const int64_t batch = sizes_.batch, hidden = sizes_.hidden;
  const bool lstm = attrs.cell == Cell::kLstm;
  const auto input = [&](int i) {
    return context.has_input(i) ? context.input(i).data<float>() : nullptr;
  };
  const auto output = [&](int i) {
    return context.has_output(i) ? context.output(i).data<float>() : nullptr;
  };
  const float *b = input(kB), *h0 = input(kInitialH), *c0 = lstm ? input(kInitialC) : nullptr;
  const float* p = lstm ? input(kPeephole) : nullptr;

  // Both biases go with the input, save what a GRU multiplies by its reset gate.
  float *bias = scratch + parts_.bias, *r_bias = bias + rows_;
  const bool after = attrs.cell == Cell::kGru && attrs.linear_before_reset;
  for (int64_t i = 0; b != nullptr && i < rows_; ++i) {
    const float from_w = b[2 * d * rows_ + i], from_r = b[(2 * d + 1) * rows_ + i];
    const bool held_back = after && i >= 2 * hidden;
    bias[i] = held_back ? from_w : from_w + from_r;
    r_bias[i] = held_back ? from_r : 0;
  }
  const Call call{
      .context = context,
      .attrs = attrs,
      .activations = &attrs.activations[d * attrs.activations_per_direction()],
      .r = input(kR) + d * rows_ * hidden,
      .r_bias = after && b != nullptr ? r_bias : nullptr,
      .peephole = p == nullptr ? nullptr : p + d * 3 * hidden,
      .input_gates = scratch + parts_.input_gates,
      .gates = scratch + parts_.gates,
      .h = scratch + parts_.h,
      .c = scratch + parts_.c,
      .reset = scratch + parts_.reset,
      .gemm_scratch = absl::MakeSpan(reinterpret_cast<std::byte*>(scratch + parts_.gemm),
                                     static_cast<size_t>((parts_.input_gates - parts_.gemm) * 4)),
  };
  SX_RETURN_IF_ERROR(Multiply(
      call, *input_plan_, input(kX),
      packed_w_[d] != nullptr ? packed_w_[d]->data() : input(kW) + d * rows_ * sizes_.input,
      call.input_gates, b == nullptr ? nullptr : bias));

  for (int64_t row = 0; row < batch; ++row) {
    const int64_t state = d * sizes_.state_direction + row * sizes_.state_batch;
    for (int64_t i = 0; i < hidden; ++i) {
      call.h[row * hidden + i] = h0 == nullptr ? 0 : h0[state + i];
      call.c[row * hidden + i] = c0 == nullptr ? 0 : c0[state + i];
    }
  }
  const bool backward = d == 1 || !attrs.forward;
  const bool together = std::all_of(lengths.begin(), lengths.end(),
                                    [&](int64_t length) { return length == sizes_.steps; });
  float* y = output(0);
  for (int64_t step = 0; step < sizes_.steps; ++step) {
    SX_RETURN_IF_ERROR(context.Check());
    if (together) {
      SX_RETURN_IF_ERROR(StepRows(call, 0, batch, backward ? sizes_.steps - 1 - step : step));
    }
    for (int64_t row = 0; row < batch; ++row) {
      const bool live = step < lengths[row];
      const int64_t t = live && backward ? lengths[row] - 1 - step : step;
      if (live && !together) SX_RETURN_IF_ERROR(StepRows(call, row, 1, t));
      if (y == nullptr) continue;
      float* out = y + t * sizes_.y_step + d * sizes_.y_direction + row * sizes_.y_batch;
      if (live) {
        std::copy_n(call.h + row * hidden, hidden, out);
      } else {
        std::fill_n(out, hidden, 0.0f);
      }
    }
  }
  for (int i = 1; i < (lstm ? 3 : 2); ++i) {
    float* last = output(i);
    for (int64_t row = 0; last != nullptr && row < batch; ++row) {
      std::copy_n((i == 1 ? call.h : call.c) + row * hidden, hidden,
                  last + d * sizes_.state_direction + row * sizes_.state_batch);
    }
  }
  return absl::OkStatus();
}

Status RecurrentKernel::Multiply(const Call& call, const GemmPlan& plan, const float* a,
                                 const float* b, float* c, const float* bias) const {
  const RunEnvironment& environment = call.context.environment();
  return plan.Run(
      [&](int64_t) {
        return GemmOperands{.a = a, .b = b, .c = c, .epilogue = {.column_bias = bias}};
      },
      nullptr, call.gemm_scratch, *environment.pool, *environment.control);
}

/// Moves sequences [first, first + count) on by the input of step `t`.
Status RecurrentKernel::StepRows(const Call& call, int64_t first, int64_t count, int64_t t) const {
  const int64_t hidden = sizes_.hidden;
  SX_RETURN_IF_ERROR(Multiply(call, count == sizes_.batch ? *batch_plan_ : *one_plan_,
                              call.h + first * hidden, call.r, call.gates + first * rows_,
                              call.r_bias));
  if (call.attrs.cell == Cell::kGru) return StepGru(call, first, count, t);
  for (int64_t row = first; row < first + count; ++row) {
    const int64_t at = call.attrs.batch_first ? row * sizes_.steps + t : t * sizes_.batch + row;
    const float* from_input = call.input_gates + at * rows_;
    if (call.attrs.cell == Cell::kRnn) {
      StepRnn(call, row, from_input);
    } else {
      StepLstm(call, row, from_input);
    }
  }
  return absl::OkStatus();
}

void RecurrentKernel::StepRnn(const Call& call, int64_t row, const float* from_input) const {
  const int64_t hidden = sizes_.hidden;
  float* h = call.h + row * hidden;
  const float* gate = call.gates + row * rows_;
  for (int64_t i = 0; i < hidden; ++i) h[i] = gate[i] + from_input[i];
  ActivateGates(call.activations[0], static_cast<float>(call.attrs.clip), hidden, h);
}

Status RecurrentKernel::StepGru(const Call& call, int64_t first, int64_t count, int64_t t) const {
  const int64_t hidden = sizes_.hidden;
  const float clip = static_cast<float>(call.attrs.clip);
  const auto from_input = [&](int64_t row) {
    const int64_t at = call.attrs.batch_first ? row * sizes_.steps + t : t * sizes_.batch + row;
    return call.input_gates + at * rows_;
  };
  for (int64_t row = first; row < first + count; ++row) {
    float* gate = call.gates + row * rows_;  // z, then r
    const float *x = from_input(row), *h = call.h + row * hidden;
    for (int64_t i = 0; i < 2 * hidden; ++i) gate[i] += x[i];
    ActivateGates(call.activations[0], clip, 2 * hidden, gate);
    for (int64_t i = 0; i < hidden; ++i) call.reset[row * hidden + i] = gate[hidden + i] * h[i];
  }
  if (separate_hidden_) {
    SX_RETURN_IF_ERROR(Multiply(call,
                                count == sizes_.batch ? *hidden_batch_plan_ : *hidden_one_plan_,
                                call.reset + first * hidden, call.r + 2 * hidden * hidden,
                                call.gates + first * rows_ + 2 * hidden, nullptr));
  }
  for (int64_t row = first; row < first + count; ++row) {
    float *gate = call.gates + row * rows_, *candidate = gate + 2 * hidden;
    const float* x = from_input(row) + 2 * hidden;
    float* h = call.h + row * hidden;
    for (int64_t i = 0; i < hidden; ++i) {
      if (!separate_hidden_) candidate[i] *= gate[hidden + i];
      candidate[i] += x[i];
    }
    ActivateGates(call.activations[1], clip, hidden, candidate);
    for (int64_t i = 0; i < hidden; ++i) h[i] = (1 - gate[i]) * candidate[i] + gate[i] * h[i];
  }
  return absl::OkStatus();
}

void RecurrentKernel::StepLstm(const Call& call, int64_t row, const float* from_input) const {
  const int64_t hidden = sizes_.hidden;
  const float clip = static_cast<float>(call.attrs.clip);
  float *in = call.gates + row * rows_, *out = in + hidden, *forget = out + hidden,
        *cell = forget + hidden;
  float *h = call.h + row * hidden, *c = call.c + row * hidden;
  for (int64_t i = 0; i < rows_; ++i) in[i] += from_input[i];
  const float* p = call.peephole;
  for (int64_t i = 0; p != nullptr && i < hidden; ++i) {
    in[i] += p[i] * c[i];
    forget[i] += p[2 * hidden + i] * c[i];
  }
  ActivateGates(call.activations[0], clip, hidden, in);
  ActivateGates(call.activations[0], clip, hidden, forget);
  ActivateGates(call.activations[1], clip, hidden, cell);
  for (int64_t i = 0; i < hidden; ++i) {
    c[i] = (call.attrs.input_forget ? 1 - in[i] : forget[i]) * c[i] + in[i] * cell[i];
    if (p != nullptr) out[i] += p[hidden + i] * c[i];
    h[i] = c[i];
  }
  ActivateGates(call.activations[0], clip, hidden, out);
  ActivateGates(call.activations[2], 0, hidden, h);  // the cell is not clipped
  for (int64_t i = 0; i < hidden; ++i) h[i] *= out[i];
}

StatusOr<std::unique_ptr<Kernel>> PrepareRecurrent(const PrepareContext& context) {
  const RecurrentSizes sizes(context.attrs<RecurrentAttrs>(), *context.shape(kX),
                             *context.shape(kR));
  auto kernel = std::make_unique<RecurrentKernel>(sizes);
  SX_RETURN_IF_ERROR(kernel->Prepare(context));
  return kernel;
}

}  // namespace

KernelDef RecurrentNative(absl::string_view name) {
  return {.name = name,
          .backend = Backend::kNative,
          .refuses = RefusesAllButFloat,
          .prepare = PrepareRecurrent};
}

}  // namespace sardonyx
