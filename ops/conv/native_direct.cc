// conv.direct: few output channels, which would leave most lanes of a vector idle if they lay along
// it. Vectors go along the lines of the output instead, in ONNX's layout; the lines of the input
// that they read are copied with their padding first.
#include <algorithm>
#include <vector>

#include "ops/common/caches.h"
#include "ops/common/ceil.h"
#include "ops/common/scratch.h"
#include "ops/common/slots.h"
#include "ops/conv/conv.h"
#include "ops/conv/direct_kernel.h"
#include "ops/conv/estimate.h"
#include "ops/conv/native.h"

namespace sardonyx {
namespace {

constexpr int64_t kMaxLine = 1 << 20;  // padded elements of a line

class Direct : public Kernel {
 public:
  Direct(const ConvShape& conv, const Tensor* weights, int threads);
  int64_t scratch_bytes() const override {
    return (slots_ * buffer_floats_ + weight_floats_) * static_cast<int64_t>(sizeof(float));
  }
  Status Run(KernelContext& context) const override;

 private:
  void PackWeights(const float* w, float* to) const;
  void CopyLines(const float* image, int64_t first, int64_t lines, float* to) const;

  const ConvShape conv_;
  const Window window_;        // two axes
  std::vector<float> packed_;  // of constant weights
  int64_t weight_floats_ = 0;  // packed in each run
  int64_t line_floats_ = 0;    // a line of the input with its padding
  int64_t rows_ = 1;           // lines of outputs done at a time
  int64_t in_rows_ = 0;        // lines that they read
  int64_t slots_ = 1, buffer_floats_ = 0;
};

Direct::Direct(const ConvShape& conv, const Tensor* weights, int threads)
    : conv_(conv), window_(AtLeastRank(conv.window, 2)) {
  const WindowAxis &y = window_[0], &x = window_[1];
  const int64_t taps = conv.in_channels * conv.kernel_plane();
  if (weights != nullptr) {
    packed_.resize(static_cast<size_t>(weights->size()));
    PackWeights(weights->data<float>(), packed_.data());
  } else {
    weight_floats_ = taps * conv.out_channels;
  }
  line_floats_ = RoundUp(x.output, DirectKernelsOfThisCpu().lanes) + x.extent() - 1;
  const double work = static_cast<double>(conv.output().Elements()) * static_cast<double>(taps);
  slots_ = work < kSmallConv ? 1 : std::max(threads, 1);
  // As many lines as keep what they read in half of L2, and all threads at work.
  const int64_t floats = SystemCaches().l2 / 2 / static_cast<int64_t>(sizeof(float));
  const int64_t room = floats / (conv.in_channels * line_floats_);
  const int64_t most = slots_ == 1 ? y.output : CeilDiv(y.output, slots_ * kItemsPerThread);
  rows_ = std::clamp<int64_t>((room - y.extent()) / y.stride + 1, 1, most);
  in_rows_ = (rows_ - 1) * y.stride + y.extent();
  buffer_floats_ = RoundUp(conv.in_channels * in_rows_ * line_floats_, 16);
}

/// From [M, C, k...] to [C, k..., M].
void Direct::PackWeights(const float* w, float* to) const {
  const int64_t taps = conv_.in_channels * conv_.kernel_plane();
  for (int64_t m = 0; m < conv_.out_channels; ++m) {
    for (int64_t k = 0; k < taps; ++k) to[k * conv_.out_channels + m] = w[m * taps + k];
  }
}

/// Lines [first, first + lines) of each channel, counted from the image's own first one.
void Direct::CopyLines(const float* image, int64_t first, int64_t lines, float* to) const {
  const WindowAxis &y = window_[0], &x = window_[1];
  const int64_t left = std::min(x.pad_begin, line_floats_);
  const int64_t count = std::min(x.input, line_floats_ - left);
  for (int64_t c = 0; c < conv_.in_channels; ++c) {
    for (int64_t i = 0; i < lines; ++i, to += line_floats_) {
      const int64_t line = first + i;
      if (line < 0 || line >= y.input) {
        std::fill_n(to, line_floats_, 0.0f);
        continue;
      }
      std::fill_n(to, left, 0.0f);
      std::copy_n(image + (c * y.input + line) * x.input, count, to + left);
      std::fill(to + left + count, to + line_floats_, 0.0f);
    }
  }
}

Status Direct::Run(KernelContext& context) const {
  if (context.output(0).size() == 0) return absl::OkStatus();
  const ConvOperands all(context);
  const WindowAxis &y = window_[0], &x = window_[1];
  float* buffers = reinterpret_cast<float*>(context.scratch().data());
  const float* weights = packed_.data();
  if (packed_.empty()) {
    PackWeights(all.weights, buffers + slots_ * buffer_floats_);
    weights = buffers + slots_ * buffer_floats_;
  }
  const int64_t parts = CeilDiv(y.output, rows_);
  return ParallelSlots(*context.environment().pool, *context.environment().control, slots_,
                       conv_.batch * parts, 1, [&](int64_t slot, int64_t item) {
                         const int64_t image = item / parts, begin = item % parts * rows_;
                         const int64_t rows = std::min(rows_, y.output - begin);
                         const int64_t in_rows = (rows - 1) * y.stride + y.extent();
                         float* lines = buffers + slot * buffer_floats_;
                         CopyLines(all.x + image * conv_.in_channels * conv_.input_plane(),
                                   begin * y.stride - y.pad_begin, in_rows, lines);
                         const int64_t place =
                             image * conv_.out_channels * conv_.output_plane() + begin * x.output;
                         DirectKernelsOfThisCpu().run(
                             {.in_channels = conv_.in_channels,
                              .out_channels = conv_.out_channels,
                              .kernel_height = y.kernel,
                              .kernel_width = x.kernel,
                              .dilation_x = x.dilation,
                              .tap_line = y.dilation * line_floats_,
                              .x = lines,
                              .x_plane = in_rows * line_floats_,
                              .x_line = y.stride * line_floats_,
                              .weights = weights,
                              .bias = all.bias,
                              .residual = all.residual == nullptr ? nullptr : all.residual + place,
                              .y = all.y + place,
                              .y_plane = conv_.output_plane(),
                              .lines = rows,
                              .width = x.output,
                              .activation = all.activation});
                       });
}

std::string Refuses(const PrepareContext& context) {
  const StatusOr<ConvShape> conv = StaticFloatConv(context, ConvLayout::kChannelsFirst);
  if (!conv.ok()) return std::string(conv.status().message());
  if (conv->group != 1) return "takes one group only";
  if (conv->out_channels > DirectLines::kMaxOut) {
    return absl::StrCat("takes up to ", DirectLines::kMaxOut, " output channels");
  }
  if (conv->window.empty() || conv->window.size() > 2) return "takes one or two spatial axes only";
  const Window window = AtLeastRank(conv->window, 2);
  const WindowAxis &y = window[0], &x = window[1];
  if (x.stride != 1) return "takes a horizontal stride of 1 only";
  if (conv->output().Elements() == 0 || conv->in_channels == 0) return "the tensors are empty";
  const int64_t line = x.output + x.extent();
  if (x.input > kMaxLine || x.extent() > kMaxLine || x.output > kMaxLine ||
      y.extent() > kMaxLine / conv->in_channels ||
      y.extent() * conv->in_channels > (1 << 26) / line) {
    return "the lines that a window touches are too long";
  }
  return "";
}

}  // namespace

KernelDef ConvDirect() {
  return {.name = "conv.direct",
          .backend = Backend::kNative,
          .refuses = Refuses,
          .prepare = [](const PrepareContext& context) -> StatusOr<std::unique_ptr<Kernel>> {
            SX_ASSIGN_OR_RETURN(const ConvShape conv, StaticFloatConv(context));
            return std::make_unique<Direct>(conv, context.constant(1), context.threads());
          }};
}

}  // namespace sardonyx
