// Reference kernels of the reductions that add or multiply.
#include <algorithm>

#include "ops/reduce/reduce.h"

namespace sardonyx {
namespace {

/// A sum of R::Term(x), in T's accumulator; R's Result makes T of it.
template <typename T>
struct Summing {
  static Accumulator<T> Start() { return 0; }
};

template <typename T>
struct Sum : Summing<T> {
  static void Step(Accumulator<T>& sum, T x) { sum += Widen(x); }
  static T Finish(Accumulator<T> sum, int64_t) { return Narrow<T>(sum); }
};

template <typename T>
struct Mean : Sum<T> {
  static T Finish(Accumulator<T> sum, int64_t count) {
    if constexpr (!std::is_integral_v<T>) {
      return Narrow<T>(sum / static_cast<double>(count));
    } else {
      if (count == 0) return 0;  // undefined by the specification
      if constexpr (std::is_signed_v<T>) {
        return static_cast<T>(static_cast<int64_t>(sum) / count);
      } else {
        return static_cast<T>(sum / static_cast<uint64_t>(count));
      }
    }
  }
};

template <typename T>
struct SumSquare : Sum<T> {
  static void Step(Accumulator<T>& sum, T x) { sum += Widen(x) * Widen(x); }
};

template <typename T>
struct L1 : Sum<T> {
  static void Step(Accumulator<T>& sum, T x) {
    if constexpr (std::is_integral_v<T>) {
      sum += x < T{0} ? uint64_t{0} - Widen(x) : Widen(x);
    } else {
      sum += std::abs(Widen(x));
    }
  }
};

/// In double for every type: what follows the sum is no integer.
template <typename T>
struct RealSum {
  static double Start() { return 0; }
  static void Step(double& sum, T x) { sum += static_cast<double>(x); }
};

template <typename T>
struct L2 : RealSum<T> {
  static void Step(double& sum, T x) { sum += static_cast<double>(x) * static_cast<double>(x); }
  static T Finish(double sum, int64_t) { return FromDouble<T>(std::sqrt(sum)); }
};

template <typename T>
struct LogSum : RealSum<T> {
  static T Finish(double sum, int64_t) { return FromDouble<T>(std::log(sum)); }
};

/// log(sum(exp(x))) in one pass: sum of exp(x - greatest), rescaled when the greatest grows.
template <typename T>
struct LogSumExp {
  struct State {
    double greatest = -std::numeric_limits<double>::infinity();
    double sum = 0;
  };
  static State Start() { return {}; }
  static void Step(State& state, T element) {
    const double x = static_cast<double>(element);
    if (x > state.greatest) {
      state.sum = state.sum * std::exp(state.greatest - x) + 1;
      state.greatest = x;
    } else if (x == state.greatest) {
      state.sum += 1;  // also where both are infinite
    } else {
      state.sum += std::exp(x - state.greatest);
    }
  }
  static T Finish(State state, int64_t) {
    return FromDouble<T>(state.greatest + std::log(state.sum));
  }
};

template <typename T>
struct Prod {
  static Accumulator<T> Start() { return 1; }
  static void Step(Accumulator<T>& product, T x) { product *= Widen(x); }
  static T Finish(Accumulator<T> product, int64_t) { return Narrow<T>(product); }
};

template <template <typename> typename R>
Status RunReduction(KernelContext& context) {
  return Dispatch(context.input(0).type(), ReduceTypes{},
                  [&]<typename T>() { return Reduce<T, R<T>>(context); });
}

}  // namespace

Status RunReduceSum(KernelContext& context) { return RunReduction<Sum>(context); }
Status RunReduceMean(KernelContext& context) { return RunReduction<Mean>(context); }
Status RunReduceSumSquare(KernelContext& context) { return RunReduction<SumSquare>(context); }
Status RunReduceL1(KernelContext& context) { return RunReduction<L1>(context); }
Status RunReduceL2(KernelContext& context) { return RunReduction<L2>(context); }
Status RunReduceProd(KernelContext& context) { return RunReduction<Prod>(context); }
Status RunReduceLogSum(KernelContext& context) { return RunReduction<LogSum>(context); }
Status RunReduceLogSumExp(KernelContext& context) { return RunReduction<LogSumExp>(context); }

}  // namespace sardonyx
