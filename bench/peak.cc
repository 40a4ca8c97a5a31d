#include "bench/peak.h"

#include <algorithm>
#include <chrono>

#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/peak.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Multiply-adds on twelve independent registers; returns how many floating-point operations.
double MultiplyAdds(int steps, float* sink) {
  const hn::CappedTag<float, 16> d;
  using V = hn::Vec<decltype(d)>;
  constexpr int kChains = 12;
  V sums[kChains];
#pragma GCC unroll 12
  for (int i = 0; i < kChains; ++i) sums[i] = hn::Set(d, static_cast<float>(i));
  V factor = hn::Set(d, 0.5f);
  for (int step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) sums[i] = hn::MulAdd(sums[i], factor, factor);
  }
#pragma GCC unroll 12
  for (int i = 0; i < kChains; ++i) factor = hn::Add(factor, sums[i]);
  *sink = hn::GetLane(factor);
  return 2.0 * kChains * steps * static_cast<double>(hn::Lanes(d));
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(MultiplyAdds);

double PeakFlops() {
  static const double peak = [] {
    double best = 0;
    volatile float kept = 0;
    for (int repeat = 0; repeat < 20; ++repeat) {
      float sink = 0;
      const auto begin = std::chrono::steady_clock::now();
      const double operations = HWY_DYNAMIC_DISPATCH(MultiplyAdds)(500'000, &sink);
      const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
      kept = sink;
      best = std::max(best, operations / time.count());
    }
    return kept == -1.0f ? 0 : best;
  }();
  return peak;
}

}  // namespace sardonyx
#endif  // HWY_ONCE
