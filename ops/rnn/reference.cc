// The reference kernel of RNN, GRU and LSTM: one sequence and direction at a time.
#include "ops/rnn/sequence.h"

namespace sardonyx {
namespace {

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
      const CellWeights<T> weights{
          .w = input(kW) + d * rows * sizes.input,
          .r = input(kR) + d * rows * hidden,
          .wb = b == nullptr ? nullptr : b + 2 * d * rows,
          .rb = b == nullptr ? nullptr : b + (2 * d + 1) * rows,
          .p = p == nullptr ? nullptr : p + d * 3 * hidden,
          .activations = &attrs.activations[d * attrs.activations_per_direction()]};
      CellSequence<T> sequence(attrs, weights, sizes.input, hidden);
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
