#include "ops/conv/tile_transform.h"

#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/conv/tile_transform.cc"
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

constexpr double kA = 0.70710678118654752,
                 kB = 1.41421356237309505;  // points of F(4x4): +-kA, +-kB

/// A pair of points of F(6x6), +-point, beside 0 and infinity: the polynomial of the other pairs is
/// constant + linear x^2 + x^4.
struct PointPair {
  double point, constant, linear;
};
constexpr double kP = 0.6, kQ = 1, kR = 1 / 0.6;  // their product is 1
constexpr double kP2 = kP * kP, kQ2 = kQ * kQ, kR2 = kR * kR;
constexpr PointPair kPairs[] = {
    {kP, kQ2* kR2, -(kQ2 + kR2)}, {kQ, kP2* kR2, -(kP2 + kR2)}, {kR, kP2* kQ2, -(kP2 + kQ2)}};
constexpr double kSum = kP2 + kQ2 + kR2, kProducts = kP2 * kQ2 + kP2 * kR2 + kQ2 * kR2;

// x, y: every `step`-th element of arrays, so that rows and columns of a tile look alike.

/// G x.
template <int m, int x_step, int step>
HWY_INLINE void WeightTransform(const V* x, V* y) {
  const D d;
  const auto times = [d](double factor, V v)
                         HWY_ATTR { return hn::Mul(hn::Set(d, static_cast<float>(factor)), v); };
  y[0] = x[0];
  if constexpr (m == 2) {
    const V ends = hn::Add(x[0], x[2 * x_step]);
    y[step] = times(0.5, hn::Add(ends, x[x_step]));
    y[2 * step] = times(0.5, hn::Sub(ends, x[x_step]));
    y[3 * step] = x[2 * x_step];
  } else if constexpr (m == 6) {
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) {
      const auto [point, constant, linear] = kPairs[i];
      const double p2 = point * point, scale = 1 / (2 * p2 * (constant + p2 * (linear + p2)));
      const V even = hn::Add(times(scale, x[0]), times(scale * p2, x[2 * x_step]));
      const V odd = times(scale * point, x[x_step]);
      y[(1 + 2 * i) * step] = hn::Add(even, odd);
      y[(2 + 2 * i) * step] = hn::Sub(even, odd);
    }
    y[7 * step] = x[2 * x_step];
  } else {
    const V even_a = hn::Add(times(-2.0 / 3, x[0]), times(-1.0 / 3, x[2 * x_step]));
    const V odd_a = times(-2.0 / 3 * kA, x[x_step]);
    const V even_b = hn::Add(times(1.0 / 6, x[0]), times(1.0 / 3, x[2 * x_step]));
    const V odd_b = times(kB / 6, x[x_step]);
    y[step] = hn::Add(even_a, odd_a);
    y[2 * step] = hn::Sub(even_a, odd_a);
    y[3 * step] = hn::Add(even_b, odd_b);
    y[4 * step] = hn::Sub(even_b, odd_b);
    y[5 * step] = x[2 * x_step];
  }
}

/// B' x.
template <int m, int step>
HWY_INLINE void InputTransform(const V* x, V* y) {
  const D d;
  if constexpr (m == 2) {
    y[0] = hn::Sub(x[0], x[2 * step]);
    y[step] = hn::Add(x[step], x[2 * step]);
    y[2 * step] = hn::Sub(x[2 * step], x[step]);
    y[3 * step] = hn::Sub(x[step], x[3 * step]);
  } else if constexpr (m == 6) {
    const V sum = hn::Set(d, static_cast<float>(kSum));
    const V products = hn::Set(d, static_cast<float>(kProducts));
    const auto end = [&](V x0, V x2, V x4, V x6) HWY_ATTR {
      return hn::Add(hn::Sub(x0, x6), hn::NegMulAdd(products, x2, hn::Mul(sum, x4)));
    };
    y[0] = end(x[0], x[2 * step], x[4 * step], x[6 * step]);
    y[7 * step] = end(x[7 * step], x[5 * step], x[3 * step], x[step]);
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) {
      const V point = hn::Set(d, static_cast<float>(kPairs[i].point));
      const V constant = hn::Set(d, static_cast<float>(kPairs[i].constant));
      const V linear = hn::Set(d, static_cast<float>(kPairs[i].linear));
      const auto part = [&](V low, V middle, V high) HWY_ATTR {
        return hn::MulAdd(constant, low, hn::MulAdd(linear, middle, high));
      };
      const V even = part(x[2 * step], x[4 * step], x[6 * step]);
      const V odd = part(x[step], x[3 * step], x[5 * step]);
      y[(1 + 2 * i) * step] = hn::MulAdd(point, odd, even);
      y[(2 + 2 * i) * step] = hn::NegMulAdd(point, odd, even);
    }
  } else {
    const V a = hn::Set(d, static_cast<float>(kA)), b = hn::Set(d, static_cast<float>(kB));
    const V half = hn::Set(d, 0.5f), two = hn::Set(d, 2.0f), both = hn::Set(d, 2.5f);
    const V x1 = x[step], x2 = x[2 * step], x3 = x[3 * step], x4 = x[4 * step];
    const V even_a = hn::NegMulAdd(two, x2, x4), odd_a = hn::NegMulAdd(two, x1, x3);
    const V even_b = hn::NegMulAdd(half, x2, x4), odd_b = hn::NegMulAdd(half, x1, x3);
    y[0] = hn::Add(x[0], hn::NegMulAdd(both, x2, x4));
    y[step] = hn::MulAdd(a, odd_a, even_a);
    y[2 * step] = hn::NegMulAdd(a, odd_a, even_a);
    y[3 * step] = hn::MulAdd(b, odd_b, even_b);
    y[4 * step] = hn::NegMulAdd(b, odd_b, even_b);
    y[5 * step] = hn::Add(x1, hn::NegMulAdd(both, x3, x[5 * step]));
  }
}

/// A' x.
template <int m, int x_step, int y_step>
HWY_INLINE void OutputTransform(const V* x, V* y) {
  const D d;
  [[maybe_unused]] const V sum = hn::Add(x[x_step], x[2 * x_step]);
  [[maybe_unused]] const V difference = hn::Sub(x[x_step], x[2 * x_step]);
  if constexpr (m == 2) {
    y[0] = hn::Add(x[0], sum);
    y[y_step] = hn::Sub(difference, x[3 * x_step]);
  } else if constexpr (m == 6) {
    V even[3], odd[3];  // sums and differences of a pair, times the next power of its point
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) {
      const V plus = x[(1 + 2 * i) * x_step], minus = x[(2 + 2 * i) * x_step];
      even[i] = hn::Add(plus, minus);
      odd[i] = hn::Mul(hn::Set(d, static_cast<float>(kPairs[i].point)), hn::Sub(plus, minus));
    }
    const auto all = [](const V(&parts)[3])
                         HWY_ATTR { return hn::Add(hn::Add(parts[0], parts[1]), parts[2]); };
    const auto raise = [d](V(&parts)[3]) HWY_ATTR {
#pragma GCC unroll 3
      for (int i = 0; i < 3; ++i) {
        const double square = kPairs[i].point * kPairs[i].point;
        parts[i] = hn::Mul(hn::Set(d, static_cast<float>(square)), parts[i]);
      }
    };
    y[0] = hn::Add(x[0], all(even));
    y[y_step] = all(odd);
    raise(even);
    raise(odd);
    y[2 * y_step] = all(even);
    y[3 * y_step] = all(odd);
    raise(even);
    raise(odd);
    y[4 * y_step] = all(even);
    y[5 * y_step] = hn::Add(x[7 * x_step], all(odd));
  } else {
    const V sum_high = hn::Add(x[3 * x_step], x[4 * x_step]);
    const V difference_high = hn::Sub(x[3 * x_step], x[4 * x_step]);
    y[0] = hn::Add(x[0], hn::Add(sum, sum_high));
    const V a = hn::Set(d, static_cast<float>(kA)), b = hn::Set(d, static_cast<float>(kB));
    const V half = hn::Set(d, 0.5f), two = hn::Set(d, 2.0f);
    const V low = hn::Mul(a, difference), high = hn::Mul(b, difference_high);
    y[y_step] = hn::Add(low, high);
    y[2 * y_step] = hn::MulAdd(two, sum_high, hn::Mul(half, sum));
    y[3 * y_step] = hn::Add(x[5 * x_step], hn::MulAdd(two, high, hn::Mul(half, low)));
  }
}

template <int m>
void Weights(const float* planes, int64_t width, float* to, int64_t frequency_stride) {
  constexpr int n = m + 2;
  const D d;
  for (int64_t i = 0; i < width; i += kLanes) {
    V kernel[9], columns[n * 3], result[n * n];
    for (int q = 0; q < 9; ++q) kernel[q] = hn::LoadU(d, planes + q * width + i);
    for (int x = 0; x < 3; ++x) WeightTransform<m, 3, 3>(kernel + x, columns + x);
    for (int y = 0; y < n; ++y) WeightTransform<m, 1, 1>(columns + y * 3, result + y * n);
    for (int f = 0; f < n * n; ++f) hn::StoreU(result[f], d, to + f * frequency_stride + i);
  }
}

template <int m, class Load>
HWY_INLINE void InputVector(const float* const* pixels, int64_t c, float* to,
                            int64_t frequency_stride, const Load& load) {
  constexpr int n = m + 2;
  const D d;
  V columns[n * n];
#pragma GCC unroll 8
  for (int x = 0; x < n; ++x) {
    V column[n];
#pragma GCC unroll 8
    for (int y = 0; y < n; ++y) column[y] = load(pixels[y * n + x] + c);
    InputTransform<m, 1>(column, columns + x * n);
  }
#pragma GCC unroll 8
  for (int y = 0; y < n; ++y) {
    V result[n * n];  // of which every n-th is used
    InputTransform<m, n>(columns + y, result);
#pragma GCC unroll 8
    for (int x = 0; x < n; ++x) {
      hn::StoreU(result[x * n], d, to + (y * n + x) * frequency_stride + c);
    }
  }
}

template <int m>
void Input(const float* const* pixels, int64_t channels, float* to, int64_t frequency_stride) {
  const D d;
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    InputVector<m>(pixels, c, to, frequency_stride,
                   [d](const float* from) HWY_ATTR { return hn::LoadU(d, from); });
  }
  if (c == channels) return;
  const auto mask = hn::FirstN(d, static_cast<size_t>(channels - c));
  InputVector<m>(pixels, c, to, frequency_stride,
                 [d, mask](const float* from) HWY_ATTR { return hn::MaskedLoad(mask, d, from); });
}

template <int m>
HWY_INLINE void OutputPixels(const float* products, int64_t frequency_stride, V* pixels) {
  constexpr int n = m + 2;
  const D d;
  V lines[m * n];
#pragma GCC unroll 8
  for (int x = 0; x < n; ++x) {
    V column[n];
#pragma GCC unroll 8
    for (int y = 0; y < n; ++y) column[y] = hn::LoadU(d, products + (y * n + x) * frequency_stride);
    OutputTransform<m, 1, n>(column, lines + x);
  }
#pragma GCC unroll 6
  for (int y = 0; y < m; ++y) OutputTransform<m, 1, 1>(lines + y * n, pixels + y * m);
}

template <int m>
void Output(const float* products, int64_t frequency_stride, int64_t channels,
            const OutputTile& tile) {
  const D d;
  for (int64_t c = 0; c < channels; c += kLanes) {
    V pixels[m * m];
    OutputPixels<m>(products + c, frequency_stride, pixels);
    const bool whole = c + kLanes <= channels;
    const auto mask = hn::FirstN(d, static_cast<size_t>(channels - c));
    const auto load = [d, whole, mask](const float* from) HWY_ATTR {
      return whole ? hn::LoadU(d, from) : hn::MaskedLoad(mask, d, from);
    };
    const V bias = tile.bias != nullptr ? load(tile.bias + c) : hn::Zero(d);
    for (int64_t y = 0; y < tile.lines; ++y) {
      for (int64_t x = 0; x < tile.pixels; ++x) {
        const int64_t pixel = y * tile.width + x;
        float* to = tile.y + pixel * tile.y_pixel + c;
        V v = hn::Add(pixels[y * m + x], bias);
        if (tile.residual != nullptr) {
          v = hn::Add(v, load(tile.residual + pixel * tile.residual_pixel + c));
        }
        v = Activate(d, tile.activation, v);
        if (whole) {
          hn::StoreU(v, d, to);
        } else {
          hn::BlendedStore(v, mask, d, to);
        }
      }
    }
  }
}

template <int m>
constexpr TileTransforms Make() {
  return {.weights = Weights<m>, .input = Input<m>, .output = Output<m>};
}

}  // namespace

const TileTransforms* TileTransformsOf(int m) {
  static constexpr TileTransforms two = Make<2>(), four = Make<4>(), six = Make<6>();
  return m == 2 ? &two : m == 4 ? &four : &six;
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(TileTransformsOf);

const TileTransforms& TileTransformsOfThisCpu(int m) {
  return *HWY_DYNAMIC_DISPATCH(TileTransformsOf)(m);
}

}  // namespace sardonyx
#endif  // HWY_ONCE
