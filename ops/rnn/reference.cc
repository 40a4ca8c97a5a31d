// The reference kernel of RNN, GRU and LSTM: the specification's equations, one sequence and
// direction at a time, in double.
#include <algorithm>

#include "ops/common/accumulate.h"
#include "ops/rnn/recurrent.h"

namespace sardonyx {
namespace {

/// One direction's parameters.
template <typename T>
struct Weights {
  const T* w = nullptr;
  const T* r = nullptr;
  const T* wb = nullptr;  // null: zero
  const T* rb = nullptr;
  const T* p = nullptr;
  const GateActivation* activations = nullptr;
};

template <typename T>
double Dot(const T* row, const T* x, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += Widen(row[i]) * Widen(x[i]);
  return sum;
}

template <typename T>
double Dot(const T* row, const std::vector<double>& h) {
  double sum = 0;
  for (size_t i = 0; i < h.size(); ++i) sum += Widen(row[i]) * h[i];
  return sum;
}

/// Steps through one sequence.
template <typename T>
class Sequence {
 public:
  Sequence(const RecurrentAttrs& attrs, const Weights<T>& weights, int64_t input, int64_t hidden)
      : attrs_(attrs),
        weights_(weights),
        input_(input),
        hidden_(hidden),
        h(hidden),
        c(hidden),
        next_(hidden),
        reset_(hidden) {}

  void Step(const T* x) {
    switch (attrs_.cell) {
      case Cell::kRnn:
        for (int64_t i = 0; i < hidden_; ++i) next_[i] = Activate(0, Sum(x, 0, i, h));
        break;
      case Cell::kGru:
        StepGru(x);
        break;
      case Cell::kLstm:
        StepLstm(x);
        break;
    }
    std::swap(h, next_);
  }

 private:
  /// Row of gate `gate`, unit `i`.
  int64_t Row(int gate, int64_t i) const { return gate * hidden_ + i; }
  double FromInput(const T* x, int gate, int64_t i) const {
    const int64_t row = Row(gate, i);
    return Dot(weights_.w + row * input_, x, input_) + (weights_.wb ? Widen(weights_.wb[row]) : 0);
  }
  double FromState(const std::vector<double>& state, int gate, int64_t i) const {
    const int64_t row = Row(gate, i);
    return Dot(weights_.r + row * hidden_, state) + (weights_.rb ? Widen(weights_.rb[row]) : 0);
  }
  double Sum(const T* x, int gate, int64_t i, const std::vector<double>& state) const {
    return FromInput(x, gate, i) + FromState(state, gate, i);
  }
  double Peephole(int gate, int64_t i, double cell) const {
    return weights_.p == nullptr ? 0 : Widen(weights_.p[Row(gate, i)]) * cell;
  }
  double Activate(int function, double x) const {
    if (attrs_.clip > 0) x = std::clamp(x, -attrs_.clip, attrs_.clip);
    return weights_.activations[function](x);
  }

  void StepGru(const T* x) {
    for (int64_t i = 0; i < hidden_; ++i) reset_[i] = Activate(0, Sum(x, 1, i, h)) * h[i];
    for (int64_t i = 0; i < hidden_; ++i) {
      const double update = Activate(0, Sum(x, 0, i, h));
      double sum;
      if (attrs_.linear_before_reset) {
        const double reset = Activate(0, Sum(x, 1, i, h));
        sum = FromInput(x, 2, i) + reset * FromState(h, 2, i);
      } else {
        sum = Sum(x, 2, i, reset_);
      }
      next_[i] = (1 - update) * Activate(1, sum) + update * h[i];
    }
  }

  void StepLstm(const T* x) {
    for (int64_t i = 0; i < hidden_; ++i) {
      const double in = Activate(0, Sum(x, 0, i, h) + Peephole(0, i, c[i]));
      const double forget =
          attrs_.input_forget ? 1 - in : Activate(0, Sum(x, 2, i, h) + Peephole(2, i, c[i]));
      c[i] = forget * c[i] + in * Activate(1, Sum(x, 3, i, h));
      const double out = Activate(0, Sum(x, 1, i, h) + Peephole(1, i, c[i]));
      // The clip is for sums over gates; ONNX Runtime leaves the cell as it is, too.
      next_[i] = out * weights_.activations[2](c[i]);
    }
  }

  const RecurrentAttrs& attrs_;
  const Weights<T> weights_;
  const int64_t input_, hidden_;

 public:
  std::vector<double> h, c;

 private:
  std::vector<double> next_, reset_;
};

template <typename T>
Status Run(KernelContext& context) {
  const auto& attrs = context.attrs<RecurrentAttrs>();
  const RecurrentSizes sizes(attrs, context.input(kX).shape(), context.input(kR).shape());
  SX_ASSIGN_OR_RETURN(const Ints lengths, SequenceLengths(context, sizes));
  const int64_t hidden = sizes.hidden, rows = attrs.gates() * hidden;
  const auto input = [&](int i) {
    return context.has_input(i) ? context.input(i).data<T>() : nullptr;
  };
  const auto output = [&](int i) {
    return context.has_output(i) ? context.output(i).data<T>() : nullptr;
  };
  const T *x = input(kX), *b = input(kB), *h0 = input(kInitialH);
  const bool lstm = attrs.cell == Cell::kLstm;
  const T *c0 = lstm ? input(kInitialC) : nullptr, *p = lstm ? input(kPeephole) : nullptr;
  T *y = output(0), *last_h = output(1), *last_c = lstm ? output(2) : nullptr;
  const double cost = 2.0 * sizes.steps * rows * (sizes.input + hidden);
  return context.ParallelFor(sizes.directions * sizes.batch, cost, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t d = task / sizes.batch, batch = task % sizes.batch;
      const Weights<T> weights{
          .w = input(kW) + d * rows * sizes.input,
          .r = input(kR) + d * rows * hidden,
          .wb = b == nullptr ? nullptr : b + 2 * d * rows,
          .rb = b == nullptr ? nullptr : b + (2 * d + 1) * rows,
          .p = p == nullptr ? nullptr : p + d * 3 * hidden,
          .activations = &attrs.activations[d * attrs.activations_per_direction()]};
      Sequence<T> sequence(attrs, weights, sizes.input, hidden);
      const int64_t state = d * sizes.state_direction + batch * sizes.state_batch;
      for (int64_t i = 0; i < hidden; ++i) {
        if (h0 != nullptr) sequence.h[i] = Widen(h0[state + i]);
        if (c0 != nullptr) sequence.c[i] = Widen(c0[state + i]);
      }
      const bool backward = d == 1 || !attrs.forward;
      for (int64_t step = 0; step < sizes.steps; ++step) {
        // Without inputs the steps alone may be many.
        if (step % 256 == 0 && context.environment().control->Stopped()) return;
        const bool live = step < lengths[batch];
        const int64_t t = live && backward ? lengths[batch] - 1 - step : step;
        if (live) sequence.Step(x + t * sizes.x_step + batch * sizes.x_batch);
        if (y == nullptr) continue;
        T* out = y + t * sizes.y_step + d * sizes.y_direction + batch * sizes.y_batch;
        for (int64_t i = 0; i < hidden; ++i) out[i] = Narrow<T>(live ? sequence.h[i] : 0);
      }
      for (int64_t i = 0; i < hidden; ++i) {
        if (last_h != nullptr) last_h[state + i] = Narrow<T>(sequence.h[i]);
        if (last_c != nullptr) last_c[state + i] = Narrow<T>(sequence.c[i]);
      }
    }
  });
}

}  // namespace

Status RunRecurrentReference(KernelContext& context) {
  for (int i = 0; i < context.output_count(); ++i) {
    if (context.has_output(i) && context.output(i).size() > 0) {
      return Dispatch(context.input(kX).type(), Floats{},
                      [&]<typename T>() { return Run<T>(context); });
    }
  }
  return absl::OkStatus();
}

}  // namespace sardonyx
