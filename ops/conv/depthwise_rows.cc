// Vectors go along the channels. Kernels of three positions in a line keep all their weights in
// registers while they go along the row; for others a few pixels side by side share each load of
// the weights.
#include "ops/conv/depthwise_rows.h"

#include <algorithm>

#include "ops/common/ceil.h"
#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/conv/depthwise_rows.cc"
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

// Loops over pixels and vectors are unrolled by hand, as their sums would not stay in registers
// otherwise.

/// `vectors` vectors of channels, from `c` on, of `pixels` pixels.
template <int pixels, int vectors, class Load, class Store>
HWY_INLINE void Channels(const DepthwiseSpan& span, const Activation& activation, int64_t c,
                         const Load& load, const Store& store) {
  V sums[pixels * vectors];
  const auto each = [&](const auto& change) HWY_ATTR {
#pragma GCC unroll 4
    for (int p = 0; p < pixels; ++p) {
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) change(p, c + v * kLanes, sums[p * vectors + v]);
    }
  };
  each([&](int, int64_t at, V& sum)
           HWY_ATTR { sum = span.bias != nullptr ? load(span.bias + at) : hn::Zero(D()); });
  for (int64_t i = 0; i < span.taps_y; ++i) {
    const float* x = span.x + i * span.x_step_y;
    const float* w = span.w + i * span.w_step_y;
    for (int64_t j = 0; j < span.taps_x; ++j, x += span.x_step_x, w += span.w_step_x) {
      V weights[vectors];
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) weights[v] = load(w + c + v * kLanes);
      each([&](int p, int64_t at, V& sum) HWY_ATTR {
        sum = hn::MulAdd(load(x + p * span.x_step_pixel + at), weights[(at - c) / kLanes], sum);
      });
    }
  }
  if (span.residual != nullptr) {
    each([&](int p, int64_t at, V& sum)
             HWY_ATTR { sum = hn::Add(sum, load(span.residual + p * span.y_step_pixel + at)); });
  }
  Activate(D(), activation, sums);
  each([&](int p, int64_t at, V& sum)
           HWY_ATTR { store(sum, span.y + p * span.y_step_pixel + at); });
}

/// Calls run(count, c, load, store) for vectors of channels, `together` at a time and then one by
/// one, the last one perhaps in part.
template <int together, class Run>
HWY_INLINE void ForChannels(int64_t channels, const Run& run) {
  const D d;
  const std::integral_constant<int, 1> one;
  int64_t c = 0;
  const auto load = [d](const float* p) HWY_ATTR { return hn::LoadU(d, p); };
  const auto store = [d](V v, float* p) HWY_ATTR { hn::StoreU(v, d, p); };
  if constexpr (together > 1) {
    for (; c + together * kLanes <= channels; c += together * kLanes) {
      run(std::integral_constant<int, together>(), c, load, store);
    }
  }
  for (; c + kLanes <= channels; c += kLanes) run(one, c, load, store);
  if (c == channels) return;
  const auto mask = hn::FirstN(d, static_cast<size_t>(channels - c));
  const auto load_part = [d, mask](const float* p) HWY_ATTR { return hn::MaskedLoad(mask, d, p); };
  const auto store_part = [d, mask](V v, float* p) HWY_ATTR { hn::BlendedStore(v, mask, d, p); };
  run(one, c, load_part, store_part);
}

template <int pixels, int together>
void Pixels(const DepthwiseSpan& span, const Activation& activation) {
  ForChannels<together>(
      span.channels, [&](auto count, int64_t c, const auto& load, const auto& store) HWY_ATTR {
        Channels<pixels, decltype(count)::value>(span, activation, c, load, store);
      });
}

/// One vector of channels of `pixels` neighbours, of a kernel of taps_y x 3 with these weights.
template <int taps_y, int pixels, class Load, class Store>
HWY_INLINE void Neighbours(const DepthwiseSpan& span, const Activation& activation,
                           const V (&weights)[3 * taps_y], V bias, int64_t first, int64_t c,
                           const Load& load, const Store& store) {
  V sums[pixels];
#pragma GCC unroll 4
  for (int p = 0; p < pixels; ++p) {
    const float* x = span.x + (first + p) * span.x_step_pixel + c;
    sums[p] = bias;
#pragma GCC unroll 3
    for (int i = 0; i < taps_y; ++i, x += span.x_step_y) {
#pragma GCC unroll 3
      for (int j = 0; j < 3; ++j) {
        sums[p] = hn::MulAdd(load(x + j * span.x_step_x), weights[3 * i + j], sums[p]);
      }
    }
  }
  const auto at = [&](int p) { return (first + p) * span.y_step_pixel + c; };
  if (span.residual != nullptr) {
#pragma GCC unroll 4
    for (int p = 0; p < pixels; ++p) sums[p] = hn::Add(sums[p], load(span.residual + at(p)));
  }
  Activate(D(), activation, sums);
#pragma GCC unroll 4
  for (int p = 0; p < pixels; ++p) store(sums[p], span.y + at(p));
}

template <int taps_y, class Load, class Store>
HWY_INLINE void RowOfThrees(const DepthwiseSpan& span, const Activation& activation, int64_t pixels,
                            int64_t c, const Load& load, const Store& store) {
  V weights[3 * taps_y];
#pragma GCC unroll 3
  for (int i = 0; i < taps_y; ++i) {
#pragma GCC unroll 3
    for (int j = 0; j < 3; ++j) {
      weights[3 * i + j] = load(span.w + i * span.w_step_y + j * span.w_step_x + c);
    }
  }
  const V bias = span.bias != nullptr ? load(span.bias + c) : hn::Zero(D());
  int64_t p = 0;
  for (; p + 4 <= pixels; p += 4) {
    Neighbours<taps_y, 4>(span, activation, weights, bias, p, c, load, store);
  }
  for (; p < pixels; ++p) {
    Neighbours<taps_y, 1>(span, activation, weights, bias, p, c, load, store);
  }
}

template <int taps_y>
void Threes(const DepthwiseSpan& span, const Activation& activation, int64_t pixels) {
  ForChannels<1>(span.channels, [&](auto, int64_t c, const auto& load, const auto& store) HWY_ATTR {
    RowOfThrees<taps_y>(span, activation, pixels, c, load, store);
  });
}

}  // namespace

/// `pixels` neighbours, each of which reads taps_y lines of three positions; taps_y is 1 to 3.
void DepthwiseThrees(const DepthwiseSpan& span, const Activation& activation, int64_t pixels) {
  if (span.taps_y == 3) return Threes<3>(span, activation, pixels);
  if (span.taps_y == 2) return Threes<2>(span, activation, pixels);
  Threes<1>(span, activation, pixels);
}
void DepthwisePixel(const DepthwiseSpan& span, const Activation& activation) {
  Pixels<1, 4>(span, activation);
}
void DepthwiseFourPixels(const DepthwiseSpan& span, const Activation& activation) {
  Pixels<4, 1>(span, activation);
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(DepthwiseThrees);
HWY_EXPORT(DepthwisePixel);
HWY_EXPORT(DepthwiseFourPixels);

std::shared_ptr<const std::vector<float>> TapsFirst(const Tensor& w) {
  const int64_t channels = w.dim(0), taps = w.shape().Elements(1, w.rank());
  auto turned = std::make_shared<std::vector<float>>(static_cast<size_t>(w.size()));
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t t = 0; t < taps; ++t) (*turned)[t * channels + c] = w.data<float>()[c * taps + t];
  }
  return turned;
}

void DepthwiseRows::Run(const DepthwiseLine& line, int64_t oy, const Activation& activation) const {
  int64_t y_first, y_last;
  height.Inside(oy, &y_first, &y_last);
  DepthwiseSpan span{.taps_y = y_last - y_first,
                     .x_step_y = height.dilation * width.input * x_channels,
                     .x_step_x = width.dilation * x_channels,
                     .w_step_y = width.kernel * channels,
                     .w_step_x = channels,
                     .x_step_pixel = width.stride * x_channels,
                     .y_step_pixel = channels,
                     .channels = line.channels,
                     .bias = line.bias};
  const int64_t input_y =
      oy * height.stride - height.pad_begin + y_first * height.dilation - line.first_line;
  int64_t whole_begin, whole_end;
  WholePixels(&whole_begin, &whole_end);
  for (int64_t ox = 0; ox < width.output;) {
    int64_t first, last;
    width.Inside(ox, &first, &last);
    const int64_t input_x = ox * width.stride - width.pad_begin + first * width.dilation;
    span.taps_x = last - first;
    // Without taps nothing is read, so that nothing before the image is pointed to either.
    const bool reads = span.taps_y > 0 && span.taps_x > 0;
    span.x = reads ? line.x + (input_y * width.input + input_x) * x_channels : line.x;
    span.w = line.w + (y_first * width.kernel + first) * channels;
    span.y = line.y + ox * channels;
    if (line.residual != nullptr) span.residual = line.residual + ox * channels;
    const int64_t whole = ox >= whole_begin ? whole_end - ox : 0;
    if (whole > 0 && span.taps_x == 3 && span.taps_y >= 1 && span.taps_y <= 3) {
      HWY_DYNAMIC_DISPATCH(DepthwiseThrees)(span, activation, whole);
      ox += whole;
    } else if (whole >= 4) {
      HWY_DYNAMIC_DISPATCH(DepthwiseFourPixels)(span, activation);
      ox += 4;
    } else {
      HWY_DYNAMIC_DISPATCH(DepthwisePixel)(span, activation);
      ++ox;
    }
  }
}

void DepthwiseRows::WholePixels(int64_t* begin, int64_t* end) const {
  *begin = std::min(CeilDiv(width.pad_begin, width.stride), width.output);
  const int64_t room = width.input + width.pad_begin - width.extent();
  *end = room < 0 ? *begin : std::clamp(room / width.stride + 1, *begin, width.output);
}

}  // namespace sardonyx
#endif  // HWY_ONCE
