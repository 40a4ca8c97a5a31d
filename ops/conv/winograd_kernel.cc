#include "ops/conv/winograd_kernel.h"

#include <algorithm>

#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/conv/winograd_kernel.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());
constexpr float kA = 0.70710678f, kB = 1.41421356f;  // the points of F(4x4): 0, +-kA, +-kB

/// Even and odd lanes of two vectors that follow each other.
HWY_INLINE void Deinterleave(V first, V second, V* even, V* odd) {
  const D d;
#if HWY_TARGET == HWY_SCALAR
  (void)d;
  *even = first;
  *odd = second;
#else
  *even = hn::ConcatEven(d, second, first);
  *odd = hn::ConcatOdd(d, second, first);
#endif
}

/// Elements i, i + 1, ... of a row, zero outside [0, width).
HWY_INLINE V LoadInside(const float* row, int64_t width, int64_t i) {
  const D d;
  if (i >= 0 && i + kLanes <= width) return hn::LoadU(d, row + i);
  if (i + kLanes <= 0 || i >= width) return hn::Zero(d);
  const auto before = hn::FirstN(d, static_cast<size_t>(std::max<int64_t>(-i, 0)));
  const auto end = hn::FirstN(d, static_cast<size_t>(std::min(kLanes, width - i)));
  return hn::MaskedLoad(hn::AndNot(before, end), d, row + i);
}

template <int m>
void Split(const float* row, int64_t width, int64_t left, int64_t groups, float* to,
           int64_t stride) {
  const D d;
  for (int64_t g = 0; g < groups; g += kLanes) {
    const int64_t i = g * m - left;
    V parts[m];
    Deinterleave(LoadInside(row, width, i), LoadInside(row, width, i + kLanes), &parts[0],
                 &parts[1]);
    if constexpr (m == 4) {
      const V even = parts[0], odd = parts[1];
      V even_high, odd_high;
      Deinterleave(LoadInside(row, width, i + 2 * kLanes), LoadInside(row, width, i + 3 * kLanes),
                   &even_high, &odd_high);
#if HWY_TARGET == HWY_SCALAR
      parts[2] = even_high, parts[3] = odd_high;
#else
      Deinterleave(even, even_high, &parts[0], &parts[2]);
      Deinterleave(odd, odd_high, &parts[1], &parts[3]);
#endif
    }
    for (int j = 0; j < m; ++j) hn::StoreU(parts[j], d, to + j * stride + g);
  }
}

void Combine(const float* planes, int64_t size, const float* factors, float* to) {
  const D d;
  for (int64_t i = 0; i < size; i += kLanes) {
    const bool whole = i + kLanes <= size;
    const auto mask = hn::FirstN(d, static_cast<size_t>(std::min(kLanes, size - i)));
    V sum = hn::Zero(d);
    for (int q = 0; q < 9; ++q) {
      if (factors[q] == 0) continue;
      const float* from = planes + q * size + i;
      const V plane = whole ? hn::LoadU(d, from) : hn::MaskedLoad(mask, d, from);
      sum = hn::MulAdd(hn::Set(d, factors[q]), plane, sum);
    }
    hn::BlendedStore(sum, mask, d, to + i);
  }
}

// x, y: every `step`-th element of arrays, so that rows and columns of a tile look alike.

/// B' x.
template <int m, int step>
HWY_INLINE void InputTransform(const V* x, V* y) {
  const D d;
  if constexpr (m == 2) {
    y[0] = hn::Sub(x[0], x[2 * step]);
    y[step] = hn::Add(x[step], x[2 * step]);
    y[2 * step] = hn::Sub(x[2 * step], x[step]);
    y[3 * step] = hn::Sub(x[step], x[3 * step]);
  } else {
    const V a = hn::Set(d, kA), b = hn::Set(d, kB);
    const V half = hn::Set(d, 0.5f), two = hn::Set(d, 2.0f), both = hn::Set(d, 2.5f);
    const V x0 = x[0], x1 = x[step], x2 = x[2 * step], x3 = x[3 * step], x4 = x[4 * step];
    const V x5 = x[5 * step];
    const V even_a = hn::NegMulAdd(two, x2, x4), odd_a = hn::NegMulAdd(two, x1, x3);
    const V even_b = hn::NegMulAdd(half, x2, x4), odd_b = hn::NegMulAdd(half, x1, x3);
    y[0] = hn::Add(x0, hn::NegMulAdd(both, x2, x4));
    y[step] = hn::MulAdd(a, odd_a, even_a);
    y[2 * step] = hn::NegMulAdd(a, odd_a, even_a);
    y[3 * step] = hn::MulAdd(b, odd_b, even_b);
    y[4 * step] = hn::NegMulAdd(b, odd_b, even_b);
    y[5 * step] = hn::Add(x1, hn::NegMulAdd(both, x3, x5));
  }
}

/// A' x.
template <int m, int x_step, int y_step>
HWY_INLINE void OutputTransform(const V* x, V* y) {
  const D d;
  const V sum = hn::Add(x[x_step], x[2 * x_step]), difference = hn::Sub(x[x_step], x[2 * x_step]);
  if constexpr (m == 2) {
    y[0] = hn::Add(x[0], sum);
    y[y_step] = hn::Sub(difference, x[3 * x_step]);
  } else {
    const V sum_high = hn::Add(x[3 * x_step], x[4 * x_step]);
    const V difference_high = hn::Sub(x[3 * x_step], x[4 * x_step]);
    y[0] = hn::Add(x[0], hn::Add(sum, sum_high));
    const V a = hn::Set(d, kA), b = hn::Set(d, kB);
    const V half = hn::Set(d, 0.5f), two = hn::Set(d, 2.0f);
    const V low = hn::Mul(a, difference), high = hn::Mul(b, difference_high);
    y[y_step] = hn::Add(low, high);
    y[2 * y_step] = hn::MulAdd(two, sum_high, hn::Mul(half, sum));
    y[3 * y_step] = hn::Add(x[5 * x_step], hn::MulAdd(two, high, hn::Mul(half, low)));
  }
}

template <int m>
void Input(const float* const* rows, int64_t split_stride, int64_t tiles, float* to,
           int64_t frequency_stride) {
  constexpr int n = m + 2;
  const D d;
  for (int64_t t = 0; t < tiles; t += kLanes) {
    V columns[n * n], result[n * n];
#pragma GCC unroll 6
    for (int x = 0; x < n; ++x) {
      V column[n];
#pragma GCC unroll 6
      for (int y = 0; y < n; ++y) {
        column[y] = hn::LoadU(d, rows[y] + x % m * split_stride + t + x / m);
      }
      InputTransform<m, 1>(column, columns + x * n);
    }
#pragma GCC unroll 6
    for (int y = 0; y < n; ++y) InputTransform<m, n>(columns + y, result + y);
    // Now result[x n + y] is the frequency of row y and column x.
    const auto mask = hn::FirstN(d, static_cast<size_t>(std::min(kLanes, tiles - t)));
    for (int y = 0; y < n; ++y) {
      for (int x = 0; x < n; ++x) {
        float* place = to + (y * n + x) * frequency_stride + t;
        if (t + kLanes <= tiles) {
          hn::StoreU(result[x * n + y], d, place);
        } else {
          hn::BlendedStore(result[x * n + y], mask, d, place);
        }
      }
    }
  }
}

template <int m>
void Output(const float* products, int64_t frequency_stride, int64_t tiles, float* rows,
            int64_t row_stride) {
  constexpr int n = m + 2;
  const D d;
  for (int64_t t = 0; t < tiles; t += kLanes) {
    V lines[n * m];  // lines[y n + x]: of m rows, n columns still transformed
#pragma GCC unroll 6
    for (int x = 0; x < n; ++x) {
      V column[n];
#pragma GCC unroll 6
      for (int y = 0; y < n; ++y) {
        column[y] = hn::LoadU(d, products + (y * n + x) * frequency_stride + t);
      }
      OutputTransform<m, 1, n>(column, lines + x);
    }
#pragma GCC unroll 4
    for (int y = 0; y < m; ++y) {
      V pixels[m];
      OutputTransform<m, 1, 1>(lines + y * n, pixels);
      float* to = rows + y * row_stride + t * m;
      if constexpr (m == 2) {
        hn::StoreInterleaved2(pixels[0], pixels[1], d, to);
      } else {
        hn::StoreInterleaved4(pixels[0], pixels[1], pixels[2], pixels[3], d, to);
      }
    }
  }
}

template <int m>
constexpr WinogradKernels Make() {
  return {.lanes = static_cast<int>(kLanes),
          .combine = Combine,
          .split = Split<m>,
          .input = Input<m>,
          .output = Output<m>};
}

}  // namespace

const WinogradKernels* TransformsOf(int m) {
  static constexpr WinogradKernels two = Make<2>(), four = Make<4>();
  return m == 2 ? &two : &four;
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(TransformsOf);

const WinogradKernels& WinogradKernelsOfThisCpu(int m) {
  return *HWY_DYNAMIC_DISPATCH(TransformsOf)(m);
}

}  // namespace sardonyx
#endif  // HWY_ONCE
