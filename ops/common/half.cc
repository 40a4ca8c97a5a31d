#include "ops/common/half.h"

#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/common/half.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Below AVX2 there are no instructions for it, and the portable conversions serve as well.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
constexpr bool kHasHalf = true;
#else
constexpr bool kHasHalf = false;
#endif

void HalfToFloatRow(const Half* from, int64_t n, float* to) {
  int64_t i = 0;
  if constexpr (kHasHalf) {
    const hn::ScalableTag<float> d;
    const hn::Rebind<hwy::float16_t, decltype(d)> dh;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    const auto* in = reinterpret_cast<const hwy::float16_t*>(from);
    for (; i + lanes <= n; i += lanes)
      hn::StoreU(hn::PromoteTo(d, hn::LoadU(dh, in + i)), d, to + i);
  }
  for (; i < n; ++i) to[i] = static_cast<float>(from[i]);
}

void FloatToHalfRow(const float* from, int64_t n, Half* to) {
  int64_t i = 0;
  if constexpr (kHasHalf) {
    const hn::ScalableTag<float> d;
    const hn::Rebind<hwy::float16_t, decltype(d)> dh;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    auto* out = reinterpret_cast<hwy::float16_t*>(to);
    for (; i + lanes <= n; i += lanes) {
      hn::StoreU(hn::DemoteTo(dh, hn::LoadU(d, from + i)), dh, out + i);
    }
  }
  for (; i < n; ++i) to[i] = Half(from[i]);
}

}  // namespace HWY_NAMESPACE
}  // namespace sardonyx
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(HalfToFloatRow);
HWY_EXPORT(FloatToHalfRow);

void HalfToFloat(const Half* from, int64_t n, float* to) {
  HWY_DYNAMIC_DISPATCH(HalfToFloatRow)(from, n, to);
}

void FloatToHalf(const float* from, int64_t n, Half* to) {
  HWY_DYNAMIC_DISPATCH(FloatToHalfRow)(from, n, to);
}

}  // namespace sardonyx
#endif
