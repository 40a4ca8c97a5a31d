#include "ops/common/interleave.h"

#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/common/interleave.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void InterleavePlanes(int n, const float* from, int64_t step, int64_t count, float* to) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto load = [&](int p, int64_t i) HWY_ATTR { return hn::LoadU(d, from + p * step + i); };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    float* at = to + i * n;
    if (n == 2) {
      hn::StoreInterleaved2(load(0, i), load(1, i), d, at);
    } else if (n == 3) {
      hn::StoreInterleaved3(load(0, i), load(1, i), load(2, i), d, at);
    } else {
      hn::StoreInterleaved4(load(0, i), load(1, i), load(2, i), load(3, i), d, at);
    }
  }
  for (; i < count; ++i) {
    for (int p = 0; p < n; ++p) to[i * n + p] = from[p * step + i];
  }
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(InterleavePlanes);

void Interleave(int n, const float* from, int64_t step, int64_t count, float* to) {
  HWY_DYNAMIC_DISPATCH(InterleavePlanes)(n, from, step, count, to);
}

}  // namespace sardonyx
#endif  // HWY_ONCE
