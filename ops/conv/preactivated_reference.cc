// conv.preactivated_reference: from the definition, accumulated in double.
#include "ops/conv/preactivated.h"

namespace sardonyx {
namespace {

Status Run(KernelContext& context) {
  const auto& attrs = context.attrs<PreactivatedAttrs>();
  const Tensor& w = context.input(0);
  const float* bias = context.has_input(1) ? context.input(1).data<float>() : nullptr;
  const float* scale = context.input(kPreactivatedScale).data<float>();
  const bool shifts = context.has_input(kPreactivatedShift);
  const float* shift = shifts ? context.input(kPreactivatedShift).data<float>() : nullptr;
  const bool adds = context.has_input(kPreactivatedResidual);
  const float* residual = adds ? context.input(kPreactivatedResidual).data<float>() : nullptr;
  const int64_t channels = w.dim(1), out = w.dim(0);
  const int64_t pixels = context.output(0).shape().Elements(0, 3);
  const int64_t plane = context.output(0).shape().Elements(1, 3);
  float* y = context.output(0).data<float>();
  const auto cost = static_cast<double>(w.size());
  return context.ParallelFor(pixels, cost, [&](int64_t begin, int64_t end) {
    std::vector<float> joined(static_cast<size_t>(channels));
    for (int64_t p = begin; p < end; ++p) {
      const float* factor = attrs.gated ? scale + p / plane * channels : scale;
      int64_t c = 0;
      for (int i = kPreactivatedX; i < context.input_count(); ++i) {
        const int64_t part = context.input(i).dim(3);
        const float* x = context.input(i).data<float>() + p * part;
        for (int64_t j = 0; j < part; ++j, ++c) {
          joined[c] = Apply(attrs.before, x[j] * factor[c] + (shifts ? shift[c] : 0.0f));
        }
      }
      for (int64_t m = 0; m < out; ++m) {
        double sum = bias == nullptr ? 0 : bias[m];
        for (c = 0; c < channels; ++c) {
          sum += static_cast<double>(w.data<float>()[m * channels + c]) * joined[c];
        }
        if (adds) sum += residual[p * out + m];
        y[p * out + m] = Apply(attrs.after, static_cast<float>(sum));
      }
    }
  });
}

}  // namespace

KernelDef PreactivatedReference() { return SimpleKernel<Run>("conv.preactivated_reference"); }

}  // namespace sardonyx
