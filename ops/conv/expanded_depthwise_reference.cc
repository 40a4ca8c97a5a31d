// conv.expanded_depthwise_reference: the two convolutions one after the other, from their
// definitions, accumulated in double.
#include "ops/conv/expanded_depthwise.h"

namespace sardonyx {
namespace {

Status Expand(const KernelContext& context, const ExpandedDepthwiseShape& shape,
              const ExpandedDepthwiseOperands& operands, const Activation& activation,
              float* expanded) {
  const int64_t in = shape.in_channels, out = shape.depthwise.in_channels;
  const int64_t pixels = shape.depthwise.batch * shape.depthwise.input_plane();
  const auto cost = static_cast<double>(in * out);
  return context.ParallelFor(pixels, cost, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      for (int64_t m = 0; m < out; ++m) {
        double sum = operands.expansion_bias == nullptr ? 0 : operands.expansion_bias[m];
        for (int64_t c = 0; c < in; ++c) {
          sum += static_cast<double>(operands.x[p * in + c]) * operands.expansion[m * in + c];
        }
        expanded[p * out + m] = Apply(activation, static_cast<float>(sum));
      }
    }
  });
}

/// The sum that defines element m of output pixel (oy, ox) of an image.
double SumOfTaps(const ConvShape& conv, const float* image, const float* w, int64_t oy, int64_t ox,
                 int64_t m) {
  const WindowAxis &height = conv.window[0], &width = conv.window[1];
  int64_t y_first, y_last, x_first, x_last;
  height.Inside(oy, &y_first, &y_last);
  width.Inside(ox, &x_first, &x_last);
  double sum = 0;
  for (int64_t ky = y_first; ky < y_last; ++ky) {
    const int64_t y = oy * height.stride - height.pad_begin + ky * height.dilation;
    for (int64_t kx = x_first; kx < x_last; ++kx) {
      const int64_t x = ox * width.stride - width.pad_begin + kx * width.dilation;
      const float element = image[(y * width.input + x) * conv.in_channels + m];
      sum += static_cast<double>(element) * w[(m * height.kernel + ky) * width.kernel + kx];
    }
  }
  return sum;
}

Status Run(KernelContext& context) {
  const auto& attrs = context.attrs<ExpandedDepthwiseAttrs>();
  SX_ASSIGN_OR_RETURN(
      const ExpandedDepthwiseShape shape,
      ResolveExpandedDepthwise(attrs, context.input(0).shape(), context.input(1).shape(),
                               context.input(kDepthwiseWeights).shape()));
  const ConvShape& conv = shape.depthwise;
  const WindowAxis &height = conv.window[0], &width = conv.window[1];
  const ExpandedDepthwiseOperands operands(context);
  const int64_t channels = conv.in_channels, plane = conv.input_plane();
  SX_ASSIGN_OR_RETURN(Tensor temporary,
                      context.Temporary(DataType::kFloat, Shape{conv.batch, plane, channels}));
  float* expanded = temporary.data<float>();
  SX_RETURN_IF_ERROR(Expand(context, shape, operands, attrs.expansion, expanded));
  const auto cost = static_cast<double>(width.output * channels * conv.kernel_plane());
  return context.ParallelFor(conv.batch * height.output, cost, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* image = expanded + row / height.output * plane * channels;
      for (int64_t ox = 0; ox < width.output; ++ox) {
        for (int64_t m = 0; m < channels; ++m) {
          double sum = SumOfTaps(conv, image, operands.depthwise, row % height.output, ox, m);
          if (operands.depthwise_bias != nullptr) sum += operands.depthwise_bias[m];
          operands.y[(row * width.output + ox) * channels + m] =
              Apply(attrs.depthwise.activation, static_cast<float>(sum));
        }
      }
    }
  });
}

}  // namespace

KernelDef ExpandedDepthwiseReference() {
  return SimpleKernel<Run>("conv.expanded_depthwise_reference");
}

}  // namespace sardonyx
