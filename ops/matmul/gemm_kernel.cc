#include "ops/matmul/gemm_kernel.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ops/common/ceil.h"
#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/matmul/gemm_kernel.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "ops/matmul/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;

constexpr int64_t kLanes = hn::MaxLanes(D());
// A tile is rows x vectors of sums; with a row of B and one element of A they fill 16 registers, or
// most of AVX-512's 32. Few rows and wide vectors also need fewer loads than a square tile.
constexpr int kRows = HWY_TARGET == HWY_AVX3 ? 8 : 4;
constexpr int kVectors = 3;
constexpr int64_t kColumns = kVectors * kLanes;

// ---- Packing --------------------------------------------------------------------------------

/// Four lines of four elements become four steps of four elements.
#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void Transpose4x4(const float* from, int64_t line_stride, float* to, int64_t to_stride) {
  for (int i = 0; i < 4; ++i) {
    for (int p = 0; p < 4; ++p) to[p * to_stride + i] = from[i * line_stride + p];
  }
}
#else
HWY_INLINE void Transpose4x4(const float* from, int64_t line_stride, float* to, int64_t to_stride) {
  const hn::FixedTag<float, 4> d4;
  const hn::Repartition<double, decltype(d4)> d2;
  const auto a = hn::LoadU(d4, from);
  const auto b = hn::LoadU(d4, from + line_stride);
  const auto c = hn::LoadU(d4, from + 2 * line_stride);
  const auto e = hn::LoadU(d4, from + 3 * line_stride);
  const auto ab_low = hn::BitCast(d2, hn::InterleaveLower(d4, a, b));
  const auto ab_high = hn::BitCast(d2, hn::InterleaveUpper(d4, a, b));
  const auto ce_low = hn::BitCast(d2, hn::InterleaveLower(d4, c, e));
  const auto ce_high = hn::BitCast(d2, hn::InterleaveUpper(d4, c, e));
  hn::StoreU(hn::BitCast(d4, hn::InterleaveLower(d2, ab_low, ce_low)), d4, to);
  hn::StoreU(hn::BitCast(d4, hn::InterleaveUpper(d2, ab_low, ce_low)), d4, to + to_stride);
  hn::StoreU(hn::BitCast(d4, hn::InterleaveLower(d2, ab_high, ce_high)), d4, to + 2 * to_stride);
  hn::StoreU(hn::BitCast(d4, hn::InterleaveUpper(d2, ab_high, ce_high)), d4, to + 3 * to_stride);
}
#endif

/// Lines whose elements are contiguous.
void PackLines(const float* from, int64_t line_stride, int64_t width, int64_t padded, int64_t depth,
               float* panel) {
  int64_t line = 0;
  for (; line + 4 <= width; line += 4) {
    const float* lines = from + line * line_stride;
    float* to = panel + line;
    int64_t p = 0;
    for (; p + 4 <= depth; p += 4) Transpose4x4(lines + p, line_stride, to + p * padded, padded);
    for (; p < depth; ++p) {
      for (int64_t i = 0; i < 4; ++i) to[p * padded + i] = lines[i * line_stride + p];
    }
  }
  for (; line < width; ++line) {
    for (int64_t p = 0; p < depth; ++p) panel[p * padded + line] = from[line * line_stride + p];
  }
}

void PackPanel(const float* from, int64_t line_stride, int64_t step_stride, int64_t width,
               int64_t padded, int64_t depth, float* panel) {
  const D d;
  if (line_stride == 1 && width == padded && width % kLanes == 0) {
    for (int64_t p = 0; p < depth; ++p) {
      for (int64_t i = 0; i < width; i += kLanes) {
        hn::StoreU(hn::LoadU(d, from + p * step_stride + i), d, panel + p * padded + i);
      }
    }
    return;
  }
  if (line_stride == 1) {
    for (int64_t p = 0; p < depth; ++p) {
      std::copy_n(from + p * step_stride, width, panel + p * padded);
    }
  } else if (step_stride == 1) {
    PackLines(from, line_stride, width, padded, depth, panel);
  } else {
    for (int64_t p = 0; p < depth; ++p) {
      for (int64_t i = 0; i < width; ++i) {
        panel[p * padded + i] = from[i * line_stride + p * step_stride];
      }
    }
  }
  if (width == padded) return;
  for (int64_t p = 0; p < depth; ++p) {
    std::fill(panel + p * padded + width, panel + (p + 1) * padded, 0.0f);
  }
}

// ---- Storing --------------------------------------------------------------------------------

void StoreSums(const float* sums, int64_t sums_stride, int64_t rows, int64_t columns, float* c,
               int64_t c_stride, bool accumulate, const Epilogue* epilogue) {
  Store(D(), sums, sums_stride, rows, columns, c, c_stride, accumulate, epilogue);
}

// ---- Multiplying ----------------------------------------------------------------------------

/// `rows` rows of one panel times `vectors` vectors of another. Every element is summed in the
/// order of depth, whatever the tile's size.
template <int rows, int vectors>
void Tile(int64_t depth, const float* HWY_RESTRICT a, const float* HWY_RESTRICT b,
          int64_t b_row_stride, const TileStore& to, Fetch& fetch) {
  const D d;
  V sums[rows][vectors];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < vectors; ++j) {
      sums[i][j] = hn::Zero(d);
      __builtin_prefetch(to.c + i * to.c_stride + j * kLanes, 1, 3);
    }
  }
  for (int64_t p = 0; p < depth; ++p) {
    if (p % kFetchSteps == 0) {
      // The next panel of A follows this one.
      for (int64_t i = 0; i < kFetchSteps * kRows; i += 16) {
        __builtin_prefetch(a + depth * kRows + i, 0, 3);
      }
      fetch.Step();
    }
    V right[vectors];
#pragma GCC unroll 4
    for (int j = 0; j < vectors; ++j) right[j] = hn::LoadU(d, b + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      const V left = hn::Set(d, a[i]);
#pragma GCC unroll 4
      for (int j = 0; j < vectors; ++j) sums[i][j] = hn::MulAdd(left, right[j], sums[i][j]);
    }
    a += kRows;
    b += b_row_stride;
  }
  StoreTile(d, sums, to);
}

using TileFunction = void (*)(int64_t, const float*, const float*, int64_t, const TileStore&,
                              Fetch&);

template <int... index>
constexpr std::array<TileFunction, sizeof...(index)> TileTable(
    std::integer_sequence<int, index...>) {
  return {&Tile<index / kVectors + 1, index % kVectors + 1>...};
}
/// By rows, then vectors, each less one.
constexpr auto kTiles = TileTable(std::make_integer_sequence<int, kRows * kVectors>());

/// What is read after the panel at column j, to be brought into L2 while that one is multiplied.
struct PanelAfter {
  const float* from;
  int64_t floats;

  PanelAfter(const GemmBlock& block, int64_t j) : from(block.next), floats(block.next_floats) {
    const int64_t rest = block.columns - j - kColumns;
    if (rest <= 0) return;
    const bool packed = block.b_row_stride == 0;
    from = packed ? block.b + (j / kColumns + 1) * block.b_panel_stride : nullptr;
    floats = packed ? block.depth * std::min(kColumns, RoundUp(rest, kLanes)) : 0;
  }
};

void Multiply(const GemmBlock& block) {
  const TileTarget<D, kRows, kVectors> target(block.c, block.c_stride, block.accumulate,
                                              block.epilogue);
  const int64_t steps = CeilDiv(block.depth, kFetchSteps);
  const int64_t tiles = CeilDiv(block.rows, kRows);
  for (int64_t j = 0; j < block.columns; j += kColumns) {
    const int64_t columns = std::min<int64_t>(kColumns, block.columns - j);
    const int64_t vectors = CeilDiv(columns, kLanes);
    const int64_t row_stride = block.b_row_stride != 0 ? block.b_row_stride : vectors * kLanes;
    const float* b = block.b + j / kColumns * block.b_panel_stride;
    const PanelAfter next(block, j);
    Fetch fetch(next.from, next.floats, steps * tiles);
    for (int64_t i = 0; i < block.rows; i += kRows) {
      const int64_t rows = std::min<int64_t>(kRows, block.rows - i);
      target.Compute(i, j, rows, columns, [&](const TileStore& to) {
        kTiles[(rows - 1) * kVectors + vectors - 1](block.depth, block.a + i * block.depth, b,
                                                    row_stride, to, fetch);
      });
    }
  }
}

/// Products of one row of x with `lines` rows of w; the same order of summation for any `lines`.
template <int lines>
void DotLines(const float* x, const float* w, int64_t w_stride, int64_t depth, float* results) {
  const D d;
  V low[lines], high[lines];
#pragma GCC unroll 4
  for (int i = 0; i < lines; ++i) low[i] = high[i] = hn::Zero(d);
  int64_t p = 0;
  for (; p + 2 * kLanes <= depth; p += 2 * kLanes) {
    const V x_low = hn::LoadU(d, x + p), x_high = hn::LoadU(d, x + p + kLanes);
#pragma GCC unroll 4
    for (int i = 0; i < lines; ++i) {
      low[i] = hn::MulAdd(x_low, hn::LoadU(d, w + i * w_stride + p), low[i]);
      high[i] = hn::MulAdd(x_high, hn::LoadU(d, w + i * w_stride + p + kLanes), high[i]);
    }
  }
  for (; p < depth; p += kLanes) {
    const auto mask = hn::FirstN(d, static_cast<size_t>(std::min(kLanes, depth - p)));
    const V rest = hn::MaskedLoad(mask, d, x + p);
#pragma GCC unroll 4
    for (int i = 0; i < lines; ++i) {
      low[i] = hn::MulAdd(rest, hn::MaskedLoad(mask, d, w + i * w_stride + p), low[i]);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < lines; ++i) {
    results[i] = hn::GetLane(hn::SumOfLanes(d, hn::Add(low[i], high[i])));
  }
}

void Dot(const float* x, int64_t x_stride, int64_t rows, const float* w, int64_t w_stride,
         int64_t columns, int64_t depth, float* tile, int64_t tile_stride) {
  int64_t j = 0;
  for (; j + 4 <= columns; j += 4) {
    for (int64_t i = 0; i < rows; ++i) {
      DotLines<4>(x + i * x_stride, w + j * w_stride, w_stride, depth, tile + i * tile_stride + j);
    }
  }
  for (; j < columns; ++j) {
    for (int64_t i = 0; i < rows; ++i) {
      DotLines<1>(x + i * x_stride, w + j * w_stride, w_stride, depth, tile + i * tile_stride + j);
    }
  }
}

}  // namespace

const GemmKernels* Kernels() {
  static constexpr GemmKernels kernels = {
      .lanes = static_cast<int>(kLanes),
      .row_panel = kRows,
      .column_panel = static_cast<int>(kColumns),
      .pack_panel = PackPanel,
      .multiply = Multiply,
      .dot = Dot,
      .store = StoreSums,
  };
  return &kernels;
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(Kernels);

const GemmKernels& GemmKernelsOfThisCpu() {
  static const GemmKernels* const kernels = HWY_DYNAMIC_DISPATCH(Kernels)();
  return *kernels;
}

}  // namespace sardonyx
#endif  // HWY_ONCE
