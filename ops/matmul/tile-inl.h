// What register tiles of sums share, for kernels compiled once per instruction set: storing them,
// and bringing the next operands into the caches meanwhile. Included from within Highway's
// foreach_target, hence the toggled guard.
#if defined(SARDONYX_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef SARDONYX_TILE_INL_H
#undef SARDONYX_TILE_INL_H
#else
#define SARDONYX_TILE_INL_H
#endif

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "hwy/highway.h"
#include "ops/common/activation-inl.h"
#include "ops/common/ceil.h"
#include "ops/matmul/epilogue.h"
#include "ops/matmul/store-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {

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
  int64_t last = 0;  // columns of the tile's last vector; 0: it is a whole one

  TileStore At(int64_t row, int64_t column) const {
    TileStore moved = *this;
    moved.c += row * c_stride + column;
    if (bias != nullptr) moved.bias += column;
    if (residual != nullptr) moved.residual += row * residual_stride + column;
    return moved;
  }
};

/// The last vector is a part of one where `whole` is false.
template <bool whole, class D, int rows, int vectors, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE void StoreTile(D d, V (&sums)[rows][vectors], const TileStore& to) {
  namespace hn = hwy::HWY_NAMESPACE;
  constexpr int64_t kLanes = hn::MaxLanes(D());
  const auto mask = hn::FirstN(d, static_cast<size_t>(to.last));
  const auto load = [&](const float* from, int j) HWY_ATTR {
    const float* at = from + j * kLanes;
    return whole || j + 1 < vectors ? hn::LoadU(d, at) : hn::MaskedLoad(mask, d, at);
  };
  const auto each = [&](const auto& change) HWY_ATTR {
#pragma GCC unroll 12
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
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

template <class D, int rows, int vectors, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE void StoreTile(D d, V (&sums)[rows][vectors], const TileStore& to) {
  if (to.last == 0) {
    StoreTile<true>(d, sums, to);
  } else {
    StoreTile<false>(d, sums, to);
  }
}

/// apply(x) for vectors x[n] of rows of `columns` elements, in place, four vectors together where a
/// row is one vector, two or four; `whole`: the last vector of each row is.
template <bool whole, class D, int vectors, class Apply>
HWY_INLINE void ApplyToRows(D d, float* c, int64_t stride, int64_t rows, int64_t columns,
                            const Apply& apply) {
  namespace hn = hwy::HWY_NAMESPACE;
  using V = hn::Vec<D>;
  constexpr int64_t kLanes = hn::MaxLanes(D());
  constexpr int64_t kTogether = vectors < 3 ? 4 / vectors : 1;
  const auto last = hn::FirstN(d, static_cast<size_t>(columns - (vectors - 1) * kLanes));
  const auto some = [&](auto count, float* first) HWY_ATTR {
    V x[count * vectors];
    const auto place = [&](size_t i) {
      return first + static_cast<int64_t>(i / vectors) * stride +
             static_cast<int64_t>(i % vectors) * kLanes;
    };
    const auto is_part = [](size_t i) { return !whole && i % vectors == vectors - 1; };
    simd::Each<count * vectors>([&](size_t i) HWY_ATTR {
      x[i] = is_part(i) ? hn::MaskedLoad(last, d, place(i)) : hn::LoadU(d, place(i));
    });
    apply(x);
    simd::Each<count * vectors>([&](size_t i) HWY_ATTR {
      if (is_part(i)) {
        hn::BlendedStore(x[i], last, d, place(i));
      } else {
        hn::StoreU(x[i], d, place(i));
      }
    });
  };
  int64_t row = 0;
  for (; row + kTogether <= rows; row += kTogether) {
    some(std::integral_constant<int, kTogether>(), c + row * stride);
  }
  for (; row < rows; ++row) some(std::integral_constant<int, 1>(), c + row * stride);
}

/// The activation of rows, in place. Swish, the one of large networks, has a loop of its own, whose
/// constants stay in registers.
template <class D, int vectors>
void ActivateRows(D d, const Activation& activation, float* c, int64_t stride, int64_t rows,
                  int64_t columns) {
  namespace hn = hwy::HWY_NAMESPACE;
  if (activation.kind == Activation::Kind::kSwish && columns == vectors * hn::MaxLanes(D())) {
    const auto a = hn::Set(d, activation.a);
    ApplyToRows<true, D, vectors>(d, c, stride, rows, columns,
                                  [&](auto& x) HWY_ATTR { simd::Swishes(d, a, x); });
  } else {
    ApplyToRows<false, D, vectors>(d, c, stride, rows, columns,
                                   [&](auto& x) HWY_ATTR { Activate(d, activation, x); });
  }
}

/// The block of C that tiles of sums make up: they go straight into it where StoreTile can do all
/// there is to do but perhaps the activation, and by way of a buffer otherwise.
template <class D, int max_rows, int max_vectors>
class TileTarget {
 public:
  TileTarget(float* c, int64_t c_stride, bool accumulate, const Epilogue* epilogue)
      : has_epilogue_(epilogue != nullptr), epilogue_(has_epilogue_ ? *epilogue : Epilogue()) {
    const Activation& activation = epilogue_.activation;
    simple_ = epilogue_.alpha == 1 && epilogue_.beta == 1 && epilogue_.offset == 0 &&
              epilogue_.row_bias == nullptr;
    activates_ = activation.kind == Activation::Kind::kNone ||
                 activation.kind == Activation::Kind::kRelu ||
                 activation.kind == Activation::Kind::kClip;
    store_ = {.c = c,
              .c_stride = c_stride,
              .accumulate = accumulate,
              .bias = epilogue_.column_bias,
              .residual = epilogue_.residual,
              .residual_stride = epilogue_.residual_stride};
    if (activates_) {
      store_.kind = activation.kind;
      store_.low = activation.a;
      store_.high = activation.b;
    }
  }

  /// multiply(to) computes the tile of that place and size and stores it as `to` says.
  template <class Multiply>
  HWY_INLINE void Compute(int64_t row, int64_t column, int64_t rows, int64_t columns,
                          const Multiply& multiply) const {
    TileStore to = store_.At(row, column);
    if (simple_) {
      to.last = columns % kLanes;
      multiply(to);
    } else {
      HWY_ALIGN float buffer[max_rows * kStride];
      multiply(TileStore{.c = buffer, .c_stride = kStride});
      Epilogue here = epilogue_.At(row, column);
      if (!activates_) here.activation = {};
      Store(D(), buffer, kStride, rows, columns, to.c, to.c_stride, to.accumulate,
            has_epilogue_ ? &here : nullptr);
    }
    if (!activates_) {
      constexpr auto kActivate = ActivateTable(std::make_integer_sequence<int, max_vectors>());
      kActivate[(columns - 1) / kLanes](D(), epilogue_.activation, to.c, to.c_stride, rows,
                                        columns);
    }
  }

 private:
  static constexpr int64_t kLanes = hwy::HWY_NAMESPACE::MaxLanes(D());
  static constexpr int64_t kStride = max_vectors * kLanes;

  using ActivateFunction = void (*)(D, const Activation&, float*, int64_t, int64_t, int64_t);
  template <int... index>
  static constexpr std::array<ActivateFunction, sizeof...(index)> ActivateTable(
      std::integer_sequence<int, index...>) {
    return {&ActivateRows<D, index + 1>...};
  }

  bool has_epilogue_, simple_, activates_;
  Epilogue epilogue_;
  TileStore store_;  // what StoreTile does
};

/// Brings into L1 what StoreTile will read and write, while the tile is computed.
template <int rows, int vectors, int64_t lanes>
HWY_INLINE void FetchTarget(const TileStore& to) {
#pragma GCC unroll 12
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < vectors; ++j) {
      __builtin_prefetch(to.c + i * to.c_stride + j * lanes, 1, 3);
    }
  }
  if (to.residual == nullptr) return;
#pragma GCC unroll 12
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < vectors; ++j) {
      __builtin_prefetch(to.residual + i * to.residual_stride + j * lanes, 0, 3);
    }
  }
}

/// Brings memory into L2, some cache lines at each step of a product.
struct Fetch {
  const float* from;
  const float* end;
  int lines;

  /// `floats` from `first` on, spread over so many steps.
  Fetch(const float* first, int64_t floats, int64_t steps)
      : from(first),
        end(first + floats),
        lines(static_cast<int>(CeilDiv(floats / 16, std::max<int64_t>(steps, 1)))) {}

  HWY_INLINE void Step() {
    for (int i = 0; i < lines && from < end; ++i, from += 16) __builtin_prefetch(from, 0, 2);
  }
};
constexpr int64_t kFetchSteps = 8;  // depth between steps of Fetch

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled guard
