// conv.grouped_last: channels-last convolutions of groups with few channels. Vectors go along the
// output channels, those of several groups side by side where one does not fill a vector; each lane
// picks what it multiplies from the input channels that the groups have, also side by side.
//
// A block of the output at a time: the part of the image that it reads is copied, a bundle of
// groups only and with its padding, so that it lies densely and the inner loops meet no edges.
#include <algorithm>

#include "ops/common/caches.h"
#include "ops/common/ceil.h"
#include "ops/common/slots.h"
#include "ops/conv/conv.h"
#include "ops/conv/estimate.h"
#include "ops/conv/grouped_kernel.h"
#include "ops/conv/grouped_layout.h"
#include "ops/conv/native.h"

namespace sardonyx {
namespace {

constexpr int64_t kColumns = 128;  // most of a block: long lines give work to all threads
// Up to these sizes nothing overflows, and up to this one a block's inputs are worth copying.
constexpr int64_t kMostChannels = 1 << 12, kMostStride = 1 << 12, kMostExtent = 1 << 20;
constexpr int64_t kMostFloats = 1 << 22;

struct GroupedLast : Kernel {
  GroupedLast(const ConvShape& shape, int threads);
  bool reads(int input) const override { return input != 1; }
  int64_t scratch_bytes() const override {
    return slots * buffer_floats * static_cast<int64_t>(sizeof(float));
  }
  Status Run(KernelContext& context) const override;

  /// One run's memory, for one bundle of an image. Null for no bias or residual.
  struct Operands {
    const float* x = nullptr;
    const float* w = nullptr;
    const float* bias = nullptr;
    const float* residual = nullptr;
    float* y = nullptr;
    int64_t groups = 0;  // in the bundle
    Activation activation;
  };
  struct Range {
    int64_t begin, end;
    int64_t size() const { return end - begin; }
  };
  void RunBlock(const Operands& operands, Range rows, Range columns, float* buffer) const;
  Range Copy(const Operands& operands, Range rows, Range columns, float* buffer) const;

  ConvShape conv;
  WindowAxis height, width;
  GroupedLayout layout;
  std::vector<int32_t> firsts;
  std::shared_ptr<const Tensor> weights;
  int64_t pixel_floats;               // of a copied pixel
  int64_t line_floats;                // of a copied line
  int64_t block_rows, block_columns;  // the last block may have fewer
  int64_t row_blocks, column_blocks;
  int64_t slots, buffer_floats;
};

GroupedLast::GroupedLast(const ConvShape& shape, int threads)
    : conv(shape), layout(shape), firsts(layout.Firsts()) {
  const Window window = AtLeastRank(conv.window, 2);
  height = window[0];
  width = window[1];
  pixel_floats = layout.one_group() ? layout.in : layout.lanes;
  block_columns = CeilDiv(width.output, CeilDiv(width.output, kColumns));
  column_blocks = CeilDiv(width.output, block_columns);
  line_floats = ((block_columns - 1) * width.stride + width.extent()) * pixel_floats;
  // As many rows as keep their inputs in a part of L2, but enough blocks for the threads.
  const int64_t lines = SystemCaches().l2 / 8 / static_cast<int64_t>(sizeof(float)) / line_floats;
  const int64_t rows = (lines - height.extent()) / height.stride + 1;
  const int64_t other_items = conv.batch * layout.bundles * column_blocks;
  const int64_t wanted = threads > 1 ? CeilDiv(threads * kItemsPerThread, other_items) : 1;
  block_rows = std::clamp<int64_t>(rows, 1, CeilDiv(height.output, wanted));
  row_blocks = CeilDiv(height.output, block_rows);
  const int64_t most_lines =
      std::min((block_rows - 1) * height.stride + height.extent(), height.input);
  buffer_floats = RoundUp(most_lines * line_floats, 16);
  slots = std::clamp<int64_t>(other_items * row_blocks, 1, std::max(threads, 1));
}

Status GroupedLast::Run(KernelContext& context) const {
  const ConvOperands all(context);
  float* buffers = reinterpret_cast<float*>(context.scratch().data());
  const RunEnvironment& environment = context.environment();
  const int64_t blocks = row_blocks * column_blocks;
  return ParallelSlots(
      *environment.pool, *environment.control, slots, conv.batch * layout.bundles * blocks, 1,
      [&](int64_t slot, int64_t item) {
        const int64_t block = item % blocks, image = item / blocks / layout.bundles;
        const int64_t bundle = item / blocks % layout.bundles, group = bundle * layout.groups;
        const int64_t out = bundle * layout.bundle_out();
        const int64_t at = image * conv.output_plane() * conv.out_channels + out;
        const int64_t row = block / column_blocks * block_rows;
        const int64_t column = block % column_blocks * block_columns;
        RunBlock({.x = all.x + image * conv.input_plane() * conv.in_channels + group * layout.in,
                  .w = weights->data<float>() + bundle * layout.vectors * layout.weight_floats(),
                  .bias = all.bias == nullptr ? nullptr : all.bias + out,
                  .residual = all.residual == nullptr ? nullptr : all.residual + at,
                  .y = all.y + at,
                  .groups = std::min(layout.groups, conv.group - group),
                  .activation = all.activation},
                 {row, std::min(row + block_rows, height.output)},
                 {column, std::min(column + block_columns, width.output)},
                 buffers + slot * buffer_floats);
      });
}

/// Copies what a block reads, and returns which lines of the image those are.
GroupedLast::Range GroupedLast::Copy(const Operands& operands, Range rows, Range columns,
                                     float* buffer) const {
  const int64_t top = rows.begin * height.stride - height.pad_begin;
  const int64_t lines = (rows.size() - 1) * height.stride + height.extent();
  const int64_t left = columns.begin * width.stride - width.pad_begin;
  const int64_t pixels = (columns.size() - 1) * width.stride + width.extent();
  const Range inside{std::clamp<int64_t>(top, 0, height.input),
                     std::clamp<int64_t>(top + lines, 0, height.input)};
  const int64_t before = std::clamp<int64_t>(-left, 0, pixels);
  const int64_t after = std::clamp<int64_t>(width.input - left, before, pixels);
  for (int64_t line = inside.begin; line < inside.end; ++line) {
    float* to = buffer + (line - inside.begin) * line_floats;
    std::fill_n(to, before * pixel_floats, 0.0f);
    if (before < after) {
      GroupedKernelsOfThisCpu().copy(
          {.from = operands.x + (line * width.input + left + before) * conv.in_channels,
           .from_step = conv.in_channels,
           .pixels = after - before,
           .channels = operands.groups * layout.in,
           .to = to + before * pixel_floats,
           .to_step = pixel_floats});
    }
    std::fill_n(to + after * pixel_floats, (pixels - after) * pixel_floats, 0.0f);
  }
  return inside;
}

void GroupedLast::RunBlock(const Operands& operands, Range rows, Range columns,
                           float* buffer) const {
  const Range lines = Copy(operands, rows, columns, buffer);
  GroupedLine line{.taps_x = width.kernel,
                   .depth = layout.in,
                   .x_step_y = height.dilation * line_floats,
                   .x_step_x = width.dilation * pixel_floats,
                   .x_step_pixel = width.stride * pixel_floats,
                   .firsts = layout.one_group() ? nullptr : firsts.data(),
                   .pixels = columns.size(),
                   .y_step_pixel = conv.out_channels,
                   .activation = operands.activation};
  for (int64_t vector = 0; vector < layout.vectors; ++vector) {
    const int64_t channel = vector * layout.lanes;
    line.channels = std::min(operands.groups * layout.out - channel, layout.lanes);
    if (line.channels <= 0) break;
    if (operands.bias != nullptr) line.bias = operands.bias + channel;
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      int64_t first, last;
      height.Inside(row, &first, &last);
      line.taps_y = last - first;
      const int64_t y = row * height.stride - height.pad_begin + first * height.dilation;
      // Without taps nothing is read, so that nothing outside the copy is pointed to either.
      line.x = first < last ? buffer + (y - lines.begin) * line_floats : buffer;
      line.w = operands.w + vector * layout.weight_floats() +
               first * width.kernel * layout.in * layout.lanes;
      const int64_t at = (row * width.output + columns.begin) * conv.out_channels + channel;
      line.y = operands.y + at;
      if (operands.residual != nullptr) line.residual = operands.residual + at;
      GroupedKernelsOfThisCpu().line(line);
    }
  }
}

std::string Refuses(const PrepareContext& context) {
  const StatusOr<ConvShape> conv = StaticFloatConv(context, ConvLayout::kChannelsLast);
  if (!conv.ok()) return std::string(conv.status().message());
  if (conv->group == 1) return "takes several groups only";
  if (conv->group_in() == 1 && conv->group_out() == 1) {
    return "conv.depthwise_last takes one filter per channel";
  }
  if (conv->window.size() > 2) return "takes one or two spatial axes only";
  if (conv->batch < 1 || conv->output_plane() < 1) return "the output is empty";
  if (conv->group_in() > kMostChannels) {
    return absl::StrCat("takes groups of up to ", kMostChannels, " channels");
  }
  const bool far = std::any_of(conv->window.begin(), conv->window.end(), [](const auto& axis) {
    return axis.stride > kMostStride || axis.extent() > kMostExtent;
  });
  if (far || GroupedLast(*conv, context.threads()).buffer_floats > kMostFloats) {
    return "the inputs that a window touches are too far apart";
  }
  return context.constant(1) == nullptr ? "needs W to be known before the run" : "";
}

StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  SX_ASSIGN_OR_RETURN(const ConvShape conv, StaticFloatConv(context, ConvLayout::kChannelsLast));
  auto kernel = std::make_unique<GroupedLast>(conv, context.threads());
  kernel->weights = context.Shared<Tensor>("conv.grouped_last", [&] {
    auto packed = kernel->layout.Pack(context.constant(1)->data<float>());
    return packed.ok() ? std::make_shared<const Tensor>(*std::move(packed)) : nullptr;
  });
  if (kernel->weights == nullptr) return context.NotPacked("W");
  return kernel;
}

}  // namespace

KernelDef ConvGroupedLast() {
  return {.name = "conv.grouped_last",
          .backend = Backend::kNative,
          .refuses = Refuses,
          .prepare = Prepare,
          .estimate_ns = EstimateBy<EstimatedGroupedNs>};
}

}  // namespace sardonyx
