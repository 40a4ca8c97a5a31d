// Activations on vectors, for kernels compiled once per instruction set: included from within
// Highway's foreach_target, hence the toggled guard.
#if defined(SARDONYX_ACTIVATION_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SARDONYX_ACTIVATION_INL_H
#undef SARDONYX_ACTIVATION_INL_H
#else
#define SARDONYX_ACTIVATION_INL_H
#endif

#include "hwy/highway.h"
#include "ops/common/activation.h"
#include "ops/common/simd_math-inl.h"

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

/// The kinds that are long chains of steps; kept out of the callers' loops.
template <class D, size_t n, class V = hn::Vec<D>>
HWY_NOINLINE void ActivateSlowly(D d, const Activation& activation, V (&x)[n]) {
  const V a = hn::Set(d, activation.a);
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  switch (activation.kind) {
    case Activation::Kind::kSigmoid:
      simd::Sigmoids(d, x);
      break;
    case Activation::Kind::kTanh:
      simd::Each<n>([&](size_t i) HWY_ATTR { x[i] = simd::Tanh(d, x[i]); });
      break;
    case Activation::Kind::kHardSigmoid: {
      const V b = hn::Set(d, activation.b);
      simd::Each<n>([&](size_t i) HWY_ATTR {
        x[i] = AtMost(d, one, AtLeast(d, zero, hn::MulAdd(a, x[i], b)));
      });
      break;
    }
    case Activation::Kind::kHardSwish: {
      const V sixth = hn::Set(d, 1.0f / 6.0f), half = hn::Set(d, 0.5f);
      simd::Each<n>([&](size_t i) HWY_ATTR {
        const V gate = hn::MulAdd(x[i], sixth, half);
        x[i] = hn::Mul(x[i], AtMost(d, one, AtLeast(d, zero, gate)));
      });
      break;
    }
    case Activation::Kind::kSwish:
      simd::Swishes(d, a, x);
      break;
    case Activation::Kind::kGelu:
      simd::Gelus(d, x);
      break;
    case Activation::Kind::kGeluTanh: {
      V gate[n];
      simd::Each<n>([&](size_t i) HWY_ATTR {
        const V cubic = hn::MulAdd(hn::Mul(x[i], x[i]), hn::Set(d, 0.071354816272600247f),
                                   hn::Set(d, 1.5957691216057308f));
        gate[i] = hn::Mul(x[i], cubic);
      });
      simd::Sigmoids(d, gate);
      simd::Each<n>([&](size_t i) HWY_ATTR { x[i] = hn::Mul(x[i], gate[i]); });
      break;
    }
    default:
      break;
  }
}

}  // namespace activation_internal

/// The activation of each lane of some vectors; together they take less time than one by one.
template <class D, size_t n, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE void Activate(D d, const Activation& activation, V (&x)[n]) {
  namespace hn = hwy::HWY_NAMESPACE;
  using activation_internal::AtLeast;
  using activation_internal::AtMost;
  const V a = hn::Set(d, activation.a), b = hn::Set(d, activation.b), zero = hn::Zero(d);
  switch (activation.kind) {
    case Activation::Kind::kNone:
      return;
    case Activation::Kind::kRelu:
      return simd::Each<n>([&](size_t i) HWY_ATTR { x[i] = AtLeast(d, zero, x[i]); });
    case Activation::Kind::kClip:
      return simd::Each<n>([&](size_t i) HWY_ATTR { x[i] = AtMost(d, b, AtLeast(d, a, x[i])); });
    case Activation::Kind::kLeakyRelu:
      return simd::Each<n>([&](size_t i) HWY_ATTR {
        x[i] = hn::IfThenElse(hn::Lt(x[i], zero), hn::Mul(a, x[i]), x[i]);
      });
    default:
      return activation_internal::ActivateSlowly(d, activation, x);
  }
}

template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V Activate(D d, const Activation& activation, V x) {
  V one[1] = {x};
  Activate(d, activation, one);
  return one[0];
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled guard
