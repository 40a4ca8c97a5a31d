#include "ops/common/simd_targets.h"

// Each of these includes needs what the one before it defines.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/rnn/activate_vector.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "ops/common/simd_math-inl.h"
// clang-format on

#include "ops/rnn/activate.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
void Activate(D d, GateActivation::Kind kind, float clip, float* x) {
  auto v = hn::LoadU(d, x);
  if (clip > 0) v = simd::Clamp(d, v, hn::Set(d, -clip), hn::Set(d, clip));
  switch (kind) {
    case GateActivation::Kind::kSigmoid:
      v = simd::Sigmoid(d, v);
      break;
    case GateActivation::Kind::kTanh:
      v = simd::Tanh(d, v);
      break;
    default:  // kRelu; the caller sees to the others
      v = hn::IfThenZeroElse(hn::Lt(v, hn::Zero(d)), v);
      break;
  }
  hn::StoreU(v, d, x);
}

void ActivateAll(GateActivation::Kind kind, float clip, int64_t n, float* x) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) Activate(d, kind, clip, x + i);
  for (; i < n; ++i) Activate(one, kind, clip, x + i);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace sardonyx
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(ActivateAll);

void ActivateGates(const GateActivation& activation, float clip, int64_t n, float* x) {
  switch (activation.kind) {
    case GateActivation::Kind::kSigmoid:
    case GateActivation::Kind::kTanh:
    case GateActivation::Kind::kRelu:
      HWY_DYNAMIC_DISPATCH(ActivateAll)(activation.kind, clip, n, x);
      return;
    default:
      for (int64_t i = 0; i < n; ++i) {
        const float held = clip > 0 && x[i] < -clip ? -clip : clip > 0 && x[i] > clip ? clip : x[i];
        x[i] = static_cast<float>(activation(held));
      }
  }
}

}  // namespace sardonyx
#endif  // HWY_ONCE
