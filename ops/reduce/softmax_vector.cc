// Softmax of float rows and columns in vectors of whatever width the CPU has.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/reduce/softmax.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/reduce/softmax_vector.cc"
// Each of these includes needs what the one before it defines.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "hwy/contrib/math/math-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace sardonyx {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// exp(x) for x <= 0, 0 far below; NaN stays NaN, which Highway's Exp would lose.
template <class D, class V>
V ExpOf(D d, V x) {
  return hn::IfThenElse(hn::Eq(x, x), hn::Exp(d, x), x);
}

void Row(const float* x, int64_t n, bool log, float* y) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto greatest_lanes = hn::Set(d, -std::numeric_limits<float>::infinity());
  float greatest = -std::numeric_limits<float>::infinity();
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) greatest_lanes = hn::Max(greatest_lanes, hn::LoadU(d, x + i));
  for (; i < n; ++i) greatest = std::max(greatest, x[i]);
  greatest = std::max(greatest, hn::GetLane(hn::MaxOfLanes(d, greatest_lanes)));

  const auto shift = hn::Set(d, greatest);
  auto sums = hn::Zero(d);
  float sum = 0;
  const hn::CappedTag<float, 1> d1;
  const auto shift1 = hn::Set(d1, greatest);
  for (i = 0; i + lanes <= n; i += lanes) {
    const auto shifted = hn::Sub(hn::LoadU(d, x + i), shift);
    const auto e = ExpOf(d, shifted);
    sums = hn::Add(sums, e);
    hn::StoreU(log ? shifted : e, d, y + i);
  }
  for (; i < n; ++i) {
    const auto shifted = hn::Sub(hn::LoadU(d1, x + i), shift1);
    const auto e = ExpOf(d1, shifted);
    sum += hn::GetLane(e);
    hn::StoreU(log ? shifted : e, d1, y + i);
  }
  sum += hn::GetLane(hn::SumOfLanes(d, sums));

  const float factor = log ? -std::log(sum) : 1.0f / sum;
  const auto factors = hn::Set(d, factor);
  for (i = 0; i + lanes <= n; i += lanes) {
    const auto v = hn::LoadU(d, y + i);
    hn::StoreU(log ? hn::Add(v, factors) : hn::Mul(v, factors), d, y + i);
  }
  for (; i < n; ++i) y[i] = log ? y[i] + factor : y[i] * factor;
}

template <class D>
void ColumnVector(D d, const float* x, int64_t n, int64_t stride, bool log, float* y) {
  auto greatest = hn::LoadU(d, x);
  for (int64_t i = 1; i < n; ++i) greatest = hn::Max(greatest, hn::LoadU(d, x + i * stride));
  auto sum = hn::Zero(d);
  for (int64_t i = 0; i < n; ++i) {
    const auto shifted = hn::Sub(hn::LoadU(d, x + i * stride), greatest);
    const auto e = ExpOf(d, shifted);
    sum = hn::Add(sum, e);
    hn::StoreU(log ? shifted : e, d, y + i * stride);
  }
  const auto factor = log ? hn::Neg(hn::Log(d, sum)) : hn::Div(hn::Set(d, 1.0f), sum);
  for (int64_t i = 0; i < n; ++i) {
    const auto v = hn::LoadU(d, y + i * stride);
    hn::StoreU(log ? hn::Add(v, factor) : hn::Mul(v, factor), d, y + i * stride);
  }
}

void Columns(const float* x, int64_t n, int64_t stride, int64_t count, bool log, float* y) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> d1;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t j = 0;
  for (; j + lanes <= count; j += lanes) ColumnVector(d, x + j, n, stride, log, y + j);
  for (; j < count; ++j) ColumnVector(d1, x + j, n, stride, log, y + j);
}

}  // namespace HWY_NAMESPACE
}  // namespace sardonyx
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(Row);
HWY_EXPORT(Columns);

void SoftmaxRow(const float* x, int64_t n, bool log, float* y) {
  HWY_DYNAMIC_DISPATCH(Row)(x, n, log, y);
}

void SoftmaxColumns(const float* x, int64_t n, int64_t stride, int64_t count, bool log, float* y) {
  HWY_DYNAMIC_DISPATCH(Columns)(x, n, stride, count, log, y);
}

}  // namespace sardonyx
#endif  // HWY_ONCE
