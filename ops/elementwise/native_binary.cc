#include <algorithm>

#include "ops/common/simd_targets.h"
#include "ops/elementwise/native.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/elementwise/native_binary.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// y[i] = f(a[i], b[i]) with loads that give operand vectors for position i, `count` elements of
/// which are there.
template <class LoadA, class LoadB, class F>
HWY_INLINE void Rows(float* y, int64_t n, LoadA load_a, LoadB load_b, F f) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    hn::StoreU(f(load_a(i, lanes), load_b(i, lanes)), d, y + i);
  }
  if (i == n) return;
  HWY_ALIGN float rest[hn::MaxLanes(d)];
  hn::Store(f(load_a(i, n - i), load_b(i, n - i)), d, rest);
  std::copy(rest, rest + (n - i), y + i);
}

/// Loads the elements from x[i] on; those missing from a whole vector as zeros.
struct Moving {
  const float* x;
  HWY_INLINE V operator()(int64_t i, int64_t count) const {
    const D d;
    if (count == static_cast<int64_t>(hn::Lanes(d))) return hn::LoadU(d, x + i);
    HWY_ALIGN float rest[hn::MaxLanes(d)] = {};
    std::copy(x + i, x + i + count, rest);
    return hn::Load(d, rest);
  }
};

struct Fixed {
  V value;
  HWY_INLINE V operator()(int64_t, int64_t) const { return value; }
};

template <class F>
HWY_INLINE void Combine(const BinaryOperands& at, int64_t n, F f) {
  const D d;
  const auto* a = static_cast<const float*>(at.a);
  const auto* b = static_cast<const float*>(at.b);
  auto* y = static_cast<float*>(at.y);
  if (at.a_step != 0 && at.b_step != 0) {
    Rows(y, n, Moving{a}, Moving{b}, f);
  } else if (at.a_step != 0) {
    Rows(y, n, Moving{a}, Fixed{hn::Set(d, *b)}, f);
  } else if (at.b_step != 0) {
    Rows(y, n, Fixed{hn::Set(d, *a)}, Moving{b}, f);
  } else {
    Rows(y, n, Fixed{hn::Set(d, *a)}, Fixed{hn::Set(d, *b)}, f);
  }
}

#define SX_COMBINE(Name, expression)                                   \
  void Name(const BinaryOperands& at, int64_t n, const BinaryAttrs&) { \
    Combine(at, n, [](V a, V b) HWY_ATTR { return expression; });      \
  }

/// `picked` of a and b, or NaN where either is.
HWY_INLINE V OrNan(V a, V b, V picked) {
  return hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenElse(hn::IsNaN(b), b, picked));
}

SX_COMBINE(Add, hn::Add(a, b))
SX_COMBINE(Sub, hn::Sub(a, b))
SX_COMBINE(Mul, hn::Mul(a, b))
SX_COMBINE(Div, hn::Div(a, b))
SX_COMBINE(Max, OrNan(a, b, hn::IfThenElse(hn::Lt(a, b), b, a)))
SX_COMBINE(Min, OrNan(a, b, hn::IfThenElse(hn::Lt(b, a), b, a)))
SX_COMBINE(PRelu, hn::IfThenElse(hn::Lt(a, hn::Zero(D())), hn::Mul(a, b), a))
#undef SX_COMBINE

}  // namespace HWY_NAMESPACE
}  // namespace sardonyx
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

#define SX_EXPORT(Name)                                                              \
  HWY_EXPORT(Name);                                                                  \
  void native::Name(const BinaryOperands& at, int64_t n, const BinaryAttrs& attrs) { \
    HWY_DYNAMIC_DISPATCH(Name)(at, n, attrs);                                        \
  }
SX_EXPORT(Add)
SX_EXPORT(Sub)
SX_EXPORT(Mul)
SX_EXPORT(Div)
SX_EXPORT(Max)
SX_EXPORT(Min)
SX_EXPORT(PRelu)
#undef SX_EXPORT

}  // namespace sardonyx
#endif
