#include "ops/common/simd_targets.h"

// Each of these includes needs what the one before it defines.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/common/activate.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "ops/common/activation-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace sardonyx {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

void ActivateAll(const Activation& activation, int64_t n, float* x) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    hn::Vec<decltype(d)> v[4];
    for (int64_t j = 0; j < 4; ++j) v[j] = hn::LoadU(d, x + i + j * lanes);
    Activate(d, activation, v);
    for (int64_t j = 0; j < 4; ++j) hn::StoreU(v[j], d, x + i + j * lanes);
  }
  for (; i < n; ++i) hn::StoreU(Activate(one, activation, hn::LoadU(one, x + i)), one, x + i);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace sardonyx
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(ActivateAll);

void Activate(const Activation& activation, absl::Span<float> x) {
  HWY_DYNAMIC_DISPATCH(ActivateAll)(activation, static_cast<int64_t>(x.size()), x.data());
}

}  // namespace sardonyx
#endif  // HWY_ONCE
