// Reference kernels of ReduceMax and ReduceMin. NaN wins, as in NumPy.
#include <algorithm>

#include "ops/reduce/reduce.h"

namespace sardonyx {
namespace {

/// The value that every other one replaces.
template <typename C, bool kMax>
C Neutral() {
  using Limits = std::numeric_limits<C>;
  if constexpr (Limits::has_infinity) return kMax ? -Limits::infinity() : Limits::infinity();
  return kMax ? Limits::lowest() : Limits::max();
}

template <typename T, bool kMax>
struct Extreme {
  using C = ComputeType<T>;
  static C Start() { return Neutral<C, kMax>(); }
  static void Step(C& best, T element) {
    const C x = static_cast<C>(element);
    if ((kMax ? x > best : x < best) || x != x) best = x;
  }
  static T Finish(C best, int64_t) { return static_cast<T>(best); }
};

template <bool kMax>
Status RunExtreme(KernelContext& context) {
  return Dispatch(context.input(0).type(), ReduceTypes{} + TypeList<int8_t, uint8_t, bool>{},
                  [&]<typename T>() { return Reduce<T, Extreme<T, kMax>>(context); });
}

}  // namespace

Status RunReduceMax(KernelContext& context) { return RunExtreme<true>(context); }
Status RunReduceMin(KernelContext& context) { return RunExtreme<false>(context); }

}  // namespace sardonyx
