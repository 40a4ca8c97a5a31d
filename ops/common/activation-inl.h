// Activations on vectors, for kernels compiled once per instruction set: included from within
// Highway's foreach_target, hence the toggled guard.
#if defined(SARDONYX_ACTIVATION_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SARDONYX_ACTIVATION_INL_H
#undef SARDONYX_ACTIVATION_INL_H
#else
#define SARDONYX_ACTIVATION_INL_H
#endif

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "ops/common/activation.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {
namespace activation_internal {

namespace hn = hwy::HWY_NAMESPACE;

// Bounds that keep a NaN of x on every instruction set, which Min and Max do not.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V AtLeast(D, V low, V x) {
  return hn::IfThenElse(hn::Lt(x, low), low, x);
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V AtMost(D, V high, V x) {
  return hn::IfThenElse(hn::Gt(x, high), high, x);
}

/// 1 / (1 + exp(-x)); NaN stays NaN, though Exp would lose it.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Sigmoid(D d, V x) {
  const V bound = hn::Set(d, 88.0f);  // beyond it exp overflows and the result is 0 or 1
  const V one = hn::Set(d, 1.0f);
  const V clipped = hn::Min(bound, hn::Max(hn::Neg(bound), x));
  const V y = hn::Div(one, hn::Add(one, hn::Exp(d, hn::Neg(clipped))));
  const V all = hn::IfThenZeroElse(hn::Lt(x, hn::Neg(bound)), y);
  return hn::IfThenElse(hn::IsNaN(x), x, all);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V TanhOf(D d, V x) {
  const V bound = hn::Set(d, 20.0f);  // beyond it tanh rounds to 1
  const V clipped = hn::Min(bound, hn::Max(hn::Neg(bound), x));
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(d, clipped));
}

/// The kinds that need a division or an exponential; kept out of the callers' loops.
template <class D, class V = hn::Vec<D>>
HWY_NOINLINE V ActivateSlowly(D d, const Activation& activation, V x) {
  const V a = hn::Set(d, activation.a);
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  switch (activation.kind) {
    case Activation::Kind::kSigmoid:
      return Sigmoid(d, x);
    case Activation::Kind::kTanh:
      return TanhOf(d, x);
    case Activation::Kind::kHardSigmoid:
      return AtMost(d, one, AtLeast(d, zero, hn::MulAdd(a, x, hn::Set(d, activation.b))));
    case Activation::Kind::kHardSwish: {
      const V gate = hn::MulAdd(x, hn::Set(d, 1.0f / 6.0f), hn::Set(d, 0.5f));
      return hn::Mul(x, AtMost(d, one, AtLeast(d, zero, gate)));
    }
    case Activation::Kind::kSwish:
      return hn::Mul(x, Sigmoid(d, hn::Mul(a, x)));
    default:
      return x;
  }
}

}  // namespace activation_internal

/// The activation of each lane.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V Activate(D d, const Activation& activation, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  using activation_internal::AtLeast;
  using activation_internal::AtMost;
  switch (activation.kind) {
    case Activation::Kind::kNone:
      return x;
    case Activation::Kind::kRelu:
      return AtLeast(d, hn::Zero(d), x);
    case Activation::Kind::kClip:
      return AtMost(d, hn::Set(d, activation.b), AtLeast(d, hn::Set(d, activation.a), x));
    case Activation::Kind::kLeakyRelu:
      return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(hn::Set(d, activation.a), x), x);
    default:
      return activation_internal::ActivateSlowly(d, activation, x);
  }
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled guard
