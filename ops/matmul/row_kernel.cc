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

/// What happens to a tile of which all vectors are whole.
struct TileStore {
  float* c;
  int64_t c_stride;
  bool accumulate;
  const float* bias;      // null: none
  const float* residual;  // likewise
  int64_t residual_stride;
  Activation::Kind kind;  // kNone, kRelu or kClip
  float low, high;        // of kClip
};

template <int rows, int vectors>
HWY_INLINE void StoreTile(V (&sums)[rows][vectors], const TileStore& to) {
  const D d;
  const auto each = [&](const auto& change) HWY_ATTR {
#pragma GCC unroll 12
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < vectors; ++j) change(i, j * kLanes, sums[i][j]);
    }
  };
  if (to.accumulate) {
    each([&](int i, int64_t j, V& x)
             HWY_ATTR { x = hn::Add(x, hn::LoadU(d, to.c + i * to.c_stride + j)); });
  }
  if (to.bias != nullptr) {
    each([&](int, int64_t j, V& x) HWY_ATTR { x = hn::Add(x, hn::LoadU(d, to.bias + j)); });
  }
  if (to.residual != nullptr) {
    each([&](int i, int64_t j, V& x)
             HWY_ATTR { x = hn::Add(x, hn::LoadU(d, to.residual + i * to.residual_stride + j)); });
  }
  if (to.kind != Activation::Kind::kNone) {
    const bool relu = to.kind == Activation::Kind::kRelu;
    const V low = hn::Set(d, relu ? 0.0f : to.low);
    each([&](int, int64_t, V& x) HWY_ATTR { x = activation_internal::AtLeast(d, low, x); });
    if (!relu) {
      const V high = hn::Set(d, to.high);
      each([&](int, int64_t, V& x) HWY_ATTR { x = activation_internal::AtMost(d, high, x); });
    }
  }
  each([&](int i, int64_t j, V& x) HWY_ATTR { hn::StoreU(x, d, to.c + i * to.c_stride + j); });
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
  StoreTile(sums, to);
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

void Multiply(const RowBlock& block) {
  HWY_ALIGN float buffer[kRows * kColumns];
  const int64_t tiles = (block.rows + kRows - 1) / kRows;
  const Epilogue none, &epilogue = block.epilogue != nullptr ? *block.epilogue : none;
  const bool simple = IsSimple(epilogue);
  const bool activates = StoreTileActivates(epilogue.activation.kind);
  const int64_t panels = (block.columns + kColumns - 1) / kColumns;
  int64_t steps = 0;
  for (const RowPiece& piece : block.a) steps += (piece.depth + kFetchSteps - 1) / kFetchSteps;
  steps = std::max<int64_t>(steps * tiles * panels, 1);
  Fetch fetch{.from = block.next,
              .end = block.next + block.next_floats,
              .lines = static_cast<int>((block.next_floats / 16 + steps - 1) / steps)};
  for (int64_t j = 0; j < block.columns; j += kColumns) {
    const int64_t columns = std::min<int64_t>(kColumns, block.columns - j);
    const int64_t vectors = (columns + kLanes - 1) / kLanes;
    const bool direct = simple && columns == vectors * kLanes;
    const float* b = block.b + j / kColumns * block.b_panel_stride;
    for (int64_t tile = 0; tile < tiles; ++tile) {
      // Tiles of nearly equal height: each has enough sums to keep multiply-adds under way.
      const int64_t i = block.rows * tile / tiles, end = block.rows * (tile + 1) / tiles;
      float* c = block.c + i * block.c_stride + j;
      Epilogue here = epilogue.At(i, j);
      if (!activates) here.activation = {};
      TileStore to{.c = buffer, .c_stride = kColumns};
      if (direct) {
        to = {.c = c,
              .c_stride = block.c_stride,
              .accumulate = block.accumulate,
              .bias = here.column_bias,
              .residual = here.residual,
              .residual_stride = here.residual_stride,
              .kind = here.activation.kind,
              .low = here.activation.a,
              .high = here.activation.b};
      }
      kTiles[(end - i - 1) * kVectors + vectors - 1](block, i, b, to, fetch);
      if (!direct) {
        Store(D(), buffer, kColumns, end - i, columns, c, block.c_stride, block.accumulate,
              block.epilogue != nullptr ? &here : nullptr);
      }
      if (!activates) {
        const auto activate = vectors == 1 ? ActivateRows<1> : ActivateRows<2>;
        activate(epilogue.activation, c, block.c_stride, end - i, columns);
      }
    }
  }
}

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
