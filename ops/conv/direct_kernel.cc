#include "ops/conv/direct_kernel.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ops/common/ceil.h"
#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/conv/direct_kernel.cc"
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
constexpr int kMaxSums = HWY_TARGET == HWY_AVX3 ? 24 : 10;  // vectors in registers
constexpr int kMaxVectors = 3;

/// Vectors of outputs that are summed together, for so many output channels.
constexpr int MostVectors(int channels) { return std::clamp(kMaxSums / channels, 1, kMaxVectors); }

/// Outputs [at, at + vectors * kLanes) of a line, in each of `channels` channels; those from
/// lines.width on are left out.
template <int channels, int vectors>
void Outputs(const DirectLines& lines, int64_t line, int64_t at) {
  const D d;
  V sums[channels][vectors];
#pragma GCC unroll 8
  for (int m = 0; m < channels; ++m) {
    const V bias = hn::Set(d, lines.bias != nullptr ? lines.bias[m] : 0.0f);
#pragma GCC unroll 3
    for (int v = 0; v < vectors; ++v) sums[m][v] = bias;
  }
  const float* HWY_RESTRICT weights = lines.weights;
  const float* plane = lines.x + line * lines.x_line + at;
  for (int64_t c = 0; c < lines.in_channels; ++c, plane += lines.x_plane) {
    const float* row = plane;
    for (int64_t ky = 0; ky < lines.kernel_height; ++ky, row += lines.tap_line) {
      const float* HWY_RESTRICT tap = row;
      for (int64_t kx = 0; kx < lines.kernel_width; ++kx, tap += lines.dilation_x) {
        V x[vectors];
#pragma GCC unroll 3
        for (int v = 0; v < vectors; ++v) x[v] = hn::LoadU(d, tap + v * kLanes);
#pragma GCC unroll 8
        for (int m = 0; m < channels; ++m) {
          const V weight = hn::Set(d, weights[m]);
#pragma GCC unroll 3
          for (int v = 0; v < vectors; ++v) sums[m][v] = hn::MulAdd(x[v], weight, sums[m][v]);
        }
        weights += channels;
      }
    }
  }
  const int64_t offset = line * lines.width + at;
  const auto last = hn::FirstN(
      d, static_cast<size_t>(std::min(kLanes, lines.width - at - (vectors - 1) * kLanes)));
#pragma GCC unroll 8
  for (int m = 0; m < channels; ++m) {
#pragma GCC unroll 3
    for (int v = 0; v < vectors; ++v) {
      const int64_t place = offset + m * lines.y_plane + v * kLanes;
      if (v + 1 < vectors) {
        if (lines.residual != nullptr) {
          sums[m][v] = hn::Add(sums[m][v], hn::LoadU(d, lines.residual + place));
        }
        hn::StoreU(sums[m][v], d, lines.y + place);
      } else {
        if (lines.residual != nullptr) {
          sums[m][v] = hn::Add(sums[m][v], hn::MaskedLoad(last, d, lines.residual + place));
        }
        hn::BlendedStore(sums[m][v], last, d, lines.y + place);
      }
    }
  }
}

/// In place, four vectors together.
void ActivateFloats(const Activation& activation, float* y, int64_t count) {
  const D d;
  int64_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
    V x[4];
    simd::Each<4>([&](size_t v)
                      HWY_ATTR { x[v] = hn::LoadU(d, y + i + static_cast<int64_t>(v) * kLanes); });
    Activate(d, activation, x);
    simd::Each<4>([&](size_t v)
                      HWY_ATTR { hn::StoreU(x[v], d, y + i + static_cast<int64_t>(v) * kLanes); });
  }
  for (; i < count; i += kLanes) {
    const auto mask = hn::FirstN(d, static_cast<size_t>(std::min(kLanes, count - i)));
    V x[1] = {hn::MaskedLoad(mask, d, y + i)};
    Activate(d, activation, x);
    hn::BlendedStore(x[0], mask, d, y + i);
  }
}

using OutputsFunction = void (*)(const DirectLines&, int64_t line, int64_t at);
using OutputsTable = std::array<OutputsFunction, kMaxVectors + 1>;

template <int channels>
constexpr OutputsTable TableOf() {
  constexpr int most = MostVectors(channels);
  return {nullptr, &Outputs<channels, 1>, &Outputs<channels, std::min(2, most)>,
          &Outputs<channels, std::min(3, most)>};
}

template <int... index>
constexpr std::array<OutputsTable, sizeof...(index)> TableOfEach(
    std::integer_sequence<int, index...>) {
  return {TableOf<index + 1>()...};
}
/// By output channels less one, then vectors.
constexpr auto kOutputs = TableOfEach(std::make_integer_sequence<int, DirectLines::kMaxOut>());

void Run(const DirectLines& lines) {
  const OutputsTable& outputs = kOutputs[static_cast<size_t>(lines.out_channels - 1)];
  // Vectors of a line in groups of nearly equal size.
  const int64_t vectors = CeilDiv(lines.width, kLanes);
  const int64_t most = MostVectors(static_cast<int>(lines.out_channels));
  const int64_t groups = CeilDiv(vectors, most);
  for (int64_t line = 0; line < lines.lines; ++line) {
    for (int64_t group = 0; group < groups; ++group) {
      const int64_t begin = vectors * group / groups, end = vectors * (group + 1) / groups;
      outputs[static_cast<size_t>(end - begin)](lines, line, begin * kLanes);
    }
  }
  if (!lines.activation) return;
  for (int64_t m = 0; m < lines.out_channels; ++m) {
    ActivateFloats(lines.activation, lines.y + m * lines.y_plane, lines.lines * lines.width);
  }
}

}  // namespace

const DirectKernels* DirectLineKernels() {
  static constexpr DirectKernels kernels = {.lanes = static_cast<int>(kLanes), .run = Run};
  return &kernels;
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(DirectLineKernels);

const DirectKernels& DirectKernelsOfThisCpu() {
  static const DirectKernels* const kernels = HWY_DYNAMIC_DISPATCH(DirectLineKernels)();
  return *kernels;
}

}  // namespace sardonyx
#endif  // HWY_ONCE
