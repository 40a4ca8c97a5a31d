#include "ops/conv/affine_rows.h"

#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/conv/affine_rows.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "ops/common/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());

/// `vectors` vectors of columns, from `c` on, of all rows.
template <int vectors, class Load, class Store>
HWY_INLINE void Columns(const AffineRows& rows, int64_t c, const Load& load, const Store& store) {
  V scale[vectors], shift[vectors];
  simd::Each<vectors>([&](size_t v) HWY_ATTR {
    scale[v] = load(rows.scale + c + static_cast<int64_t>(v) * kLanes);
    shift[v] = rows.shift == nullptr ? hn::Zero(D())
                                     : load(rows.shift + c + static_cast<int64_t>(v) * kLanes);
  });
  for (int64_t i = 0; i < rows.rows; ++i) {
    const float* from = rows.from + i * rows.from_stride + c;
    float* to = rows.to + i * rows.to_stride + c;
    V x[vectors];
    simd::Each<vectors>([&](size_t v) HWY_ATTR {
      x[v] = hn::MulAdd(load(from + static_cast<int64_t>(v) * kLanes), scale[v], shift[v]);
    });
    Activate(D(), rows.activation, x);
    simd::Each<vectors>([&](size_t v)
                            HWY_ATTR { store(x[v], to + static_cast<int64_t>(v) * kLanes); });
  }
}

}  // namespace

void MakeAffineRows(const AffineRows& rows) {
  const D d;
  const auto load = [d](const float* p) HWY_ATTR { return hn::LoadU(d, p); };
  const auto store = [d](V v, float* p) HWY_ATTR { hn::StoreU(v, d, p); };
  int64_t c = 0;
  for (; c + 4 * kLanes <= rows.columns; c += 4 * kLanes) Columns<4>(rows, c, load, store);
  for (; c + 2 * kLanes <= rows.columns; c += 2 * kLanes) Columns<2>(rows, c, load, store);
  for (; c + kLanes <= rows.columns; c += kLanes) Columns<1>(rows, c, load, store);
  if (c == rows.columns) return;
  const auto mask = hn::FirstN(d, static_cast<size_t>(rows.columns - c));
  Columns<1>(
      rows, c, [d, mask](const float* p) HWY_ATTR { return hn::MaskedLoad(mask, d, p); },
      [d, mask](V v, float* p) HWY_ATTR { hn::BlendedStore(v, mask, d, p); });
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(MakeAffineRows);

void MakeAffineRows(const AffineRows& rows) { HWY_DYNAMIC_DISPATCH(MakeAffineRows)(rows); }

}  // namespace sardonyx
#endif  // HWY_ONCE
