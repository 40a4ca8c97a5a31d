// conv.expanded_depthwise: some channels of a band of lines at a time are expanded into memory that
// stays in L2, and the depthwise rows are computed from there. Going down an image, the lines that
// two bands share are kept.
#include <algorithm>
#include <optional>

#include "ops/common/caches.h"
#include "ops/common/ceil.h"
#include "ops/common/scratch.h"
#include "ops/common/slots.h"
#include "ops/conv/depthwise_rows.h"
#include "ops/conv/estimate.h"
#include "ops/conv/expanded_depthwise.h"
#include "ops/conv/panels.h"
#include "ops/matmul/row_kernel.h"

namespace sardonyx {
namespace {

/// What an item of work computes: some channels of some rows of an image.
struct Item {
  int64_t image, row, row_end, channel, channel_end;
};

/// How to compute it with up to so many threads. Immutable.
class BandPlan {
 public:
  BandPlan(const ExpandedDepthwiseShape& shape, int threads);

  const PanelLayout& layout() const { return layout_; }
  int64_t scratch_floats() const { return slots_ * band_floats_; }
  /// The operands' weights are packed: those of the expansion as layout() has them, the others by
  /// TapsFirst.
  Status Run(const ExpandedDepthwiseOperands& operands, const ExpandedDepthwiseAttrs& attrs,
             float* scratch, const RunEnvironment& environment) const;

 private:
  Item ItemAt(int64_t index) const;
  int64_t FirstLine(int64_t row) const;
  int64_t LastLine(int64_t row) const;
  void RunItem(const ExpandedDepthwiseOperands& operands, const ExpandedDepthwiseAttrs& attrs,
               const Item& item, float* band, const RunControl& control) const;
  void Expand(const ExpandedDepthwiseOperands& operands, const Activation& activation,
              const Item& item, int64_t line, int64_t lines, float* to) const;

  int64_t in_channels_, batch_;
  WindowAxis height_, width_;
  PanelLayout layout_;
  int64_t channels_;
  int64_t chunks_ = 1;  // of channels
  int64_t chunk_;       // the most channels of one, filled up to whole vectors
  int64_t row_items_ = 1;
  int64_t band_rows_ = 1;  // output rows that are computed together
  int64_t slots_ = 1, band_floats_ = 0;
};

BandPlan::BandPlan(const ExpandedDepthwiseShape& shape, int threads)
    : in_channels_(shape.in_channels),
      batch_(shape.depthwise.batch),
      height_(shape.depthwise.window[0]),
      width_(shape.depthwise.window[1]),
      layout_(1, shape.depthwise.in_channels, shape.in_channels, 1),
      channels_(shape.depthwise.in_channels) {
  constexpr int64_t kPanels = 2;  // of a chunk
  const RowKernels& kernels = RowKernelsOfThisCpu();
  const int64_t panels = CeilDiv(channels_, kernels.width);
  chunks_ = CeilDiv(panels, kPanels);
  chunk_ = std::min(CeilDiv(panels, chunks_) * kernels.width, layout_.padded_out);
  const double work = static_cast<double>(batch_ * height_.input * width_.input) *
                      static_cast<double>(in_channels_ * channels_);
  if (threads > 1 && work >= kSmallConv) {
    row_items_ = std::clamp<int64_t>(CeilDiv(threads * kItemsPerThread, batch_ * chunks_), 1,
                                     std::max<int64_t>(height_.output, 1));
  }
  slots_ = std::clamp<int64_t>(batch_ * row_items_ * chunks_, 1, std::max(threads, 1));
  const int64_t line = std::max<int64_t>(width_.input * chunk_, 1);
  const int64_t floats = SystemCaches().l2 / 4 / static_cast<int64_t>(sizeof(float));
  const int64_t rows = CeilDiv(height_.output, row_items_);
  band_rows_ = std::clamp<int64_t>((floats / line - height_.extent()) / height_.stride + 1, 1,
                                   std::max<int64_t>(rows, 1));
  const int64_t lines = (band_rows_ - 1) * height_.stride + height_.extent();
  band_floats_ = RoundUp(std::min(lines, height_.input) * line, kernels.lanes);
}

Item BandPlan::ItemAt(int64_t index) const {
  const int64_t width = RowKernelsOfThisCpu().width, panels = CeilDiv(channels_, width);
  const int64_t chunk = index % chunks_, row = index / chunks_ % row_items_;
  return {.image = index / chunks_ / row_items_,
          .row = height_.output * row / row_items_,
          .row_end = height_.output * (row + 1) / row_items_,
          .channel = panels * chunk / chunks_ * width,
          .channel_end = std::min(panels * (chunk + 1) / chunks_ * width, channels_)};
}

/// The first line of the image that the row reads, or any later row.
int64_t BandPlan::FirstLine(int64_t row) const {
  return std::clamp<int64_t>(row * height_.stride - height_.pad_begin, 0, height_.input);
}

/// Behind the last line that the row reads, or any before it.
int64_t BandPlan::LastLine(int64_t row) const {
  return std::clamp<int64_t>(row * height_.stride - height_.pad_begin + height_.extent(), 0,
                             height_.input);
}

Status BandPlan::Run(const ExpandedDepthwiseOperands& operands, const ExpandedDepthwiseAttrs& attrs,
                     float* scratch, const RunEnvironment& environment) const {
  return ParallelSlots(*environment.pool, *environment.control, slots_,
                       batch_ * row_items_ * chunks_, 1, [&](int64_t slot, int64_t index) {
                         RunItem(operands, attrs, ItemAt(index), scratch + slot * band_floats_,
                                 *environment.control);
                       });
}

void BandPlan::RunItem(const ExpandedDepthwiseOperands& operands,
                       const ExpandedDepthwiseAttrs& attrs, const Item& item, float* band,
                       const RunControl& control) const {
  const DepthwiseRows rows{
      .height = height_, .width = width_, .x_channels = chunk_, .channels = channels_};
  const int64_t line = width_.input * chunk_;
  int64_t first = 0, last = 0;  // the lines that are there
  for (int64_t row = item.row, end; row < item.row_end; row = end) {
    if (control.Stopped()) return;
    end = std::min(row + band_rows_, item.row_end);
    const int64_t begin = FirstLine(row);
    const int64_t kept = std::max<int64_t>(last - begin, 0);
    std::copy_n(band + (last - kept - first) * line, kept * line, band);
    first = begin;
    last = LastLine(end - 1);
    Expand(operands, attrs.expansion, item, first + kept, last - first - kept, band + kept * line);
    for (int64_t oy = row; oy < end; ++oy) {
      const int64_t at = (item.image * height_.output + oy) * width_.output * channels_;
      rows.Run({.x = band,
                .first_line = first,
                .w = operands.depthwise + item.channel,
                .channels = item.channel_end - item.channel,
                .bias = operands.depthwise_bias == nullptr ? nullptr
                                                           : operands.depthwise_bias + item.channel,
                .y = operands.y + at + item.channel},
               oy, attrs.depthwise.activation);
    }
  }
}

/// The item's channels of so many lines of the image.
void BandPlan::Expand(const ExpandedDepthwiseOperands& operands, const Activation& activation,
                      const Item& item, int64_t line, int64_t lines, float* to) const {
  const RowKernels& kernels = RowKernelsOfThisCpu();
  const float* x = operands.x + (item.image * height_.input + line) * width_.input * in_channels_;
  const Epilogue all{.column_bias = operands.expansion_bias, .activation = activation};
  const Epilogue epilogue = all.At(0, item.channel);
  // As many pixels as stay in L1 while all panels meet them.
  constexpr int64_t kFloats = 4096;
  const int64_t step = std::max<int64_t>(5 * kernels.rows, kFloats / in_channels_);
  const int64_t pixels = lines * width_.input;
  for (int64_t pixel = 0; pixel < pixels; pixel += step) {
    for (int64_t slice = 0; slice < layout_.slices; ++slice) {
      const int64_t begin = layout_.slice_begin(slice), end = layout_.slice_begin(slice + 1);
      const RowPiece piece{.a = x + pixel * in_channels_ + begin, .depth = end - begin};
      kernels.multiply({.rows = std::min(step, pixels - pixel),
                        .columns = item.channel_end - item.channel,
                        .a = absl::MakeConstSpan(&piece, 1),
                        .a_stride = in_channels_,
                        .b = operands.expansion + layout_.PanelOffset(0, slice, item.channel),
                        .b_panel_stride = layout_.PanelStride(slice),
                        .c = to + pixel * chunk_,
                        .c_stride = chunk_,
                        .accumulate = slice > 0,
                        .epilogue = slice + 1 == layout_.slices ? &epilogue : nullptr,
                        .cold = pixel == 0});
    }
  }
}

struct Bands : Kernel {
  int64_t scratch_bytes() const override { return plan ? Bytes(*plan) : 0; }
  bool reads(int input) const override { return input != 1 && input != kDepthwiseWeights; }

  static int64_t Bytes(const BandPlan& use) {
    return use.scratch_floats() * static_cast<int64_t>(sizeof(float));
  }

  Status Run(KernelContext& context) const override {
    if (context.output(0).size() == 0) return absl::OkStatus();
    const auto& attrs = context.attrs<ExpandedDepthwiseAttrs>();
    std::optional<BandPlan> made;
    if (!plan) {
      SX_ASSIGN_OR_RETURN(
          const ExpandedDepthwiseShape shape,
          ResolveExpandedDepthwise(attrs, context.input(0).shape(), context.input(1).shape(),
                                   context.input(kDepthwiseWeights).shape()));
      made.emplace(shape, context.environment().pool->threads());
    }
    const BandPlan& use = plan ? *plan : *made;
    Tensor temporary;
    SX_ASSIGN_OR_RETURN(const absl::Span<std::byte> scratch,
                        ScratchOf(context, Bytes(use), &temporary));
    ExpandedDepthwiseOperands operands(context);
    operands.expansion = expansion->data();
    operands.depthwise = taps->data();
    return use.Run(operands, attrs, reinterpret_cast<float*>(scratch.data()),
                   context.environment());
  }

  std::optional<BandPlan> plan;  // where the shapes are known before the run
  std::shared_ptr<const PanelWeights> expansion;
  std::shared_ptr<const std::vector<float>> taps;
};

StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  auto kernel = std::make_unique<Bands>();
  const Tensor &expansion = *context.constant(1), &depthwise = *context.constant(kDepthwiseWeights);
  if (const auto x = context.shape(0)) {
    SX_ASSIGN_OR_RETURN(const ExpandedDepthwiseShape shape,
                        ResolveExpandedDepthwise(context.attrs<ExpandedDepthwiseAttrs>(), *x,
                                                 expansion.shape(), depthwise.shape()));
    kernel->plan.emplace(shape, context.threads());
  }
  kernel->expansion = context.Shared<PanelWeights>("conv.expanded_depthwise.expansion", [&] {
    return PanelWeights::Make(PanelLayout(1, expansion.dim(0), expansion.dim(1), 1),
                              expansion.data<float>(), context.environment());
  });
  if (kernel->expansion == nullptr) return context.NotPacked("W");
  kernel->taps = context.Shared<std::vector<float>>("conv.expanded_depthwise.taps",
                                                    [&] { return TapsFirst(depthwise); });
  return kernel;
}

}  // namespace

KernelDef ExpandedDepthwiseBands() {
  return {.name = "conv.expanded_depthwise", .backend = Backend::kNative, .prepare = Prepare};
}

}  // namespace sardonyx
