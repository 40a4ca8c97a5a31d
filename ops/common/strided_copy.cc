#include "ops/common/strided_copy.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "ops/common/element_size.h"
#include "ops/common/interleave.h"

namespace sardonyx {
namespace {

/// The axes that are left when those of size 1 are dropped and those that lie behind each other in
/// both tensors are joined, outermost first.
struct Axes {
  Ints dims, from, to;

  int count() const { return static_cast<int>(dims.size()); }
  void Remove(int axis) {
    dims.erase(dims.begin() + axis);
    from.erase(from.begin() + axis);
    to.erase(to.begin() + axis);
  }
};

Axes Simplify(absl::Span<const int64_t> dims, const Ints& from, const Ints& to) {
  Axes axes;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) continue;
    const int last = axes.count() - 1;
    if (last >= 0 && axes.from[last] == from[i] * dims[i] && axes.to[last] == to[i] * dims[i]) {
      axes.dims[last] *= dims[i];
      axes.from[last] = from[i];
      axes.to[last] = to[i];
    } else {
      axes.dims.push_back(dims[i]);
      axes.from.push_back(from[i]);
      axes.to.push_back(to[i]);
    }
  }
  return axes;
}

/// Where the elements of one outer index begin in each tensor; steps through `axes` in order.
class Odometer {
 public:
  Odometer(const Axes& axes, int64_t position) : axes_(axes), index_(axes.dims.size(), 0) {
    for (int i = axes.count() - 1; i >= 0; --i) {
      index_[i] = position % axes.dims[i];
      position /= axes.dims[i];
      from_ += index_[i] * axes.from[i];
      to_ += index_[i] * axes.to[i];
    }
  }
  void Next() {
    for (int i = axes_.count() - 1; i >= 0; --i) {
      from_ += axes_.from[i];
      to_ += axes_.to[i];
      if (++index_[i] < axes_.dims[i]) return;
      from_ -= axes_.from[i] * axes_.dims[i];
      to_ -= axes_.to[i] * axes_.dims[i];
      index_[i] = 0;
    }
  }
  int64_t from() const { return from_; }
  int64_t to() const { return to_; }

 private:
  const Axes& axes_;
  Ints index_;
  int64_t from_ = 0, to_ = 0;
};

template <typename T>
void CopyRow(const T* from, int64_t from_step, T* to, int64_t to_step, int64_t n) {
  if (to_step == 1 && from_step == 1) {
    std::copy_n(from, n, to);
  } else if (to_step == 1 && from_step == 0) {
    std::fill_n(to, n, *from);
  } else if (to_step == 1) {
    for (int64_t i = 0; i < n; ++i) to[i] = from[i * from_step];
  } else {
    for (int64_t i = 0; i < n; ++i) to[i * to_step] = from[i * from_step];
  }
}

/// to[r * to_step + c] = from[c * from_step + r] for 4x4 elements of four bytes.
using Lanes = uint32_t __attribute__((vector_size(16), aligned(4)));

inline void Transpose4x4(const uint32_t* from, int64_t from_step, uint32_t* to, int64_t to_step) {
  const auto load = [&](int c) { return *reinterpret_cast<const Lanes*>(from + c * from_step); };
  const Lanes a = load(0), b = load(1), c = load(2), d = load(3);
  const Lanes ab_low = __builtin_shuffle(a, b, Lanes{0, 4, 1, 5});
  const Lanes ab_high = __builtin_shuffle(a, b, Lanes{2, 6, 3, 7});
  const Lanes cd_low = __builtin_shuffle(c, d, Lanes{0, 4, 1, 5});
  const Lanes cd_high = __builtin_shuffle(c, d, Lanes{2, 6, 3, 7});
  const auto store = [&](int r, Lanes v) { *reinterpret_cast<Lanes*>(to + r * to_step) = v; };
  store(0, __builtin_shuffle(ab_low, cd_low, Lanes{0, 1, 4, 5}));
  store(1, __builtin_shuffle(ab_low, cd_low, Lanes{2, 3, 6, 7}));
  store(2, __builtin_shuffle(ab_high, cd_high, Lanes{0, 1, 4, 5}));
  store(3, __builtin_shuffle(ab_high, cd_high, Lanes{2, 3, 6, 7}));
}

/// to[r * to_step + c] = from[c * from_step + r] for `rows` x `columns` elements.
template <typename T>
void TransposeTile(const T* from, int64_t from_step, T* to, int64_t to_step, int64_t rows,
                   int64_t columns) {
  int64_t done = 0;
  if constexpr (std::is_same_v<T, uint32_t>) {
    for (; done + 4 <= rows; done += 4) {
      int64_t c = 0;
      for (; c + 4 <= columns; c += 4) {
        Transpose4x4(from + c * from_step + done, from_step, to + done * to_step + c, to_step);
      }
      for (; c < columns; ++c) {
        for (int64_t r = done; r < done + 4; ++r) to[r * to_step + c] = from[c * from_step + r];
      }
    }
  }
  for (int64_t r = done; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) to[r * to_step + c] = from[c * from_step + r];
  }
}

/// The last axis is contiguous in `to`, axis `rows_axis` in `from`: tiles keep both in cache.
template <typename T>
Status CopyTransposed(const KernelContext& context, Axes axes, int rows_axis, const T* from,
                      T* to) {
  constexpr int64_t kTile = 32;
  const int last = axes.count() - 1;
  const int64_t rows = axes.dims[rows_axis], columns = axes.dims[last];
  const int64_t to_step = axes.to[rows_axis], from_step = axes.from[last];
  axes.Remove(last);
  axes.Remove(rows_axis);
  const int64_t row_tiles = (rows + kTile - 1) / kTile;
  int64_t outer = 1;
  for (int64_t dim : axes.dims) outer *= dim;
  return context.ParallelFor(
      outer * row_tiles, 0.6 * kTile * static_cast<double>(columns),
      [&](int64_t begin, int64_t end) {
        Odometer place(axes, begin / row_tiles);
        int64_t tile = begin % row_tiles;
        for (int64_t i = begin; i < end; ++i) {
          const int64_t row = tile * kTile;
          for (int64_t column = 0; column < columns; column += kTile) {
            TransposeTile(from + place.from() + column * from_step + row, from_step,
                          to + place.to() + row * to_step + column, to_step,
                          std::min(kTile, rows - row), std::min(kTile, columns - column));
          }
          if (++tile == row_tiles) {
            tile = 0;
            place.Next();
          }
        }
      });
}

/// Whether the last axis has a few elements that lie far apart in `from`, and are to lie between
/// those of the next elements of the axis before it: pixels from planes.
bool Interleaves(const Axes& axes) {
  const int last = axes.count() - 1;
  return last > 0 && axes.dims[last] <= 4 && axes.to[last] == 1 && axes.from[last - 1] == 1 &&
         axes.to[last - 1] == axes.dims[last];
}

Status CopyInterleaved(const KernelContext& context, Axes axes, const float* from, float* to) {
  constexpr int64_t kPiece = 1 << 12;
  const int last = axes.count() - 1, planes = static_cast<int>(axes.dims[last]);
  const int64_t count = axes.dims[last - 1], step = axes.from[last];
  axes.Remove(last);
  axes.Remove(last - 1);
  const int64_t pieces = (count + kPiece - 1) / kPiece;
  int64_t outer = 1;
  for (int64_t dim : axes.dims) outer *= dim;
  const double cost = 0.3 * static_cast<double>(planes * std::min(kPiece, count)) + 5;
  return context.ParallelFor(outer * pieces, cost, [&](int64_t begin, int64_t end) {
    Odometer place(axes, begin / pieces);
    int64_t piece = begin % pieces;
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = piece * kPiece;
      Interleave(planes, from + place.from() + first, step, std::min(kPiece, count - first),
                 to + place.to() + first * planes);
      if (++piece == pieces) {
        piece = 0;
        place.Next();
      }
    }
  });
}

template <typename T>
Status Copy(const KernelContext& context, Axes axes, const T* from, T* to) {
  if (axes.count() == 0) {
    *to = *from;
    return absl::OkStatus();
  }
  if constexpr (std::is_same_v<T, uint32_t>) {
    if (Interleaves(axes)) {
      return CopyInterleaved(context, std::move(axes), reinterpret_cast<const float*>(from),
                             reinterpret_cast<float*>(to));
    }
  }
  const int last = axes.count() - 1;
  if (axes.to[last] == 1 && axes.from[last] != 1 && axes.from[last] != 0 && axes.dims[last] >= 4) {
    for (int i = 0; i < last; ++i) {
      if (axes.from[i] == 1 && axes.dims[i] >= 4) {
        return CopyTransposed(context, std::move(axes), i, from, to);
      }
    }
  }
  // Rows of the last axis, long ones in pieces so that one row too is shared among threads.
  constexpr int64_t kPiece = 1 << 14;
  const int64_t row = axes.dims[last], from_step = axes.from[last], to_step = axes.to[last];
  axes.Remove(last);
  const int64_t pieces = (row + kPiece - 1) / kPiece;
  int64_t outer = 1;
  for (int64_t dim : axes.dims) outer *= dim;
  const bool streams = to_step == 1 && (from_step == 0 || from_step == 1);
  const double cost =
      static_cast<double>(std::min(row, kPiece)) * (std::is_same_v<T, std::string> ? 20
                                                    : streams                      ? 0.1 * sizeof(T)
                                                                                   : 1.0) +
      3;
  return context.ParallelFor(outer * pieces, cost, [&](int64_t begin, int64_t end) {
    Odometer place(axes, begin / pieces);
    int64_t piece = begin % pieces;
    for (int64_t i = begin; i < end; ++i) {
      const int64_t start = piece * kPiece;
      CopyRow(from + place.from() + start * from_step, from_step, to + place.to() + start * to_step,
              to_step, std::min(kPiece, row - start));
      if (++piece == pieces) {
        piece = 0;
        place.Next();
      }
    }
  });
}

}  // namespace

Status CopyStrided(const KernelContext& context, absl::Span<const int64_t> dims, const Tensor& from,
                   const StridedView& from_view, Tensor& to, const StridedView& to_view) {
  for (int64_t dim : dims) {
    if (dim == 0) return absl::OkStatus();
  }
  return DispatchSize(from.type(), [&]<typename T>() {
    return Copy<T>(context, Simplify(dims, from_view.strides, to_view.strides),
                   from.data<T>() + from_view.offset, to.data<T>() + to_view.offset);
  });
}

Status CopyAll(const KernelContext& context, const Tensor& from, Tensor& to) {
  if (from.raw() == to.raw()) return absl::OkStatus();
  return CopyStrided(context, {from.size()}, from, {0, {1}}, to, {0, {1}});
}

Status FillAll(const KernelContext& context, const Tensor& value, Tensor& to) {
  if (to.size() == 0) return absl::OkStatus();
  if (value.defined()) return CopyStrided(context, {to.size()}, value, {0, {0}}, to, {0, {1}});
  return DispatchSize(to.type(), [&]<typename T>() {
    return context.ParallelFor(to.size(), 0.1 * sizeof(T), [&](int64_t begin, int64_t end) {
      std::fill(to.data<T>() + begin, to.data<T>() + end, T());
    });
  });
}

}  // namespace sardonyx
