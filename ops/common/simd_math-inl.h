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

/// step(i) for i < n, unrolled, so that arrays of vectors stay in registers.
template <size_t n, class Step>
HWY_INLINE void Each(const Step& step) {
#pragma GCC unroll 8
  for (size_t i = 0; i < n; ++i) step(i);
}

/// e^x for x <= 0, within 2 ulp; 0 below -87. 2^k e^r with |r| <= log(2) / 2, and of e^r what
/// follows 1 + r as r^2 times a polynomial of degree 4, fitted to a relative 4e-9. Each step is
/// taken for all vectors before the next, so that they hide one another's latency.
template <class D, size_t n, class V = hn::Vec<D>>
HWY_INLINE void ExpOfNegatives(D d, V (&x)[n]) {
  constexpr float kPolynomial[] = {0.008368904702365398f, 0.041669413447380066f, 0.166665181517601f,
                                   0.49999988079071045f};
  const hn::RebindToSigned<D> bits;
  const V least = hn::Set(d, -87.0f), one = hn::Set(d, 1.0f);
  // A sum with this is rounded to an integer, which then stands in the lowest bits.
  const V rounds = hn::Set(d, 0x1.8p23f);
  V k[n], r[n], p[n];
  Each<n>([&](size_t i) HWY_ATTR {
    r[i] = hn::IfThenElse(hn::Lt(x[i], least), least, x[i]);
    k[i] = hn::MulAdd(r[i], hn::Set(d, 1.4426950408889634f), rounds);
  });
  // log(2) in two parts, the first with so few bits that its product with k is exact.
  Each<n>([&](size_t i) HWY_ATTR {
    r[i] = hn::NegMulAdd(hn::Sub(k[i], rounds), hn::Set(d, 0.693145751953125f), r[i]);
  });
  Each<n>([&](size_t i) HWY_ATTR {
    r[i] = hn::NegMulAdd(hn::Sub(k[i], rounds), hn::Set(d, 1.428606765330187e-6f), r[i]);
    p[i] = hn::Set(d, 0.0013757667038589716f);
  });
#pragma GCC unroll 4
  for (const float coefficient : kPolynomial) {
    Each<n>([&](size_t i) HWY_ATTR { p[i] = hn::MulAdd(p[i], r[i], hn::Set(d, coefficient)); });
  }
  Each<n>([&](size_t i) HWY_ATTR {
    p[i] = hn::Add(hn::MulAdd(hn::Mul(r[i], r[i]), p[i], r[i]), one);
    const auto exponent = hn::ShiftLeft<23>(hn::BitCast(bits, k[i]));
    const V y = hn::BitCast(d, hn::Add(hn::BitCast(bits, p[i]), exponent));
    x[i] = hn::IfThenZeroElse(hn::Lt(x[i], least), y);
  });
}

/// 1 / x for x from 1 on, within 2 ulp: an estimate and steps of Newton's method, as divisions take
/// several times as long.
template <class D, size_t n, class V = hn::Vec<D>>
HWY_INLINE void Reciprocals(D d, V (&x)[n]) {
  constexpr int kSteps = HWY_TARGET == HWY_AVX3 ? 1 : 2;  // from 14 bits, or from 11 and fewer
  V y[n];
  Each<n>([&](size_t i) HWY_ATTR { y[i] = hn::ApproximateReciprocal(x[i]); });
#pragma GCC unroll 2
  for (int step = 0; step < kSteps; ++step) {
    Each<n>([&](size_t i) HWY_ATTR {
      y[i] = hn::MulAdd(y[i], hn::NegMulAdd(x[i], y[i], hn::Set(d, 1.0f)), y[i]);
    });
  }
  Each<n>([&](size_t i) HWY_ATTR { x[i] = y[i]; });
}

/// Within 3 ulp.
template <class D, size_t n, class V = hn::Vec<D>>
HWY_INLINE void Sigmoids(D d, V (&x)[n]) {
  const V one = hn::Set(d, 1.0f);
  V e[n], above[n];
  Each<n>([&](size_t i) HWY_ATTR { e[i] = hn::Neg(hn::Abs(x[i])); });
  simd::ExpOfNegatives(d, e);
  Each<n>([&](size_t i) HWY_ATTR {
    above[i] = hn::IfThenElse(hn::Lt(x[i], hn::Zero(d)), e[i], one);
    e[i] = hn::Add(one, e[i]);
  });
  simd::Reciprocals(d, e);
  Each<n>([&](size_t i) HWY_ATTR { x[i] = hn::Mul(above[i], e[i]); });
}

/// x sigmoid(a x).
template <class D, size_t n, class V = hn::Vec<D>>
HWY_INLINE void Swishes(D d, V a, V (&x)[n]) {
  V gate[n];
  Each<n>([&](size_t i) HWY_ATTR { gate[i] = hn::Mul(a, x[i]); });
  simd::Sigmoids(d, gate);
  Each<n>([&](size_t i) HWY_ATTR { x[i] = hn::Mul(x[i], gate[i]); });
}

/// With a division, which rounds once less.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Sigmoid(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  V e[1] = {hn::Neg(hn::Abs(x))};
  simd::ExpOfNegatives(d, e);
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e[0], one), hn::Add(one, e[0]));
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

/// x (1 + erf(x / sqrt 2)) / 2 as max(x, 0) - |x| erfc(|x| / sqrt 2) / 2, which does not cancel.
/// The erfc is e^(-x^2 / 2) times t = 1 / (1 + 0.35 |x|) and a polynomial in t of degree 8, fitted
/// to a relative 3.2e-8 up to 14, where the product is below the least float.
template <class D, size_t n, class V = hn::Vec<D>>
HWY_INLINE void Gelus(D d, V (&x)[n]) {
  constexpr float kPolynomial[] = {
      0.14397168159484863f, -0.2557142376899719f, 0.1591741293668747f,  -0.023109812289476395f,
      0.105507992208004f,   0.11983287334442139f, 0.13986186683177948f, 0.13962140679359436f};
  const V zero = hn::Zero(d), most = hn::Set(d, 14.0f);
  V held[n], e[n], t[n], p[n];
  Each<n>([&](size_t i) HWY_ATTR {
    const V a = hn::Abs(x[i]);
    held[i] = hn::IfThenElse(hn::Gt(a, most), most, a);
    e[i] = hn::Mul(hn::Mul(held[i], held[i]), hn::Set(d, -0.5f));
    t[i] = hn::MulAdd(held[i], hn::Set(d, 0.35f), hn::Set(d, 1.0f));
    p[i] = hn::Set(d, -0.029145928099751472f);
  });
  simd::ExpOfNegatives(d, e);
  simd::Reciprocals(d, t);
#pragma GCC unroll 8
  for (const float coefficient : kPolynomial) {
    Each<n>([&](size_t i) HWY_ATTR { p[i] = hn::MulAdd(p[i], t[i], hn::Set(d, coefficient)); });
  }
  Each<n>([&](size_t i) HWY_ATTR {
    // Times zero, not zero: -inf gives NaN, as the definition does.
    const V above = hn::IfThenElse(hn::Lt(x[i], zero), hn::Mul(x[i], zero), x[i]);
    x[i] = hn::NegMulAdd(hn::Mul(held[i], t[i]), hn::Mul(p[i], e[i]), above);
  });
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V Gelu(D d, V x) {
  V one[1] = {x};
  simd::Gelus(d, one);
  return one[0];
}

}  // namespace simd
}  // namespace HWY_NAMESPACE
}  // namespace sardonyx
HWY_AFTER_NAMESPACE();

#endif
