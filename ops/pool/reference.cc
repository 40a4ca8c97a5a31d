// The reference kernels of MaxPool, AveragePool and LpPool: each output from its window's elements.
#include <cmath>
#include <limits>

#include "ops/pool/pool.h"

namespace sardonyx {
namespace {

Ints Sizes(const Window& window, int64_t WindowAxis::*size) {
  Ints sizes;
  for (const WindowAxis& axis : window) sizes.push_back(axis.*size);
  return sizes;
}

/// Calls visit(position in the plane) for each tap of output `out` inside the input.
template <typename Visit>
void VisitWindow(const Window& window, const Position& out, Visit&& visit) {
  Ints starts, counts;
  for (size_t i = 0; i < window.size(); ++i) {
    int64_t first, last;
    window[i].Inside(out[i], &first, &last);
    if (first == last) return;
    counts.push_back(last - first);
    starts.push_back(out[i] * window[i].stride - window[i].pad_begin + first * window[i].dilation);
  }
  Position k(counts, 0);
  do {
    int64_t offset = 0;
    for (size_t i = 0; i < window.size(); ++i) {
      offset = offset * window[i].input + starts[i] + k[i] * window[i].dilation;
    }
    visit(offset);
  } while (k.Next());
}

/// Calls body(plane, where the output lies, its position) for every output.
template <typename Body>
Status ForEachOutput(KernelContext& context, const PoolShape& pool, const Body& body) {
  const Ints outputs = Sizes(pool.window, &WindowAxis::output);
  const int64_t size = pool.output_plane();
  if (size == 0 || pool.planes() == 0) return absl::OkStatus();
  const double cost = 4.0 * static_cast<double>(pool.kernel_plane());
  return context.ParallelFor(pool.planes() * size, cost, [&](int64_t begin, int64_t end) {
    Position out(outputs, begin % size);
    for (int64_t i = begin; i < end; ++i, out.Next()) {
      const int64_t plane = i / size;
      body(plane, pool.Start(plane, size) + i % size * pool.step(), out);
    }
  });
}

/// The index of an element of a plane, its axes counted first axis fastest.
int64_t ColumnMajor(const Window& window, int64_t offset) {
  int64_t result = 0;
  int64_t stride = 1;
  for (const WindowAxis& axis : window) stride *= axis.input;
  for (size_t i = window.size(); i-- > 0;) {
    stride /= window[i].input;
    result += offset % window[i].input * stride;
    offset /= window[i].input;
  }
  return result;
}

template <typename T>
Status MaxPool(KernelContext& context) {
  const auto& attrs = context.attrs<PoolAttrs>();
  SX_ASSIGN_OR_RETURN(const PoolShape pool, ResolvePool(attrs, context.input(0).shape()));
  const int64_t plane_size = pool.input_plane(), step = pool.step();
  const T* x = context.input(0).data<T>();
  T* y = context.output(0).data<T>();
  int64_t* indices = context.has_output(1) ? context.output(1).data<int64_t>() : nullptr;
  using C = ComputeType<T>;
  const C least = std::numeric_limits<C>::has_infinity ? -std::numeric_limits<C>::infinity()
                                                       : std::numeric_limits<C>::lowest();
  return ForEachOutput(context, pool, [&](int64_t plane, int64_t o, const Position& out) {
    const T* from = x + pool.Start(plane, plane_size);
    C best = least;
    int64_t where = -1;
    VisitWindow(pool.window, out, [&](int64_t offset) {
      const C value = static_cast<C>(from[offset * step]);
      if (where < 0) where = offset;
      if (value > best) {  // passes over NaN
        best = value;
        where = offset;
      }
    });
    y[o] = static_cast<T>(best);
    if (indices == nullptr) return;
    // A window that lies in the padding alone has no maximum; -1 says so.
    indices[o] = where < 0 ? -1
                           : plane * plane_size +
                                 (attrs.column_major ? ColumnMajor(pool.window, where) : where);
  });
}

template <typename T>
Status AveragePool(KernelContext& context) {
  const auto& attrs = context.attrs<PoolAttrs>();
  SX_ASSIGN_OR_RETURN(const PoolShape pool, ResolvePool(attrs, context.input(0).shape()));
  const int64_t plane_size = pool.input_plane(), step = pool.step();
  const T* x = context.input(0).data<T>();
  T* y = context.output(0).data<T>();
  return ForEachOutput(context, pool, [&](int64_t plane, int64_t o, const Position& out) {
    const T* from = x + pool.Start(plane, plane_size);
    double sum = 0;
    int64_t count = 0;
    VisitWindow(pool.window, out, [&](int64_t offset) {
      sum += static_cast<double>(from[offset * step]);
      ++count;
    });
    if (attrs.count_include_pad) {
      count = 1;
      for (size_t i = 0; i < pool.window.size(); ++i) {
        count *= TapsInPadded(pool.window[i], out[i]);
      }
    }
    y[o] = static_cast<T>(count == 0 ? 0.0 : sum / static_cast<double>(count));
  });
}

template <typename T>
Status LpPool(KernelContext& context) {
  const auto& attrs = context.attrs<PoolAttrs>();
  SX_ASSIGN_OR_RETURN(const PoolShape pool, ResolvePool(attrs, context.input(0).shape()));
  const int64_t plane_size = pool.input_plane(), step = pool.step();
  const T* x = context.input(0).data<T>();
  T* y = context.output(0).data<T>();
  return ForEachOutput(context, pool, [&](int64_t plane, int64_t o, const Position& out) {
    const T* from = x + pool.Start(plane, plane_size);
    double sum = 0;
    VisitWindow(pool.window, out, [&](int64_t offset) {
      sum += std::pow(std::abs(static_cast<double>(from[offset * step])), attrs.p);
    });
    y[o] = static_cast<T>(std::pow(sum, 1 / attrs.p));
  });
}

Status RunMaxPool(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{} + TypeList<int8_t, uint8_t>{},
                  [&]<typename T>() { return MaxPool<T>(context); });
}
Status RunAveragePool(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{},
                  [&]<typename T>() { return AveragePool<T>(context); });
}
Status RunLpPool(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{},
                  [&]<typename T>() { return LpPool<T>(context); });
}

}  // namespace

KernelDef MaxPoolReference() { return SimpleKernel<RunMaxPool>("maxpool.reference"); }
KernelDef AveragePoolReference() { return SimpleKernel<RunAveragePool>("averagepool.reference"); }
KernelDef LpPoolReference() { return SimpleKernel<RunLpPool>("lppool.reference"); }

}  // namespace sardonyx
