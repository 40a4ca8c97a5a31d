#include "ops/image/resample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "ops/common/accumulate.h"
#include "ops/common/element_size.h"
#include "ops/common/strided_copy.h"

namespace sardonyx {
namespace {

using Weighable = decltype(Numbers{} + Complexes{} + TypeList<bool>{});

/// A computed number in type T: rounded to nearest even and held in range for integers and bool.
template <typename T, typename C>
T Saturate(C value) {
  if constexpr (std::is_integral_v<T>) {
    constexpr double kLow = static_cast<double>(std::numeric_limits<T>::min());
    constexpr double kHigh = static_cast<double>(std::numeric_limits<T>::max());
    if (std::isnan(value)) return T();
    const double rounded = std::nearbyint(value);
    if (rounded <= kLow) return std::numeric_limits<T>::min();
    if (rounded >= kHigh) return std::numeric_limits<T>::max();
    return static_cast<T>(rounded);
  } else {
    return static_cast<T>(value);
  }
}

/// Every axis of the output, with or without a table; the last resized one makes the rows.
template <typename T>
Status Nearest(const KernelContext& context, const std::vector<AxisTaps>& axes, const T& beyond,
               const Tensor& input, Tensor& output) {
  const AxisTaps& last = axes.back();
  const int64_t block = input.shape().Elements(last.axis + 1, input.rank());
  const int64_t rows = output.shape().Elements(0, last.axis);
  const Ints strides = input.shape().Strides();
  std::vector<const AxisTaps*> table(last.axis, nullptr);
  for (const AxisTaps& axis : axes) {
    if (axis.axis < last.axis) table[axis.axis] = &axis;
  }
  const double cost = 5.0 + static_cast<double>(last.to) * (1 + 0.15 * sizeof(T) * block);
  return context.ParallelFor(rows, cost, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const T* from = input.data<T>();
      T* to = output.data<T>() + row * last.to * block;
      bool outside = false;
      int64_t rest = row;
      for (int i = last.axis - 1; i >= 0; --i) {
        const int64_t place = rest % output.dim(i);
        rest /= output.dim(i);
        from += (table[i] != nullptr ? table[i]->index[place] : place) * strides[i];
        outside = outside || (table[i] != nullptr && !table[i]->outside.empty() &&
                              table[i]->outside[place] != 0);
      }
      if (outside) {
        std::fill_n(to, last.to * block, beyond);
        continue;
      }
      const int64_t* index = last.index.data();
      if (block == 1) {
        for (int64_t i = 0; i < last.to; ++i) to[i] = from[index[i]];
      } else {
        for (int64_t i = 0; i < last.to; ++i) {
          std::copy_n(from + index[i] * block, block, to + i * block);
        }
      }
      for (int64_t i = 0; i < static_cast<int64_t>(last.outside.size()); ++i) {
        if (last.outside[i] != 0) std::fill_n(to + i * block, block, beyond);
      }
    }
  });
}

/// One axis of weighted sums, in C: `from` is [outer, axis.from, block].
template <typename C>
Status WeighAxis(const KernelContext& context, const AxisTaps& axis, int64_t outer, int64_t block,
                 C beyond, const C* from, C* to) {
  using Scale = ScaleType<C>;
  const int64_t taps = axis.taps;
  const double cost = static_cast<double>(taps * block) * (block == 1 ? 1.2 : 0.4) + 3;
  return context.ParallelFor(outer * axis.to, cost, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t i = row % axis.to;
      const C* source = from + row / axis.to * axis.from * block;
      C* target = to + row * block;
      const int64_t* index = axis.index.data() + i * taps;
      const double* weight = axis.weight.data() + i * taps;
      if (!axis.outside.empty() && axis.outside[i] != 0) {
        std::fill_n(target, block, beyond);
      } else if (block == 1) {
        C sum = C();
        for (int64_t t = 0; t < taps; ++t) sum += static_cast<Scale>(weight[t]) * source[index[t]];
        *target = sum;
      } else {
        // Taps come in pairs: an even number of them always.
        for (int64_t t = 0; t < taps; t += 2) {
          const C* a = source + index[t] * block;
          const C* b = source + index[t + 1] * block;
          const Scale wa = static_cast<Scale>(weight[t]), wb = static_cast<Scale>(weight[t + 1]);
          if (t == 0) {
            for (int64_t j = 0; j < block; ++j) target[j] = wa * a[j] + wb * b[j];
          } else {
            for (int64_t j = 0; j < block; ++j) target[j] += wa * a[j] + wb * b[j];
          }
        }
      }
    }
  });
}

/// Axis after axis, each from one buffer to the next; the last writes `to`.
template <typename C>
Status Weigh(const KernelContext& context, const std::vector<AxisTaps>& axes, C beyond, Shape shape,
             const C* from, C* to) {
  Tensor buffers[2];
  for (size_t i = 0; i < axes.size(); ++i) {
    const AxisTaps& axis = axes[i];
    const int64_t outer = shape.Elements(0, axis.axis);
    const int64_t block = shape.Elements(axis.axis + 1, shape.rank());
    shape[axis.axis] = axis.to;
    C* target = to;
    if (i + 1 < axes.size()) {
      SX_ASSIGN_OR_RETURN(buffers[i % 2], context.Temporary(kTypeOf<C>, shape));
      target = buffers[i % 2].template data<C>();
    }
    SX_RETURN_IF_ERROR(WeighAxis<C>(context, axis, outer, block, beyond, from, target));
    from = target;
  }
  return absl::OkStatus();
}

/// The same for a type that is computed in another.
template <typename T, typename C>
Status WeighConverted(const KernelContext& context, const std::vector<AxisTaps>& axes, C beyond,
                      const Tensor& input, Tensor& output) {
  SX_ASSIGN_OR_RETURN(Tensor from, context.Temporary(kTypeOf<C>, input.shape()));
  SX_ASSIGN_OR_RETURN(Tensor to, context.Temporary(kTypeOf<C>, output.shape()));
  SX_RETURN_IF_ERROR(context.ParallelFor(input.size(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      from.data<C>()[i] = static_cast<C>(input.data<T>()[i]);
    }
  }));
  SX_RETURN_IF_ERROR(Weigh<C>(context, axes, beyond, input.shape(), from.data<C>(), to.data<C>()));
  return context.ParallelFor(output.size(), 2, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) output.data<T>()[i] = Saturate<T>(to.data<C>()[i]);
  });
}

}  // namespace

Status Resample(const KernelContext& context, const ResampleRule& rule,
                const std::vector<AxisTaps>& axes, const Tensor& input, Tensor& output) {
  Shape expected = input.shape();
  for (const AxisTaps& axis : axes) {
    if (expected[axis.axis] == axis.from) expected[axis.axis] = axis.to;
  }
  if (expected != output.shape()) {
    return InvalidArgument("resizing ", input.ToString(), " gives ", expected.ToString(), ", not ",
                           output.shape().ToString());
  }
  if (output.size() == 0) return absl::OkStatus();
  if (axes.empty()) return CopyAll(context, input, output);
  if (rule.mode == ResizeMode::kNearest) {
    Tensor beyond;
    if (rule.coordinates == CoordinateMode::kTfCropAndResize && rule.extrapolation != 0) {
      SX_RETURN_IF_ERROR(Dispatch(input.type(), Weighable{}, [&]<typename T>() {
        beyond = Tensor::Scalar<T>(Saturate<T>(rule.extrapolation));
        return absl::OkStatus();
      }));
    }
    return DispatchSize(input.type(), [&]<typename T>() {
      return Nearest<T>(context, axes, beyond.defined() ? *beyond.data<T>() : T(), input, output);
    });
  }
  return Dispatch(input.type(), Weighable{}, [&]<typename T>() -> Status {
    using C = std::conditional_t<std::is_integral_v<T>, double, ComputeType<T>>;
    const C beyond = static_cast<C>(rule.extrapolation);
    if constexpr (std::is_same_v<T, C>) {
      return Weigh<C>(context, axes, beyond, input.shape(), input.data<T>(), output.data<T>());
    } else {
      return WeighConverted<T, C>(context, axes, beyond, input, output);
    }
  });
}

}  // namespace sardonyx
