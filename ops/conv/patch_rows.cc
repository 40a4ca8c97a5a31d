#include "ops/conv/patch_rows.h"

#include <algorithm>

#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/conv/patch_rows.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
constexpr int64_t kLanes = hn::MaxLanes(D());

// Both write whole vectors: what comes behind is written later.
HWY_INLINE void Zero(float* to, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) hn::StoreU(hn::Zero(D()), D(), to + i);
}

HWY_INLINE void CopyFloats(const float* from, int64_t count, float* to) {
  const D d;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  if (i == count) return;
  const auto mask = hn::FirstN(d, static_cast<size_t>(count - i));
  hn::StoreU(hn::MaskedLoad(mask, d, from + i), d, to + i);
}

/// Elements [begin, end) of the row of the output pixel at that position; `image` is its image.
HWY_INLINE void CopyRow(const PatchRows& p, const float* image, const int64_t (&at)[3],
                        int64_t begin, int64_t end, float* to) {
  const int64_t z0 = at[0] * p.z.stride - p.z.pad_begin;
  const int64_t y0 = at[1] * p.y.stride - p.y.pad_begin;
  const int64_t x0 = at[2] * p.x.stride - p.x.pad_begin;
  const int64_t runs_x = p.x.kernel / p.taps;
  int64_t run = begin / p.run, first = begin % p.run;
  int64_t kx = run % runs_x, ky = run / runs_x % p.y.kernel, kz = run / runs_x / p.y.kernel;
  while (begin < end) {
    const int64_t count = std::min(p.run - first, end - begin);
    const int64_t in_z = z0 + kz * p.z.dilation, in_y = y0 + ky * p.y.dilation;
    const int64_t in_x = x0 + kx * p.x.dilation;
    const bool inside = in_z >= 0 && in_z < p.z.input && in_y >= 0 && in_y < p.y.input;
    // The elements of this run that lie before the line and before its end.
    const int64_t left = inside ? std::clamp<int64_t>(-in_x * p.channels - first, 0, count) : count;
    const int64_t right =
        inside ? std::clamp((p.x.input - in_x) * p.channels - first, left, count) : count;
    Zero(to, left);
    if (right > left) {
      const int64_t pixel = (in_z * p.y.input + in_y) * p.x.input + in_x;
      CopyFloats(image + pixel * p.channels + first + left, right - left, to + left);
    }
    Zero(to + right, count - right);
    to += count;
    begin += count;
    first = 0;
    if (++kx == runs_x) {
      kx = 0;
      if (++ky == p.y.kernel) {
        ky = 0;
        ++kz;
      }
    }
  }
}

}  // namespace

void CopyPatchRows(const PatchRows& p, const float* x, int64_t row, int64_t rows, int64_t begin,
                   int64_t end, float* to, int64_t stride) {
  const int64_t image_floats = p.z.input * p.y.input * p.x.input * p.channels;
  int64_t at[3] = {row / (p.x.output * p.y.output) % p.z.output, row / p.x.output % p.y.output,
                   row % p.x.output};
  const float* image = x + row / (p.x.output * p.y.output * p.z.output) * image_floats;
  for (int64_t i = 0; i < rows; ++i) {
    CopyRow(p, image, at, begin, end, to + i * stride);
    if (++at[2] < p.x.output) continue;
    at[2] = 0;
    if (++at[1] < p.y.output) continue;
    at[1] = 0;
    if (++at[0] < p.z.output) continue;
    at[0] = 0;
    image += image_floats;
  }
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(CopyPatchRows);

PatchRows::PatchRows(const ConvShape& conv) : channels(conv.in_channels) {
  const Window window = AtLeastRank(conv.window, 3);
  z = window[0];
  y = window[1];
  x = window[2];
  taps = conv.group == 1 && x.dilation == 1 ? x.kernel : 1;
  run = taps * conv.group_in();
}

void PatchRows::Copy(const float* x, int64_t row, int64_t rows, int64_t begin, int64_t end,
                     float* to, int64_t stride) const {
  HWY_DYNAMIC_DISPATCH(CopyPatchRows)(*this, x, row, rows, begin, end, to, stride);
}

}  // namespace sardonyx
#endif  // HWY_ONCE
