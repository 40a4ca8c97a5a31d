#include "ops/conv/im2col_kernel.h"

#include <algorithm>

#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/conv/im2col_kernel.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());

HWY_INLINE void Zero(float* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = 0;
}

/// Contiguous elements, `vectors` whole ones and a rest, in each line.
template <int vectors>
void CopyContiguous(const RowPieces& p) {
  const D d;
  const int64_t rest = p.count - vectors * kLanes;
  const auto mask = hn::FirstN(d, static_cast<size_t>(rest));
  const float* from = p.from;
  float* to = p.to + p.before;
  for (int64_t c = 0; c < p.lines; ++c, from += p.from_step, to += p.to_step) {
#pragma GCC unroll 4
    for (int i = 0; i < vectors; ++i) {
      hn::StoreU(hn::LoadU(d, from + i * kLanes), d, to + i * kLanes);
    }
    if (rest > 0) {
      const V last = hn::MaskedLoad(mask, d, from + vectors * kLanes);
      hn::BlendedStore(last, mask, d, to + vectors * kLanes);
    }
  }
}

#if HWY_TARGET != HWY_SCALAR
/// Every other element.
void CopyEven(const RowPieces& p) {
  const D d;
  const float* from = p.from;
  float* to = p.to + p.before;
  const int64_t whole = (p.count - 1) / kLanes * kLanes;  // of which the last is followed by more
  const int64_t rest = p.count - whole;
  const int64_t low = std::min(2 * rest - 1, kLanes), high = 2 * rest - 1 - low;
  const auto low_mask = hn::FirstN(d, static_cast<size_t>(low));
  const auto high_mask = hn::FirstN(d, static_cast<size_t>(high));
  const auto to_mask = hn::FirstN(d, static_cast<size_t>(rest));
  for (int64_t c = 0; c < p.lines; ++c, from += p.from_step, to += p.to_step) {
    for (int64_t t = 0; t < whole; t += kLanes) {
      const V first = hn::LoadU(d, from + 2 * t), second = hn::LoadU(d, from + 2 * t + kLanes);
      hn::StoreU(hn::ConcatEven(d, second, first), d, to + t);
    }
    const V first = hn::MaskedLoad(low_mask, d, from + 2 * whole);
    V second = hn::Zero(d);
    if (high > 0) second = hn::MaskedLoad(high_mask, d, from + 2 * whole + kLanes);
    hn::BlendedStore(hn::ConcatEven(d, second, first), to_mask, d, to + whole);
  }
}
#endif

void CopyStrided(const RowPieces& p) {
  const float* from = p.from;
  float* to = p.to + p.before;
  for (int64_t c = 0; c < p.lines; ++c, from += p.from_step, to += p.to_step) {
    for (int64_t t = 0; t < p.count; ++t) to[t] = from[t * p.stride];
  }
}

}  // namespace

void Copy(const RowPieces& p) {
  if (p.before > 0 || p.after > 0) {
    float* to = p.to;
    for (int64_t c = 0; c < p.lines; ++c, to += p.to_step) {
      Zero(to, p.before);
      Zero(to + p.before + p.count, p.after);
    }
  }
  if (p.count <= 0) return;
  if (p.stride == 1) {
    switch (p.count / kLanes) {
      case 0:
        return CopyContiguous<0>(p);
      case 1:
        return CopyContiguous<1>(p);
      case 2:
        return CopyContiguous<2>(p);
      case 3:
        return CopyContiguous<3>(p);
    }
  }
#if HWY_TARGET != HWY_SCALAR
  if (p.stride == 2) return CopyEven(p);
#endif
  CopyStrided(p);
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(Copy);

void CopyRowPieces(const RowPieces& pieces) { HWY_DYNAMIC_DISPATCH(Copy)(pieces); }

}  // namespace sardonyx
#endif  // HWY_ONCE
