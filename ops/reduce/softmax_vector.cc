// Softmax of float rows and columns in vectors of whatever width the CPU has.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/common/simd_targets.h"
#include "ops/reduce/softmax.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/reduce/softmax_vector.cc"
// Each of these includes needs what the one before it defines.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "ops/common/simd_math-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace sardonyx {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

template <class D, class V>
HWY_INLINE V ExpOf(D d, V x) {
  V one[1] = {x};
  simd::ExpOfNegatives(d, one);
  return one[0];
}

/// What becomes of a row whose greatest element is known.
struct RowTask {
  const float* x;
  float* y;
  V greatest;
  bool log;
};

/// Writes x - greatest, or its exponential, of `vectors` vectors from i on; returns the sum of the
/// exponentials.
template <size_t vectors, class Load, class Store>
HWY_INLINE V Exponentials(const RowTask& row, int64_t i, const Load& load, const Store& store) {
  const D d;
  const auto at = [&](size_t v) { return i + static_cast<int64_t>(v * hn::Lanes(d)); };
  V shifted[vectors], e[vectors];
  simd::Each<vectors>(
      [&](size_t v) HWY_ATTR { e[v] = shifted[v] = hn::Sub(load(row.x + at(v)), row.greatest); });
  simd::ExpOfNegatives(d, e);
  V sum = e[0];
  simd::Each<vectors>([&](size_t v) HWY_ATTR {
    if (v > 0) sum = hn::Add(sum, e[v]);
    store(row.log ? shifted[v] : e[v], row.y + at(v));
  });
  return sum;
}

void Row(const float* x, int64_t n, bool log, float* y) {
  const D d;
  constexpr int64_t kTogether = 4;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const V lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  const int64_t whole = n - n % lanes;
  const auto mask = hn::FirstN(d, static_cast<size_t>(n - whole));
  const auto load = [&](const float* p) HWY_ATTR { return hn::LoadU(d, p); };
  const auto store = [&](V v, float* p) HWY_ATTR { hn::StoreU(v, d, p); };
  V greatest = hn::IfThenElse(mask, hn::MaskedLoad(mask, d, x + whole), lowest);
  int64_t i = 0;
  for (; i < whole; i += lanes) greatest = hn::Max(greatest, load(x + i));
  const RowTask row{x, y, hn::MaxOfLanes(d, greatest), log};

  V sums = hn::Zero(d);
  for (i = 0; i + kTogether * lanes <= whole; i += kTogether * lanes) {
    sums = hn::Add(sums, Exponentials<kTogether>(row, i, load, store));
  }
  for (; i < whole; i += lanes) sums = hn::Add(sums, Exponentials<1>(row, i, load, store));
  const auto load_rest = [&](const float* p) HWY_ATTR { return hn::MaskedLoad(mask, d, p); };
  const auto store_rest = [&](V v, float* p) HWY_ATTR { hn::BlendedStore(v, mask, d, p); };
  const V rest = Exponentials<1>(row, whole, load_rest, store_rest);
  sums = hn::Add(sums, hn::IfThenElseZero(mask, rest));

  const float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  const V factors = hn::Set(d, log ? -std::log(sum) : 1.0f / sum);
  const auto finish = [&](V v) HWY_ATTR { return log ? hn::Add(v, factors) : hn::Mul(v, factors); };
  for (i = 0; i < whole; i += lanes) store(finish(load(y + i)), y + i);
  store_rest(finish(load_rest(y + whole)), y + whole);
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
