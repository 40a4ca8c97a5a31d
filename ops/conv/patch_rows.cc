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

/// `length` elements of the row of the output pixel at that position (z, y, x) of `image`.
HWY_INLINE void CopyRow(const PatchRows& p, const float* image, const int64_t (&pixel)[3],
                        PatchElement at, int64_t length, float* to) {
  const int64_t z0 = pixel[0] * p.z.stride - p.z.pad_begin;
  const int64_t y0 = pixel[1] * p.y.stride - p.y.pad_begin;
  const int64_t x0 = pixel[2] * p.x.stride - p.x.pad_begin;
  for (int64_t count; length > 0; length -= count, to += count, at.Next(p)) {
    count = std::min(p.run - at.first, length);
    const int64_t z = z0 + at.kz * p.z.dilation, y = y0 + at.ky * p.y.dilation;
    if (z < 0 || z >= p.z.input || y < 0 || y >= p.y.input) {
      Zero(to, count);
      continue;
    }
    // The elements of this run that lie before the line and before its end.
    const int64_t x = x0 + at.kx * p.x.dilation;
    const int64_t left = std::clamp<int64_t>(-x * p.channels - at.first, 0, count);
    const int64_t right = std::clamp((p.x.input - x) * p.channels - at.first, left, count);
    Zero(to, left);
    if (right > left) {
      const int64_t line = (z * p.y.input + y) * p.x.input;
      CopyFloats(image + (line + x) * p.channels + at.first + left, right - left, to + left);
    }
    Zero(to + right, count - right);
  }
}

}  // namespace

void CopyPatchRows(const PatchRows& p, const float* from, int64_t row, int64_t rows, int64_t begin,
                   int64_t end, float* to, int64_t stride) {
  const PatchElement first(p, begin);
  int64_t pixel[3] = {row / (p.x.output * p.y.output) % p.z.output, row / p.x.output % p.y.output,
                      row % p.x.output};
  const float* image = from + row / (p.x.output * p.y.output * p.z.output) * p.image_floats();
  for (int64_t i = 0; i < rows; ++i) {
    CopyRow(p, image, pixel, first, end - begin, to + i * stride);
    if (++pixel[2] < p.x.output) continue;
    pixel[2] = 0;
    if (++pixel[1] < p.y.output) continue;
    pixel[1] = 0;
    if (++pixel[0] < p.z.output) continue;
    pixel[0] = 0;
    image += p.image_floats();
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
  const bool together = conv.group == 1 && x.dilation == 1;
  runs = together ? 1 : x.kernel;
  run = conv.group_in() * (together ? x.kernel : 1);
  plain = std::all_of(window.begin(), window.end(), [](const WindowAxis& axis) {
    return axis.kernel == 1 && axis.stride == 1 && axis.pad_begin == 0 && axis.pad_end == 0;
  });
}

bool PatchRows::never_copied() const {
  return plain || (x.pad_begin <= 0 && x.pad_end <= 0 && z.kernel * y.kernel * runs <= kMaxPieces);
}

void PatchRows::Copy(const float* from, int64_t row, int64_t rows, int64_t begin, int64_t end,
                     float* to, int64_t stride) const {
  HWY_DYNAMIC_DISPATCH(CopyPatchRows)(*this, from, row, rows, begin, end, to, stride);
}

int PatchRows::Pieces(const float* from, int64_t row, int64_t rows, int64_t begin, int64_t end,
                      RowPiece* pieces) const {
  if (plain) {
    pieces[0] = {.a = from + row * channels + begin, .depth = end - begin};
    return 1;
  }
  const int64_t ox = row % x.output;
  const int64_t x0 = ox * x.stride - x.pad_begin;
  if (ox + rows > x.output || x0 < 0 || x0 + (rows - 1) * x.stride + x.extent() > x.input) {
    return -1;
  }
  const int64_t y0 = row / x.output % y.output * y.stride - y.pad_begin;
  const int64_t z0 = row / x.output / y.output % z.output * z.stride - z.pad_begin;
  const float* image = from + row / (x.output * y.output * z.output) * image_floats();
  int count = 0;
  int64_t depth = 0;
  PatchElement at(*this, begin);
  for (int64_t p = begin; p < end; p += depth, at.Next(*this)) {
    depth = std::min(run - at.first, end - p);
    const int64_t in_z = z0 + at.kz * z.dilation, in_y = y0 + at.ky * y.dilation;
    if (in_z < 0 || in_z >= z.input || in_y < 0 || in_y >= y.input) continue;
    if (count == kMaxPieces) return -1;
    const int64_t pixel = (in_z * y.input + in_y) * x.input + x0 + at.kx * x.dilation;
    pieces[count++] = {
        .a = image + pixel * channels + at.first, .begin = p - begin, .depth = depth};
  }
  return count;
}

}  // namespace sardonyx
#endif  // HWY_ONCE
