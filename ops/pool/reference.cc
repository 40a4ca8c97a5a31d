// The reference kernels of MaxPool, AveragePool and LpPool: each output from its window's elements.
#include <cmath>
#include <limits>

#include "ops/pool/visit.h"

namespace sardonyx {
namespace {

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
