#include <algorithm>

#include "ops/common/simd_targets.h"
#include "ops/elementwise/native.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/elementwise/native_unary.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "ops/common/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// y[i] = f(x[i]), the last ones in a vector filled up with zeros.
template <class F>
HWY_INLINE void Map(const void* x, void* y, int64_t n, F f) {
  const D d;
  const auto* in = static_cast<const float*>(x);
  auto* out = static_cast<float*>(y);
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(f(hn::LoadU(d, in + i)), d, out + i);
  if (i == n) return;
  HWY_ALIGN float rest[hn::MaxLanes(d)] = {};
  std::copy(in + i, in + n, rest);
  hn::Store(f(hn::Load(d, rest)), d, rest);
  std::copy(rest, rest + (n - i), out + i);
}

#define SX_MAP(Name, expression)                                                           \
  void Name(const void* x, void* y, int64_t n, [[maybe_unused]] const UnaryAttrs& attrs) { \
    const D d;                                                                             \
    Map(x, y, n, [&](V v) HWY_ATTR { return expression; });                                \
  }

SX_MAP(Abs, ((void)d, hn::Abs(v)))
SX_MAP(Neg, ((void)d, hn::Neg(v)))
SX_MAP(Ceil, ((void)d, hn::Ceil(v)))
SX_MAP(Floor, ((void)d, hn::Floor(v)))
SX_MAP(Round, ((void)d, hn::Round(v)))
SX_MAP(Sqrt, ((void)d, hn::Sqrt(v)))
SX_MAP(Reciprocal, hn::Div(hn::Set(d, 1.0f), v))
SX_MAP(Exp, simd::Exp(d, v))
SX_MAP(Log, simd::Log(d, v))
SX_MAP(Tanh, simd::Tanh(d, v))
SX_MAP(Erf, simd::Erf(d, v))
SX_MAP(Sigmoid, simd::Sigmoid(d, v))
SX_MAP(Relu, hn::IfThenElse(hn::Lt(v, hn::Zero(d)), hn::Zero(d), v))
SX_MAP(LeakyRelu, hn::IfThenElse(hn::Lt(v, hn::Zero(d)), hn::Mul(v, hn::Set(d, attrs.alpha)), v))
SX_MAP(Clip, simd::Clamp(d, v, hn::Set(d, attrs.alpha), hn::Set(d, attrs.beta)))
SX_MAP(HardSigmoid,
       simd::Clamp(d, hn::Add(hn::Mul(v, hn::Set(d, attrs.alpha)), hn::Set(d, attrs.beta)),
                   hn::Zero(d), hn::Set(d, 1.0f)))
SX_MAP(HardSwish,
       hn::Mul(v, simd::Clamp(d, hn::Add(hn::Mul(v, hn::Set(d, 1.0f / 6)), hn::Set(d, 0.5f)),
                              hn::Zero(d), hn::Set(d, 1.0f))))
SX_MAP(Swish, hn::Mul(v, simd::Sigmoid(d, hn::Mul(v, hn::Set(d, attrs.alpha)))))
SX_MAP(GeluErf, simd::Gelu(d, v))
// (1 + tanh u) / 2 is sigmoid(2u), which does not cancel.
SX_MAP(GeluTanh,
       hn::Mul(v, simd::Sigmoid(d, hn::Mul(v, hn::MulAdd(hn::Mul(v, v),
                                                         hn::Set(d, 2 * 0.7978845608028654f *
                                                                        0.044715f),
                                                         hn::Set(d, 2 * 0.7978845608028654f))))))
#undef SX_MAP

}  // namespace HWY_NAMESPACE
}  // namespace sardonyx
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

#define SX_EXPORT(Name)                                                           \
  HWY_EXPORT(Name);                                                               \
  void native::Name(const void* x, void* y, int64_t n, const UnaryAttrs& attrs) { \
    HWY_DYNAMIC_DISPATCH(Name)(x, y, n, attrs);                                   \
  }
SX_EXPORT(Abs)
SX_EXPORT(Neg)
SX_EXPORT(Ceil)
SX_EXPORT(Floor)
SX_EXPORT(Round)
SX_EXPORT(Sqrt)
SX_EXPORT(Reciprocal)
SX_EXPORT(Exp)
SX_EXPORT(Log)
SX_EXPORT(Tanh)
SX_EXPORT(Erf)
SX_EXPORT(Sigmoid)
SX_EXPORT(Relu)
SX_EXPORT(LeakyRelu)
SX_EXPORT(Clip)
SX_EXPORT(HardSigmoid)
SX_EXPORT(HardSwish)
SX_EXPORT(Swish)
#undef SX_EXPORT

HWY_EXPORT(GeluErf);
HWY_EXPORT(GeluTanh);
void native::Gelu(const void* x, void* y, int64_t n, const UnaryAttrs& attrs) {
  if (attrs.flag) {
    HWY_DYNAMIC_DISPATCH(GeluTanh)(x, y, n, attrs);
  } else {
    HWY_DYNAMIC_DISPATCH(GeluErf)(x, y, n, attrs);
  }
}

}  // namespace sardonyx
#endif
