#include "ops/conv/grouped_kernel.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ops/common/ceil.h"
#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/conv/grouped_kernel.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "ops/common/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
using Lanes = hn::RebindToSigned<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());
constexpr int kPixels = 8;  // most that share a load of the weights

void Copy(const GroupedPixels& pixels) {
  constexpr int64_t kAhead = 16;  // pixels lie too far apart for the CPU to foresee which are next
  const D d;
  const int64_t whole = pixels.channels / kLanes * kLanes;
  const auto mask = hn::FirstN(d, static_cast<size_t>(pixels.channels - whole));
  for (int64_t p = 0; p < pixels.pixels; ++p) {
    const float* from = pixels.from + p * pixels.from_step;
    float* to = pixels.to + p * pixels.to_step;
    __builtin_prefetch(pixels.from + std::min(p + kAhead, pixels.pixels - 1) * pixels.from_step);
    for (int64_t c = 0; c < whole; c += kLanes) hn::StoreU(hn::LoadU(d, from + c), d, to + c);
    if (whole == pixels.channels) continue;
    const V rest = hn::MaskedLoad(mask, d, from + whole);
    if (pixels.to_step >= whole + kLanes) {
      hn::StoreU(rest, d, to + whole);
    } else {
      hn::BlendedStore(rest, mask, d, to + whole);
    }
  }
}

/// What the inner loop is compiled for. It takes so many taps of a line of the kernel at a time; if
/// more than one, pixels are `stride` times as far apart as taps and share what they read.
struct Form {
  bool one_group;
  int taps, stride;
};

/// What some pixels side by side sum up to, a vector each. Loops over them are unrolled by hand, as
/// the sums would not stay in registers otherwise.
template <int pixels, Form form>
void Sum(const GroupedLine& line, const float* x, float* to) {
  constexpr int kInputs = (pixels - 1) * form.stride + form.taps;
  const D d;
  const Lanes di;
  const int64_t input_step = form.taps > 1 ? line.x_step_x : line.x_step_pixel;
  const int64_t tap_floats = line.depth * kLanes;
  const float* w = line.w;
  V sums[pixels];
#pragma GCC unroll 8
  for (V& sum : sums) sum = hn::Zero(d);
  for (int64_t ky = 0; ky < line.taps_y; ++ky) {
    for (int64_t kx = 0; kx < line.taps_x; kx += form.taps, w += form.taps * tap_floats) {
      const float* tap = x + ky * line.x_step_y + kx * line.x_step_x;
      auto places = form.one_group ? hn::Zero(di) : hn::LoadU(di, line.firsts);
      for (int64_t i = 0; i < line.depth; ++i) {
        V weights[form.taps];
#pragma GCC unroll 3
        for (int k = 0; k < form.taps; ++k) {
          weights[k] = hn::LoadU(d, w + k * tap_floats + i * kLanes);
        }
#pragma GCC unroll 17
        for (int q = 0; q < kInputs; ++q) {
          const float* pixel = tap + q * input_step;
          V input;
          if constexpr (form.one_group) {
            input = hn::Set(d, pixel[i]);
          } else {
            input = hn::TableLookupLanes(hn::LoadU(d, pixel), hn::IndicesFromVec(d, places));
          }
#pragma GCC unroll 3
          for (int k = 0; k < form.taps; ++k) {
            const int p = (q - k) / form.stride;
            if (q < k || (q - k) % form.stride != 0 || p >= pixels) continue;
            sums[p] = hn::MulAdd(input, weights[k], sums[p]);
          }
        }
        places = hn::Add(places, hn::Set(di, 1));
      }
    }
  }
#pragma GCC unroll 8
  for (int p = 0; p < pixels; ++p) hn::Store(sums[p], d, to + p * kLanes);
}

/// Bias, residual and activation of as many pixels.
template <size_t pixels>
HWY_INLINE void FinishPixels(const GroupedLine& line, int64_t first, const float* sums) {
  const D d;
  const bool whole = line.channels == kLanes;
  const auto mask = hn::FirstN(d, static_cast<size_t>(line.channels));
  const auto load = [d, whole, mask](const float* from) HWY_ATTR {
    return whole ? hn::LoadU(d, from) : hn::MaskedLoad(mask, d, from);
  };
  const auto at = [&](size_t p) { return (first + static_cast<int64_t>(p)) * line.y_step_pixel; };
  const V bias = line.bias != nullptr ? load(line.bias) : hn::Zero(d);
  V y[pixels];
#pragma GCC unroll 4
  for (size_t p = 0; p < pixels; ++p) y[p] = hn::Add(hn::Load(d, sums + p * kLanes), bias);
  if (line.residual != nullptr) {
#pragma GCC unroll 4
    for (size_t p = 0; p < pixels; ++p) y[p] = hn::Add(y[p], load(line.residual + at(p)));
  }
  Activate(d, line.activation, y);
#pragma GCC unroll 4
  for (size_t p = 0; p < pixels; ++p) {
    if (whole) {
      hn::StoreU(y[p], d, line.y + at(p));
    } else {
      hn::BlendedStore(y[p], mask, d, line.y + at(p));
    }
  }
}

/// Of pixels [begin, end).
void Finish(const GroupedLine& line, int64_t begin, int64_t end, const float* sums) {
  for (; begin + 4 <= end; begin += 4, sums += 4 * kLanes) FinishPixels<4>(line, begin, sums);
  for (; begin < end; ++begin, sums += kLanes) FinishPixels<1>(line, begin, sums);
}

using SumFunction = void (*)(const GroupedLine& line, const float* x, float* to);

/// Of 1, 2, ... pixels.
template <Form form, int... pixels>
constexpr std::array<SumFunction, kPixels> SumsOf(std::integer_sequence<int, pixels...>) {
  return {Sum<pixels + 1, form>...};
}

template <Form form>
void LineOf(const GroupedLine& line) {
  static constexpr auto sums_of = SumsOf<form>(std::make_integer_sequence<int, kPixels>());
  alignas(64) float sums[kPixels * kLanes];
  const int64_t count = CeilDiv(line.pixels, kPixels);
  const int64_t least = line.pixels / count, more = line.pixels % count;
  int64_t begin = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t end = begin + least + (i < more);
    sums_of[static_cast<size_t>(end - begin - 1)](line, line.x + begin * line.x_step_pixel, sums);
    Finish(line, begin, end, sums);
    begin = end;
  }
}

template <bool one_group>
void LineOfGroups(const GroupedLine& line) {
  if (line.taps_x == 3 && line.x_step_pixel == line.x_step_x) {
    LineOf<Form{one_group, 3, 1}>(line);
  } else if (line.taps_x == 3 && line.x_step_pixel == 2 * line.x_step_x) {
    LineOf<Form{one_group, 3, 2}>(line);
  } else {
    LineOf<Form{one_group, 1, 1}>(line);
  }
}

void Line(const GroupedLine& line) {
  return line.firsts == nullptr ? LineOfGroups<true>(line) : LineOfGroups<false>(line);
}

}  // namespace

const GroupedKernels* Grouped() {
  static constexpr GroupedKernels kernels = {
      .lanes = static_cast<int>(kLanes), .copy = Copy, .line = Line};
  return &kernels;
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(Grouped);

const GroupedKernels& GroupedKernelsOfThisCpu() { return *HWY_DYNAMIC_DISPATCH(Grouped)(); }

}  // namespace sardonyx
#endif  // HWY_ONCE
