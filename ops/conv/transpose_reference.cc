// convtranspose.reference: every output row gathers, from the input elements that reach it, their
// products with the kernel; accumulated in double.
#include <vector>

#include "ops/conv/conv_transpose.h"
#include "ops/conv/kernels.h"

namespace sardonyx {
namespace {

Ints OuterSizes(const Window& window, int64_t WindowAxis::*size) {
  Ints sizes;
  for (size_t i = 0; i + 1 < window.size(); ++i) sizes.push_back(window[i].*size);
  return sizes;
}

/// sums[o] += what one channel's input `x` gives with its kernel `w` to output row `out`.
template <typename T>
void AddChannel(const Window& window, const Position& out, const T* x, const T* w, double* sums) {
  const WindowAxis& row = window.back();
  Position k(OuterSizes(window, &WindowAxis::kernel), 0);
  do {
    int64_t line = 0;
    bool inside = true;
    for (size_t i = 0; inside && i + 1 < window.size(); ++i) {
      const WindowAxis& axis = window[i];
      const int64_t reach = out[i] + axis.pad_begin - k[i] * axis.dilation;
      inside = reach >= 0 && reach % axis.stride == 0 && reach / axis.stride < axis.input;
      line = line * axis.input + reach / axis.stride;
    }
    for (int64_t kx = 0; inside && kx < row.kernel; ++kx) {
      const double weight = static_cast<double>(w[kx]);
      const int64_t shift = kx * row.dilation - row.pad_begin;  // output of input 0
      // The i with 0 <= i * stride + shift < output.
      const int64_t first = shift < 0 ? (-shift + row.stride - 1) / row.stride : 0;
      const int64_t last =
          shift >= row.output
              ? 0
              : std::min(row.input, (row.output - shift + row.stride - 1) / row.stride);
      for (int64_t i = first; i < last; ++i) {
        sums[i * row.stride + shift] += weight * static_cast<double>(x[line * row.input + i]);
      }
    }
    w += row.kernel;
  } while (k.Next());
}

template <typename T>
Status Run(KernelContext& context) {
  SX_ASSIGN_OR_RETURN(const ConvTransposeShape conv,
                      ResolveConvTranspose(context.attrs<ConvTransposeAttrs>(),
                                           context.input(0).shape(), context.input(1).shape()));
  const T* x = context.input(0).data<T>();
  const T* w = context.input(1).data<T>();
  const T* bias = context.has_input(2) ? context.input(2).data<T>() : nullptr;
  T* y = context.output(0).data<T>();
  const int64_t rows = conv.output().Elements(2, conv.output().rank() - 1);
  const int64_t length = conv.window.back().output;
  if (context.output(0).size() == 0) return absl::OkStatus();
  const double cost = static_cast<double>(conv.group_in() * conv.kernel_plane()) *
                      static_cast<double>(conv.window.back().input);
  return context.ParallelFor(
      conv.batch * conv.out_channels * rows, cost, [&](int64_t begin, int64_t end) {
        std::vector<double> sums(static_cast<size_t>(length));
        for (int64_t item = begin; item < end; ++item) {
          const int64_t m = item / rows % conv.out_channels;
          const int64_t n = item / rows / conv.out_channels;
          const Position out(OuterSizes(conv.window, &WindowAxis::output), item % rows);
          const int64_t first_channel = m / conv.group_out() * conv.group_in();
          std::fill(sums.begin(), sums.end(), bias != nullptr ? static_cast<double>(bias[m]) : 0.0);
          for (int64_t c = first_channel; c < first_channel + conv.group_in(); ++c) {
            AddChannel(conv.window, out, x + (n * conv.in_channels + c) * conv.input_plane(),
                       w + (c * conv.group_out() + m % conv.group_out()) * conv.kernel_plane(),
                       sums.data());
          }
          for (int64_t o = 0; o < length; ++o) y[item * length + o] = static_cast<T>(sums[o]);
        }
      });
}

Status RunAnyType(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() { return Run<T>(context); });
}

}  // namespace

KernelDef ConvTransposeReference() { return SimpleKernel<RunAnyType>("convtranspose.reference"); }

}  // namespace sardonyx
