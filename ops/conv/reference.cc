// conv.reference: the sum over channels and kernel elements that defines Conv, one output row at a
// time, accumulated in double.
#include <vector>

#include "absl/container/inlined_vector.h"
#include "ops/conv/conv.h"
#include "ops/conv/kernels.h"

namespace sardonyx {
namespace {

Ints OuterSizes(const Window& window, int64_t WindowAxis::*size) {
  Ints sizes;
  for (size_t i = 0; i + 1 < window.size(); ++i) sizes.push_back(window[i].*size);
  return sizes;
}

/// sums[o] += the products for output row `out` (its position in all axes but the last) with one
/// channel's input `x`, whose pixels are `step` elements apart, and kernel `w`.
template <typename T>
void AddChannel(const Window& window, const Position& out, const T* x, int64_t step, const T* w,
                double* sums) {
  const WindowAxis& row = window.back();
  Position k(OuterSizes(window, &WindowAxis::kernel), 0);
  do {
    int64_t line = 0;
    bool inside = true;
    for (size_t i = 0; inside && i + 1 < window.size(); ++i) {
      const WindowAxis& axis = window[i];
      const int64_t at = out[i] * axis.stride - axis.pad_begin + k[i] * axis.dilation;
      inside = at >= 0 && at < axis.input;
      line = line * axis.input + at;
    }
    if (inside) {
      for (int64_t kx = 0; kx < row.kernel; ++kx) {
        int64_t first, last;
        OutputsInside(row, kx, &first, &last);
        const double weight = static_cast<double>(w[kx]);
        const int64_t from = line * row.input + kx * row.dilation - row.pad_begin;
        for (int64_t o = first; o < last; ++o) {
          sums[o] += weight * static_cast<double>(x[(from + o * row.stride) * step]);
        }
      }
    }
    w += row.kernel;
  } while (k.Next());
}

template <typename T>
Status Run(KernelContext& context) {
  const auto& attrs = context.attrs<ConvAttrs>();
  SX_ASSIGN_OR_RETURN(const ConvShape conv,
                      ResolveConv(attrs, context.input(0).shape(), context.input(1).shape()));
  const T* x = context.input(0).data<T>();
  const T* w = context.input(1).data<T>();
  const T* bias = context.has_input(2) ? context.input(2).data<T>() : nullptr;
  const T* residual = attrs.residual ? context.input(kConvResidual).data<T>() : nullptr;
  T* y = context.output(0).data<T>();
  const int64_t length = conv.window.back().output;
  if (context.output(0).size() == 0) return absl::OkStatus();
  const int64_t rows = conv.output_plane() / length;
  // From pixel to pixel and from channel to channel.
  const int64_t x_step = conv.channels_last ? conv.in_channels : 1;
  const int64_t y_step = conv.channels_last ? conv.out_channels : 1;
  const int64_t x_channel = conv.channels_last ? 1 : conv.input_plane();
  const int64_t y_channel = conv.channels_last ? 1 : conv.output_plane();
  const double cost =
      static_cast<double>(conv.group_in() * conv.kernel_plane()) * static_cast<double>(length);
  return context.ParallelFor(
      conv.batch * conv.out_channels * rows, cost, [&](int64_t begin, int64_t end) {
        absl::InlinedVector<double, 1024> sums(static_cast<size_t>(length));  // on the stack
        for (int64_t item = begin; item < end; ++item) {
          const int64_t m = item / rows % conv.out_channels;
          const int64_t n = item / rows / conv.out_channels;
          const Position out(OuterSizes(conv.window, &WindowAxis::output), item % rows);
          const int64_t first_channel = m / conv.group_out() * conv.group_in();
          std::fill(sums.begin(), sums.end(), 0.0);
          const T* image = x + n * conv.in_channels * conv.input_plane();
          for (int64_t c = 0; c < conv.group_in(); ++c) {
            AddChannel(conv.window, out, image + (first_channel + c) * x_channel, x_step,
                       w + (m * conv.group_in() + c) * conv.kernel_plane(), sums.data());
          }
          const int64_t line = n * conv.out_channels * conv.output_plane() + m * y_channel +
                               item % rows * length * y_step;
          for (int64_t o = 0; o < length; ++o) {
            const int64_t at = line + o * y_step;
            double sum = sums[o];
            if (bias != nullptr) sum += static_cast<double>(bias[m]);
            if (residual != nullptr) sum += static_cast<double>(residual[at]);
            y[at] = static_cast<T>(Apply(attrs.activation, static_cast<ComputeType<T>>(sum)));
          }
        }
      });
}

Status RunAnyType(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() { return Run<T>(context); });
}

}  // namespace

KernelDef ConvReference() { return SimpleKernel<RunAnyType>("conv.reference"); }

}  // namespace sardonyx
