// Vector functions of float32 for kernels written with Highway, compiled once per instruction set.
//
// Include it after hwy/highway.h in a file that hwy/foreach_target.h includes again and again. All
// functions take every float: NaN gives NaN and infinities their limits.

#if defined(SARDONYX_OPS_COMMON_SIMD_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SARDONYX_OPS_COMMON_SIMD_MATH_INL_H_
#undef SARDONYX_OPS_COMMON_SIMD_MATH_INL_H_
#else
#define SARDONYX_OPS_COMMON_SIMD_MATH_INL_H_
#endif

#include <limits>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx {
namespace HWY_NAMESPACE {
namespace simd {
namespace hn = hwy::HWY_NAMESPACE;

/// Holds x within [low, high]; NaN stays.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Clamp(D, V x, V low, V high) {
  const V raised = hn::IfThenElse(hn::Lt(x, low), low, x);
  return hn::IfThenElse(hn::Gt(raised, high), high, raised);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V Exp(D d, V x) {
  const V end = hn::Set(d, 89.0f);  // e^89 is infinite
  const V held = hn::IfThenElse(hn::Gt(x, end), end, x);
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, held));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V Log(D d, V x) {
  const V infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  V y = hn::Log(d, x);
  y = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinity), y);
  y = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::NaN(d), y);
  return hn::IfThenElse(hn::Lt(x, infinity), y, x);  // infinity and NaN stay
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V Tanh(D d, V x) {
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(d, x));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V Sigmoid(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V e = simd::Exp(d, hn::Neg(hn::Abs(x)));  // at most 1, so that nothing overflows
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
}

/// erf for |x| <= 1: x P(x^2), P of degree 6 fitted to 1.3e-9.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ErfSmall(D d, V x) {
  const V u = hn::Mul(x, x);
  V p = hn::Set(d, 7.853857823647559e-05f);
  p = hn::MulAdd(p, u, hn::Set(d, -0.0008010192541405559f));
  p = hn::MulAdd(p, u, hn::Set(d, 0.005188327748328447f));
  p = hn::MulAdd(p, u, hn::Set(d, -0.026853810995817184f));
  p = hn::MulAdd(p, u, hn::Set(d, 0.1128358542919159f));
  p = hn::MulAdd(p, u, hn::Set(d, -0.3761262595653534f));
  p = hn::MulAdd(p, u, hn::Set(d, 1.1283791065216064f));
  return hn::Mul(x, p);
}

/// erfc for x >= 1: e^(-x^2) Q(1 / (1 + x)), Q of degree 8 fitted to a relative 2.4e-8 up to 10.5,
/// where the result is below the least float.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ErfcLarge(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V t = hn::Div(one, hn::Add(one, x));
  V q = hn::Set(d, 0.5249075293540955f);
  q = hn::MulAdd(q, t, hn::Set(d, -2.236334800720215f));
  q = hn::MulAdd(q, t, hn::Set(d, 3.4656529426574707f));
  q = hn::MulAdd(q, t, hn::Set(d, -2.2116096019744873f));
  q = hn::MulAdd(q, t, hn::Set(d, 0.08541179448366165f));
  q = hn::MulAdd(q, t, hn::Set(d, 0.2267734706401825f));
  q = hn::MulAdd(q, t, hn::Set(d, 0.5692347288131714f));
  q = hn::MulAdd(q, t, hn::Set(d, 0.563934862613678f));
  q = hn::MulAdd(q, t, hn::Set(d, 5.442863312055124e-06f));
  return hn::Mul(q, simd::Exp(d, hn::Neg(hn::Mul(x, x))));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V Erf(D d, V x) {
  const V a = hn::Abs(x), one = hn::Set(d, 1.0f);
  const V held = hn::IfThenElse(hn::Gt(a, hn::Set(d, 10.5f)), hn::Set(d, 10.5f), a);
  const V large = hn::CopySignToAbs(hn::Sub(one, simd::ErfcLarge(d, held)), x);
  return hn::IfThenElse(hn::Ge(a, one), large, simd::ErfSmall(d, x));
}

/// x (1 + erf(x / sqrt 2)) / 2, without cancellation below zero.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Gelu(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V z = hn::Mul(x, hn::Set(d, 0.70710678118654752440f));
  const V a = hn::Abs(z);
  const V held = hn::IfThenElse(hn::Gt(a, hn::Set(d, 10.5f)), hn::Set(d, 10.5f), a);
  const V tail = simd::ErfcLarge(d, held);
  const V large = hn::IfThenElse(hn::Lt(z, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 2.0f), tail));
  const V sum = hn::IfThenElse(hn::Ge(a, one), large, hn::Add(one, simd::ErfSmall(d, z)));
  return hn::Mul(hn::Mul(hn::Set(d, 0.5f), x), sum);
}

}  // namespace simd
}  // namespace HWY_NAMESPACE
}  // namespace sardonyx
HWY_AFTER_NAMESPACE();

#endif
