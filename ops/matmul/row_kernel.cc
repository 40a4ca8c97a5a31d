#include "ops/matmul/row_kernel.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ops/common/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/matmul/row_kernel.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "ops/matmul/store-inl.h"

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

/// What happens to a tile's sums.
struct TileStore {
  float* c = nullptr;
  int64_t c_stride = 0;
  bool accumulate = false;
  const float* bias = nullptr;      // null: none
  const float* residual = nullptr;  // likewise
  int64_t residual_stride = 0;
  Activation::Kind kind = Activation::Kind::kNone;  // or kRelu or kClip
  float low = 0, high = 0;                          // of kClip
  int64_t last = kLanes;                            // columns of the tile's last vector

  TileStore At(int64_t row, int64_t column) const {
    TileStore moved = *this;
    moved.c += row * c_stride + column;
    if (bias != nullptr) moved.bias += column;
    if (residual != nullptr) moved.residual += row * residual_stride + column;
    return moved;
  }
};

/// The last vector is a part of one where `whole` is false.
template <bool whole, int rows, int vectors>
HWY_INLINE void StoreTile(V (&sums)[rows][vectors], const TileStore& to) {
  const D d;
  const auto mask = hn::FirstN(d, static_cast<size_t>(to.last));
  const auto load = [&](const float* from, int j) HWY_ATTR {
    const float* at = from + j * kLanes;
    return whole || j + 1 < vectors ? hn::LoadU(d, at) : hn::MaskedLoad(mask, d, at);
  };
  const auto each = [&](const auto& change) HWY_ATTR {
#pragma GCC unroll 12
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < vectors; ++j) change(i, j, sums[i][j]);
    }
  };
  if (to.accumulate) {
    each([&](int i, int j, V& x) HWY_ATTR { x = hn::Add(x, load(to.c + i * to.c_stride, j)); });
  }
  if (to.bias != nullptr) {
    each([&](int, int j, V& x) HWY_ATTR { x = hn::Add(x, load(to.bias, j)); });
  }
  if (to.residual != nullptr) {
    each([&](int i, int j, V& x)
             HWY_ATTR { x = hn::Add(x, load(to.residual + i * to.residual_stride, j)); });
  }
  if (to.kind != Activation::Kind::kNone) {
    const bool relu = to.kind == Activation::Kind::kRelu;
    const V low = hn::Set(d, relu ? 0.0f : to.low);
    each([&](int, int, V& x) HWY_ATTR { x = activation_internal::AtLeast(d, low, x); });
    if (!relu) {
      const V high = hn::Set(d, to.high);
      each([&](int, int, V& x) HWY_ATTR { x = activation_internal::AtMost(d, high, x); });
    }
  }
  each([&](int i, int j, V& x) HWY_ATTR {
    float* at = to.c + i * to.c_stride + j * kLanes;
    if (whole || j + 1 < vectors) {
      hn::StoreU(x, d, at);
    } else {
      hn::BlendedStore(x, mask, d, at);
    }
  });
}

/// Brings memory into L2, some cache lines at each step of a product.
struct Fetch {
  const float* from;
  const float* end;
  int lines;

  HWY_INLINE void Step() {
    for (int i = 0; i < lines && from < end; ++i, from += 16) __builtin_prefetch(from, 0, 2);
  }
};
constexpr int64_t kFetchSteps = 8;  // depth between steps of Fetch

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
  if (to.last == kLanes) {
    StoreTile<true>(sums, to);
  } else {
    StoreTile<false>(sums, to);
  }
}

using TileFunction = void (*)(const RowBlock&, int64_t, const float*, const TileStore&, Fetch&);

template <int... index>
constexpr std::array<TileFunction, sizeof...(index)> TileTable(
    std::integer_sequence<int, index...>) {
  return {&Tile<index / kVectors + 1, index % kVectors + 1>...};
}
/// By rows, then vectors, each less one.
constexpr auto kTiles = TileTable(std::make_integer_sequence<int, kRows * kVectors>());

/// Whether StoreTile can do all that the epilogue says, but perhaps the activation.
bool IsSimple(const Epilogue& epilogue) {
  return epilogue.alpha == 1 && epilogue.beta == 1 && epilogue.offset == 0 &&
         epilogue.row_bias == nullptr;
}
bool StoreTileActivates(Activation::Kind kind) {
  return kind == Activation::Kind::kNone || kind == Activation::Kind::kRelu ||
         kind == Activation::Kind::kClip;
}

/// The activation of rows of up to `vectors` vectors, in place, four vectors together.
template <int vectors>
void ActivateRows(const Activation& activation, float* c, int64_t stride, int64_t rows,
                  int64_t columns) {
  const D d;
  constexpr int64_t kTogether = 4 / vectors;
  const auto last = hn::FirstN(d, static_cast<size_t>(columns - (vectors - 1) * kLanes));
  const auto activate = [&](auto count, float* first) HWY_ATTR {
    V x[count * vectors];
    const auto place = [&](size_t i) {
      return first + static_cast<int64_t>(i / vectors) * stride +
             static_cast<int64_t>(i % vectors) * kLanes;
    };
    const auto is_last = [](size_t i) { return i % vectors == vectors - 1; };
    simd::Each<count * vectors>([&](size_t i) HWY_ATTR {
      x[i] = is_last(i) ? hn::MaskedLoad(last, d, place(i)) : hn::LoadU(d, place(i));
    });
    Activate(d, activation, x);
    simd::Each<count * vectors>([&](size_t i) HWY_ATTR {
      if (is_last(i)) {
        hn::BlendedStore(x[i], last, d, place(i));
      } else {
        hn::StoreU(x[i], d, place(i));
      }
    });
  };
  int64_t row = 0;
  for (; row + kTogether <= rows; row += kTogether) {
    activate(std::integral_constant<int, kTogether>(), c + row * stride);
  }
  for (; row < rows; ++row) activate(std::integral_constant<int, 1>(), c + row * stride);
}

/// What StoreTile does of an epilogue, which is simple, on all of the block.
TileStore SimpleStore(const RowBlock& block, const Epilogue& epilogue) {
  TileStore to{.c = block.c,
               .c_stride = block.c_stride,
               .accumulate = block.accumulate,
               .bias = epilogue.column_bias,
               .residual = epilogue.residual,
               .residual_stride = epilogue.residual_stride};
  if (StoreTileActivates(epilogue.activation.kind)) {
    to.kind = epilogue.activation.kind;
    to.low = epilogue.activation.a;
    to.high = epilogue.activation.b;
  }
  return to;
}

/// Computes block.c tile by tile.
class TileWalk {
 public:
  explicit TileWalk(const RowBlock& block) : block_(block) {
    if (block.epilogue != nullptr) epilogue_ = *block.epilogue;
    simple_ = IsSimple(epilogue_);
    activates_ = StoreTileActivates(epilogue_.activation.kind);
    store_ = SimpleStore(block, epilogue_);
    int64_t steps = 0;
    for (const RowPiece& piece : block.a) steps += (piece.depth + kFetchSteps - 1) / kFetchSteps;
    steps = std::max<int64_t>(steps * tiles_ * panels_, 1);
    fetch_ = {.from = block.next,
              .end = block.next + block.next_floats,
              .lines = static_cast<int>((block.next_floats / 16 + steps - 1) / steps)};
  }

  void Run() {
    // Panels that stay in L1 together meet each tile in turn, so that C is written front to back.
    constexpr int64_t kMostFloats = 4096;
    if (panels_ * block_.b_panel_stride <= kMostFloats) {
      for (int64_t tile = 0; tile < tiles_; ++tile) {
        for (int64_t panel = 0; panel < panels_; ++panel) Multiply(tile, panel);
      }
    } else {
      for (int64_t panel = 0; panel < panels_; ++panel) {
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
    const TileFunction multiply = kTiles[(rows - 1) * kVectors + vectors - 1];
    float* c = block_.c + row * block_.c_stride + column;
    if (simple_) {
      TileStore to = store_.At(row, column);
      to.last = columns - (vectors - 1) * kLanes;
      multiply(block_, row, b, to, fetch_);
    } else {
      HWY_ALIGN float buffer[kRows * kColumns];
      multiply(block_, row, b, {.c = buffer, .c_stride = kColumns}, fetch_);
      Epilogue here = epilogue_.At(row, column);
      if (!activates_) here.activation = {};
      Store(D(), buffer, kColumns, rows, columns, c, block_.c_stride, block_.accumulate,
            block_.epilogue != nullptr ? &here : nullptr);
    }
    if (!activates_) {
      const auto activate = vectors == 1 ? ActivateRows<1> : ActivateRows<2>;
      activate(epilogue_.activation, c, block_.c_stride, rows, columns);
    }
  }

  const RowBlock& block_;
  const int64_t tiles_ = (block_.rows + kRows - 1) / kRows;
  const int64_t panels_ = (block_.columns + kColumns - 1) / kColumns;
  Epilogue epilogue_;
  bool simple_, activates_;
  TileStore store_;
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
