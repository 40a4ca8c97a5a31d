// conv.depthwise_last: channels-last convolutions with a filter for each channel.
#include <algorithm>

#include "ops/common/ceil.h"
#include "ops/conv/conv.h"
#include "ops/conv/depthwise_rows.h"
#include "ops/conv/estimate.h"
#include "ops/conv/native.h"

namespace sardonyx {
namespace {

constexpr int64_t kChunk = 128;  // channels of an item: enough items where rows are few

struct DepthwiseLast : Kernel {
  int64_t batch = 1;
  DepthwiseRows rows;
  std::shared_ptr<const std::vector<float>> weights;

  bool reads(int input) const override { return input != 1; }

  Status Run(KernelContext& context) const override {
    const int64_t channels = rows.channels;
    const int64_t chunks = CeilDiv(channels, kChunk);
    const WindowAxis &height = rows.height, &width = rows.width;
    const int64_t lines = batch * height.output;
    const ConvOperands all(context);
    const double cost = 0.1 * static_cast<double>(std::min(channels, kChunk) * width.output *
                                                  height.kernel * width.kernel);
    return context.ParallelFor(lines * chunks, cost, [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) {
        // Rows one after another, so that the lines that they share are still in L1.
        const int64_t row = item % lines, first = item / lines * kChunk;
        const int64_t image = row / height.output;
        const int64_t at = row * width.output * channels + first;
        const DepthwiseLine line{.x = all.x + image * height.input * width.input * channels + first,
                                 .w = weights->data() + first,
                                 .channels = std::min(kChunk, channels - first),
                                 .bias = all.bias == nullptr ? nullptr : all.bias + first,
                                 .residual = all.residual == nullptr ? nullptr : all.residual + at,
                                 .y = all.y + at};
        rows.Run(line, row % height.output, all.activation);
      }
    });
  }
};

std::string Refuses(const PrepareContext& context) {
  const StatusOr<ConvShape> conv = StaticFloatConv(context, ConvLayout::kChannelsLast);
  if (!conv.ok()) return std::string(conv.status().message());
  if (conv->group_in() != 1 || conv->group_out() != 1) return "takes one filter per channel only";
  if (conv->window.size() > 2) return "takes one or two dimensions only";
  return context.constant(1) == nullptr ? "takes constant weights only" : "";
}

StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  auto kernel = std::make_unique<DepthwiseLast>();
  SX_ASSIGN_OR_RETURN(const ConvShape conv, StaticFloatConv(context, ConvLayout::kChannelsLast));
  const Window window = AtLeastRank(conv.window, 2);
  kernel->batch = conv.batch;
  kernel->rows = {.height = window[0],
                  .width = window[1],
                  .x_channels = conv.in_channels,
                  .channels = conv.in_channels};
  kernel->weights = context.Shared<std::vector<float>>(
      "conv.depthwise_last", [&] { return TapsFirst(*context.constant(1)); });
  return kernel;
}

}  // namespace

KernelDef ConvDepthwiseLast() {
  return {.name = "conv.depthwise_last",
          .backend = Backend::kNative,
          .refuses = Refuses,
          .prepare = Prepare,
          .estimate_ns = EstimateBy<EstimatedDepthwiseNs>};
}

}  // namespace sardonyx
