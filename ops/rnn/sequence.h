// One sequence through a recurrent cell: the specification's equations in double, for reference
// kernels.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "ops/common/accumulate.h"
#include "ops/rnn/recurrent.h"

namespace sardonyx {

/// One direction's parameters.
template <typename T>
struct CellWeights {
  const T* w = nullptr;
  const T* r = nullptr;
  const T* wb = nullptr;  // null: zero
  const T* rb = nullptr;
  const T* p = nullptr;
  const GateActivation* activations = nullptr;
};

/// Steps through one sequence.
template <typename T>
class CellSequence {
 public:
  CellSequence(const RecurrentAttrs& attrs, const CellWeights<T>& weights, int64_t input,
               int64_t hidden)
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
  template <typename X>
  static double Dot(const T* row, const X& x, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += Widen(row[i]) * Widen(x[i]);
    return sum;
  }
  /// Row of gate `gate`, unit `i`.
  int64_t Row(int gate, int64_t i) const { return gate * hidden_ + i; }
  double FromInput(const T* x, int gate, int64_t i) const {
    const int64_t row = Row(gate, i);
    return Dot(weights_.w + row * input_, x, input_) + (weights_.wb ? Widen(weights_.wb[row]) : 0);
  }
  double FromState(const std::vector<double>& state, int gate, int64_t i) const {
    const int64_t row = Row(gate, i);
    return Dot(weights_.r + row * hidden_, state, hidden_) +
           (weights_.rb ? Widen(weights_.rb[row]) : 0);
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
  const CellWeights<T> weights_;
  const int64_t input_, hidden_;

 public:
  std::vector<double> h, c;

 private:
  std::vector<double> next_, reset_;
};

}  // namespace sardonyx
