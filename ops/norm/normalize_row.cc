// Layer normalization of one row of floats, compiled for several instruction sets.
#include <algorithm>
#include <cmath>

#include "ops/common/simd_targets.h"
#include "ops/norm/layernorm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/norm/normalize_row.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());

/// The sum of term(x) over the vectors x of a row; of the last, what is beyond the row counts
/// nothing. Blocks are short enough for sums in float, which double then holds.
template <class Term>
HWY_INLINE double SumOfRow(const float* row, int64_t n, const Term& term) {
  const D d;
  constexpr int64_t kStep = 4 * kLanes, kBlock = 64 * kStep;
  double total = 0;
  for (int64_t start = 0; start < n; start += kBlock) {
    const int64_t end = std::min(start + kBlock, n);
    V a = hn::Zero(d), b = a, c = a, e = a;
    int64_t i = start;
    for (; i + kStep <= end; i += kStep) {
      a = hn::Add(a, term(hn::LoadU(d, row + i)));
      b = hn::Add(b, term(hn::LoadU(d, row + i + kLanes)));
      c = hn::Add(c, term(hn::LoadU(d, row + i + 2 * kLanes)));
      e = hn::Add(e, term(hn::LoadU(d, row + i + 3 * kLanes)));
    }
    for (; i < end; i += kLanes) {
      const auto mask = hn::FirstN(d, static_cast<size_t>(std::min(kLanes, end - i)));
      a = hn::Add(a, hn::IfThenElseZero(mask, term(hn::MaskedLoad(mask, d, row + i))));
    }
    total +=
        static_cast<double>(hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(a, b), hn::Add(c, e)))));
  }
  return total;
}

/// y = (x - mean) * inverse * scale + bias.
template <bool biased>
HWY_INLINE void Scale(const float* x, int64_t n, float mean, float inverse, const float* scale,
                      const float* bias, float* y) {
  const D d;
  const V centre = hn::Set(d, mean), factor = hn::Set(d, inverse);
  const auto normal = [&](V v, V s, V b) HWY_ATTR {
    const V scaled = hn::Mul(hn::Mul(hn::Sub(v, centre), factor), s);
    return biased ? hn::Add(scaled, b) : scaled;
  };
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const V b = biased ? hn::LoadU(d, bias + i) : hn::Zero(d);
    hn::StoreU(normal(hn::LoadU(d, x + i), hn::LoadU(d, scale + i), b), d, y + i);
  }
  if (i == n) return;
  const auto mask = hn::FirstN(d, static_cast<size_t>(n - i));
  const V b = biased ? hn::MaskedLoad(mask, d, bias + i) : hn::Zero(d);
  hn::BlendedStore(normal(hn::MaskedLoad(mask, d, x + i), hn::MaskedLoad(mask, d, scale + i), b),
                   mask, d, y + i);
}

}  // namespace

void Normalize(const LayerNormAttrs& attrs, const float* x, int64_t n, const float* scale,
               const float* bias, float* y, float* mean_out, float* inverse_out) {
  const D d;
  const double count = static_cast<double>(n);
  float mean = 0;
  if (attrs.center) {
    mean = static_cast<float>(SumOfRow(x, n, [](V v) { return v; }) / count);
  }
  const V centre = hn::Set(d, mean);
  const double squares = SumOfRow(x, n, [&](V v) HWY_ATTR {
    const V off = hn::Sub(v, centre);
    return hn::Mul(off, off);
  });
  const float inverse = static_cast<float>(1 / std::sqrt(squares / count + attrs.epsilon));
  if (mean_out != nullptr) *mean_out = mean;
  if (inverse_out != nullptr) *inverse_out = inverse;
  if (bias != nullptr) {
    Scale<true>(x, n, mean, inverse, scale, bias, y);
  } else {
    Scale<false>(x, n, mean, inverse, scale, nullptr, y);
  }
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(Normalize);

void NormalizeRow(const LayerNormAttrs& attrs, const float* x, int64_t n, const float* scale,
                  const float* bias, float* y, float* mean_out, float* inverse_out) {
  HWY_DYNAMIC_DISPATCH(Normalize)(attrs, x, n, scale, bias, y, mean_out, inverse_out);
}

}  // namespace sardonyx
#endif  // HWY_ONCE
