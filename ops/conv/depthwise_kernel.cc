#include "ops/conv/depthwise_kernel.h"

#include <algorithm>

#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/conv/depthwise_kernel.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());

/// A kernel of known size: its loops vanish and its weights stay in registers.
template <int height, int taps>
void RowOf(const DepthwiseRow& row) {
  const D d;
  V weights[height * taps];
  const float* from[height * taps];
#pragma GCC unroll 25
  for (int i = 0; i < height * taps; ++i) {
    weights[i] = hn::Set(d, row.weights[i]);
    from[i] = row.rows[i / taps] + row.places[i % taps];
  }
  for (int64_t o = 0; o < row.outputs; o += kLanes) {
    V sum = hn::Mul(weights[0], hn::LoadU(d, from[0] + o));
#pragma GCC unroll 25
    for (int i = 1; i < height * taps; ++i) {
      sum = hn::MulAdd(weights[i], hn::LoadU(d, from[i] + o), sum);
    }
    hn::StoreU(sum, d, row.to + o);
  }
}

void AnyRow(const DepthwiseRow& row) {
  const D d;
  for (int64_t o = 0; o < row.outputs; o += kLanes) {
    V sum = hn::Zero(d);
    for (int64_t i = 0; i < row.height; ++i) {
      for (int64_t k = 0; k < row.taps; ++k) {
        const V weight = hn::Set(d, row.weights[i * row.taps + k]);
        sum = hn::MulAdd(weight, hn::LoadU(d, row.rows[i] + row.places[k] + o), sum);
      }
    }
    hn::StoreU(sum, d, row.to + o);
  }
}

void Row(const DepthwiseRow& row) {
  if (row.height == 3 && row.taps == 3) return RowOf<3, 3>(row);
  if (row.height == 5 && row.taps == 5) return RowOf<5, 5>(row);
  AnyRow(row);
}

void Split(const float* from, int64_t count, int64_t stride, float* to, int64_t to_stride) {
#if HWY_TARGET != HWY_SCALAR
  if (stride == 2) {
    const D d;
    for (int64_t i = 0; 2 * i < count; i += kLanes) {
      const V first = hn::LoadU(d, from + 2 * i), second = hn::LoadU(d, from + 2 * i + kLanes);
      hn::StoreU(hn::ConcatEven(d, second, first), d, to + i);
      hn::StoreU(hn::ConcatOdd(d, second, first), d, to + to_stride + i);
    }
    return;
  }
#endif
  for (int64_t j = 0; j < stride; ++j) {
    for (int64_t i = 0; i * stride + j < count; ++i) to[j * to_stride + i] = from[i * stride + j];
  }
}

}  // namespace

const DepthwiseKernels* RowKernels() {
  static constexpr DepthwiseKernels kernels = {
      .lanes = static_cast<int>(kLanes), .row = Row, .split = Split};
  return &kernels;
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(RowKernels);

const DepthwiseKernels& DepthwiseKernelsOfThisCpu() { return *HWY_DYNAMIC_DISPATCH(RowKernels)(); }

}  // namespace sardonyx
#endif  // HWY_ONCE
