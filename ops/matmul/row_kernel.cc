#include "ops/matmul/row_kernel.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/matmul/row_kernel.cc"
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
// A tile of rows x vectors of sums, with a row of B and one element of A, fills 15 registers, or 27
// of AVX-512's 32; two loads for each row and vector leave its multiply-adds unhindered.
constexpr int kRows = HWY_TARGET == HWY_AVX3 ? 12 : HWY_TARGET == HWY_SCALAR ? 4 : 6;
constexpr int kVectors = 2;
constexpr int64_t kColumns = kVectors * kLanes;

template <int rows, int vectors>
void Tile(const RowBlock& block, int64_t row, const float* panel, const TileStore& to,
          Fetch& fetch) {
  const D d;
  V sums[rows][vectors];
#pragma GCC unroll 12
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < vectors; ++j) sums[i][j] = hn::Zero(d);
  }
  FetchTarget<rows, vectors, kLanes>(to);
  const int64_t a_stride = block.a_stride;
  for (const RowPiece& piece : block.a) {
    const float* HWY_RESTRICT a = piece.a + row * a_stride;
    const float* HWY_RESTRICT b = panel + piece.begin * vectors * kLanes;
    for (int64_t p = 0; p < piece.depth; ++p) {
      if (p % kFetchSteps == 0) fetch.Step();
      V right[vectors];
#pragma GCC unroll 2
      for (int j = 0; j < vectors; ++j) right[j] = hn::LoadU(d, b + j * kLanes);
#pragma GCC unroll 12
      for (int i = 0; i < rows; ++i) {
        const V left = hn::Set(d, a[i * a_stride]);
#pragma GCC unroll 2
        for (int j = 0; j < vectors; ++j) sums[i][j] = hn::MulAdd(left, right[j], sums[i][j]);
      }
      ++a;
      b += vectors * kLanes;
    }
  }
  StoreTile(d, sums, to);
}

using TileFunction = void (*)(const RowBlock&, int64_t, const float*, const TileStore&, Fetch&);

template <int... index>
constexpr std::array<TileFunction, sizeof...(index)> TileTable(
    std::integer_sequence<int, index...>) {
  return {&Tile<index / kVectors + 1, index % kVectors + 1>...};
}
/// By rows, then vectors, each less one.
constexpr auto kTiles = TileTable(std::make_integer_sequence<int, kRows * kVectors>());

/// Computes block.c tile by tile.
class TileWalk {
 public:
  explicit TileWalk(const RowBlock& block)
      : block_(block),
        target_(block.c, block.c_stride, block.accumulate, block.epilogue),
        fetch_(block.next, block.next_floats, FetchSteps()) {}

  void Run() {
    // Panels that stay in L1 together meet each tile in turn, so that C is written front to back.
    constexpr int64_t kMostFloats = 32768;
    if (panels_ * block_.b_panel_stride <= kMostFloats) {
      for (int64_t tile = 0; tile < tiles_; ++tile) {
        for (int64_t panel = 0; panel < panels_; ++panel) Multiply(tile, panel);
      }
    } else {
      for (int64_t panel = 0; panel < panels_; ++panel) {
        if (block_.cold && panel + 1 < panels_) {
          const float* behind = block_.b + (panel + 1) * block_.b_panel_stride;
          fetch_ = Fetch(behind, block_.b_panel_stride, FetchSteps() / panels_);
        }
        for (int64_t tile = 0; tile < tiles_; ++tile) Multiply(tile, panel);
      }
    }
  }

 private:
  void Multiply(int64_t tile, int64_t panel) {
    // Tiles of nearly equal height: each has enough sums to keep multiply-adds under way.
    const int64_t row = block_.rows * tile / tiles_;
    const int64_t rows = block_.rows * (tile + 1) / tiles_ - row;
    const int64_t column = panel * kColumns, columns = std::min(kColumns, block_.columns - column);
    const int64_t vectors = (columns + kLanes - 1) / kLanes;
    const float* b = block_.b + panel * block_.b_panel_stride;
    target_.Compute(row, column, rows, columns, [&](const TileStore& to) {
      kTiles[(rows - 1) * kVectors + vectors - 1](block_, row, b, to, fetch_);
    });
  }

  int64_t FetchSteps() const {
    int64_t steps = 0;
    for (const RowPiece& piece : block_.a) steps += (piece.depth + kFetchSteps - 1) / kFetchSteps;
    return steps * tiles_ * panels_;
  }

  const RowBlock& block_;
  const int64_t tiles_ = (block_.rows + kRows - 1) / kRows;
  const int64_t panels_ = (block_.columns + kColumns - 1) / kColumns;
  const TileTarget<D, kRows, kVectors> target_;
  Fetch fetch_;
};

void Multiply(const RowBlock& block) { TileWalk(block).Run(); }

}  // namespace

const RowKernels* TileKernels() {
  static constexpr RowKernels kernels = {.lanes = static_cast<int>(kLanes),
                                         .rows = kRows,
                                         .width = static_cast<int>(kColumns),
                                         .multiply = Multiply};
  return &kernels;
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(TileKernels);

const RowKernels& RowKernelsOfThisCpu() {
  static const RowKernels* const kernels = HWY_DYNAMIC_DISPATCH(TileKernels)();
  return *kernels;
}

}  // namespace sardonyx
#endif  // HWY_ONCE
