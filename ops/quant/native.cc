#include "ops/quant/native.h"

#include <algorithm>
#include <cmath>

#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/quant/native.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void QuantizeRow(const float* x, int64_t n, float scale, int32_t zero_point, bool is_signed,
                 uint8_t* y) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto low = static_cast<float>((is_signed ? -128 : 0) - zero_point);
  const auto high = static_cast<float>((is_signed ? 127 : 255) - zero_point);
  const auto divisor = hn::Set(d, scale), lowest = hn::Set(d, low), highest = hn::Set(d, high);
  const auto offset = hn::Set(di, zero_point), byte = hn::Set(di, 0xff);
  const auto block = [&](const float* from, uint8_t* to) HWY_ATTR {
    auto v = hn::Div(hn::LoadU(d, from), divisor);
    v = hn::IfThenElse(hn::IsNaN(v), hn::Zero(d), v);
    v = hn::Max(hn::Min(v, highest), lowest);  // both integers: rounding keeps the range
    const auto q = hn::Add(hn::NearestInt(v), offset);
    hn::StoreU(hn::DemoteTo(d8, hn::And(q, byte)), d8, to);  // two's complement for int8
  };
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) block(x + i, y + i);
  if (i == n) return;
  HWY_ALIGN float rest[hn::MaxLanes(d)] = {};
  HWY_ALIGN uint8_t bytes[hn::MaxLanes(d)];
  std::copy(x + i, x + n, rest);
  block(rest, bytes);
  std::copy(bytes, bytes + (n - i), y + i);
}

/// x[i] - zero_point for whole vectors of 32-bit lanes.
template <class DI>
HWY_INLINE hn::Vec<DI> Centered(DI di, const uint8_t* x, bool is_signed, hn::Vec<DI> zero_point) {
  const hn::Rebind<uint8_t, DI> du8;
  const hn::Rebind<int8_t, DI> di8;
  const auto bytes = hn::LoadU(du8, x);
  const auto wide =
      is_signed ? hn::PromoteTo(di, hn::BitCast(di8, bytes)) : hn::PromoteTo(di, bytes);
  return hn::Sub(wide, zero_point);
}

void DequantizeRow(const uint8_t* x, int64_t n, bool is_signed, float scale, int32_t zero_point,
                   float* y) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto factor = hn::Set(d, scale);
  const auto offset = hn::Set(di, zero_point);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto q = hn::ConvertTo(d, Centered(di, x + i, is_signed, offset));
    hn::StoreU(hn::Mul(q, factor), d, y + i);
  }
  for (; i < n; ++i) {
    const int32_t value = is_signed ? static_cast<int8_t>(x[i]) : x[i];
    y[i] = static_cast<float>(value - zero_point) * scale;
  }
}

void WidenRow(const uint8_t* x, int64_t n, bool is_signed, int32_t zero_point, int16_t* y) {
  const hn::ScalableTag<int16_t> d;
  const hn::Rebind<uint8_t, decltype(d)> du8;
  const hn::Rebind<int8_t, decltype(d)> di8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto offset = hn::Set(d, static_cast<int16_t>(zero_point));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto bytes = hn::LoadU(du8, x + i);
    const auto wide =
        is_signed ? hn::PromoteTo(d, hn::BitCast(di8, bytes)) : hn::PromoteTo(d, bytes);
    hn::StoreU(hn::Sub(wide, offset), d, y + i);
  }
  for (; i < n; ++i) {
    const int32_t value = is_signed ? static_cast<int8_t>(x[i]) : x[i];
    y[i] = static_cast<int16_t>(value - zero_point);
  }
}

/// One row of a against four rows of b, which share its loads.
template <int kRows>
HWY_INLINE void DotTile(const int16_t* a, const int16_t* b, int64_t b_stride, int64_t k,
                        int32_t* c) {
  const hn::ScalableTag<int16_t> d;
  const hn::RepartitionToWide<decltype(d)> d32;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto s0 = hn::Zero(d32), s1 = hn::Zero(d32), s2 = hn::Zero(d32), s3 = hn::Zero(d32);
  auto t0 = hn::Zero(d32), t1 = hn::Zero(d32), t2 = hn::Zero(d32), t3 = hn::Zero(d32);
  int64_t p = 0;
  for (; p + lanes <= k; p += lanes) {
    const auto left = hn::LoadU(d, a + p);
    s0 = hn::ReorderWidenMulAccumulate(d32, left, hn::LoadU(d, b + p), s0, t0);
    if constexpr (kRows == 4) {
      s1 = hn::ReorderWidenMulAccumulate(d32, left, hn::LoadU(d, b + b_stride + p), s1, t1);
      s2 = hn::ReorderWidenMulAccumulate(d32, left, hn::LoadU(d, b + 2 * b_stride + p), s2, t2);
      s3 = hn::ReorderWidenMulAccumulate(d32, left, hn::LoadU(d, b + 3 * b_stride + p), s3, t3);
    }
  }
  const auto total = [&](auto sum0, auto sum1)
                         HWY_ATTR { return hn::GetLane(hn::SumOfLanes(d32, hn::Add(sum0, sum1))); };
  c[0] = total(s0, t0);
  if constexpr (kRows == 4) {
    c[1] = total(s1, t1);
    c[2] = total(s2, t2);
    c[3] = total(s3, t3);
  }
  for (; p < k; ++p) {
    for (int r = 0; r < kRows; ++r) c[r] += int32_t{a[p]} * b[r * b_stride + p];
  }
}

void DotRows(const int16_t* a, int64_t a_stride, int64_t m, const int16_t* b, int64_t b_stride,
             int64_t n, int64_t k, int32_t* c, int64_t c_stride) {
  int64_t j = 0;
  for (; j + 4 <= n; j += 4) {
    for (int64_t i = 0; i < m; ++i) {
      DotTile<4>(a + i * a_stride, b + j * b_stride, b_stride, k, c + i * c_stride + j);
    }
  }
  for (; j < n; ++j) {
    for (int64_t i = 0; i < m; ++i) {
      DotTile<1>(a + i * a_stride, b + j * b_stride, b_stride, k, c + i * c_stride + j);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace sardonyx
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(QuantizeRow);
HWY_EXPORT(DequantizeRow);
HWY_EXPORT(WidenRow);
HWY_EXPORT(DotRows);

void native::QuantizeRow(const float* x, int64_t n, float scale, int32_t zero_point, bool is_signed,
                         uint8_t* y) {
  HWY_DYNAMIC_DISPATCH(QuantizeRow)(x, n, scale, zero_point, is_signed, y);
}

void native::DequantizeRow(const uint8_t* x, int64_t n, bool is_signed, float scale,
                           int32_t zero_point, float* y) {
  HWY_DYNAMIC_DISPATCH(DequantizeRow)(x, n, is_signed, scale, zero_point, y);
}

void native::WidenRow(const uint8_t* x, int64_t n, bool is_signed, int32_t zero_point, int16_t* y) {
  HWY_DYNAMIC_DISPATCH(WidenRow)(x, n, is_signed, zero_point, y);
}

void native::DotRows(const int16_t* a, int64_t a_stride, int64_t m, const int16_t* b,
                     int64_t b_stride, int64_t n, int64_t k, int32_t* c, int64_t c_stride) {
  HWY_DYNAMIC_DISPATCH(DotRows)(a, a_stride, m, b, b_stride, n, k, c, c_stride);
}

}  // namespace sardonyx
#endif
