// conv.depthwise: one input channel for each output channel. Input rows are padded and, where the
// stride is above 1, split by their position in it, so that all taps read contiguous elements.
#include <algorithm>
#include <vector>

#include "ops/common/caches.h"
#include "ops/common/ceil.h"
#include "ops/common/slots.h"
#include "ops/conv/conv.h"
#include "ops/conv/depthwise_kernel.h"
#include "ops/conv/native.h"
#include "ops/matmul/gemm_kernel.h"

namespace sardonyx {
namespace {

constexpr int64_t kMaxStride = 4;
constexpr int64_t kMaxRow = 1 << 20;  // padded elements of a row
constexpr int64_t kMaxHeight = 64;    // of the kernel
constexpr int64_t kMaxTaps = 64;      // its width

class Depthwise : public Kernel {
 public:
  Depthwise(const ConvShape& conv, int threads);
  int64_t scratch_bytes() const override {
    return slots_ * buffer_floats_ * static_cast<int64_t>(sizeof(float));
  }
  Status Run(KernelContext& context) const override;

 private:
  void RunRows(const KernelContext& context, const float* plane, const float* weights,
               int64_t begin, int64_t end, float* buffer, float* sums) const;

  const ConvShape conv_;
  const Window window_;      // two axes
  int64_t part_stride_ = 0;  // of the parts of a split row
  int64_t row_floats_ = 0;   // a split row
  int64_t line_floats_ = 0;  // a padded row before it is split
  int64_t sum_stride_ = 0;
  int64_t rows_ = 1;     // of the output done at a time
  int64_t in_rows_ = 0;  // that they read
  int64_t slots_ = 1, buffer_floats_ = 0;
  std::vector<int64_t> places_;
};

Depthwise::Depthwise(const ConvShape& conv, int threads)
    : conv_(conv), window_(AtLeastRank(conv.window, 2)), slots_(std::max(threads, 1)) {
  const WindowAxis &y = window_[0], &x = window_[1];
  const int64_t lanes = DepthwiseKernelsOfThisCpu().lanes;
  sum_stride_ = RoundUp(x.output, lanes);
  part_stride_ = sum_stride_ + RoundUp((x.extent() - 1) / x.stride + 1, lanes);
  row_floats_ = x.stride * part_stride_;
  line_floats_ = RoundUp((x.output - 1) * x.stride + x.extent() + 2 * lanes, lanes);
  for (int64_t k = 0; k < x.kernel; ++k) {
    const int64_t place = k * x.dilation;
    places_.push_back(place % x.stride * part_stride_ + place / x.stride);
  }
  // As many rows as keep what they read in half of L1.
  const int64_t room = SystemCaches().l1 / 2 / static_cast<int64_t>(sizeof(float)) / row_floats_;
  rows_ = std::clamp<int64_t>((room - y.extent()) / y.stride + 1, 1, y.output);
  in_rows_ = (rows_ - 1) * y.stride + y.extent();
  buffer_floats_ = RoundUp(line_floats_ + in_rows_ * row_floats_ + rows_ * sum_stride_, 16);
}

/// Sums of output rows [begin, end) of one channel.
void Depthwise::RunRows(const KernelContext& context, const float* plane, const float* weights,
                        int64_t begin, int64_t end, float* buffer, float* sums) const {
  const DepthwiseKernels& kernels = DepthwiseKernelsOfThisCpu();
  const WindowAxis &y = window_[0], &x = window_[1];
  float* line = buffer;
  float* split = buffer + line_floats_;
  const int64_t needed = (x.output - 1) * x.stride + x.extent();
  const int64_t left = std::min(x.pad_begin, needed);
  const int64_t count = std::min(x.input, needed - left);
  if (x.stride > 1) std::fill_n(line, line_floats_, 0.0f);
  const int64_t first = begin * y.stride - y.pad_begin;
  const int64_t rows = (end - 1 - begin) * y.stride + y.extent();
  for (int64_t i = 0; i < rows; ++i) {
    float* to = split + i * row_floats_;
    if (first + i < 0 || first + i >= y.input) {
      std::fill_n(to, row_floats_, 0.0f);
      continue;
    }
    const float* from = plane + (first + i) * x.input;
    if (x.stride == 1) {
      std::fill_n(to, left, 0.0f);
      std::copy_n(from, count, to + left);
      std::fill(to + left + count, to + row_floats_, 0.0f);
      continue;
    }
    std::copy_n(from, count, line + left);
    kernels.split(line, needed, x.stride, to, part_stride_);
  }
  const float* pointers[kMaxHeight];
  DepthwiseRow row{.rows = pointers,
                   .height = y.kernel,
                   .places = places_.data(),
                   .taps = x.kernel,
                   .weights = weights,
                   .outputs = x.output};
  for (int64_t o = begin; o < end; ++o) {
    if (context.environment().control->Stopped()) return;
    for (int64_t i = 0; i < y.kernel; ++i) {
      pointers[i] = split + ((o - begin) * y.stride + i * y.dilation) * row_floats_;
    }
    row.to = sums + (o - begin) * sum_stride_;
    kernels.row(row);
  }
}

Status Depthwise::Run(KernelContext& context) const {
  if (context.output(0).size() == 0) return absl::OkStatus();
  const ConvOperands all(context);
  float* buffers = reinterpret_cast<float*>(context.scratch().data());

  const int64_t height = window_[0].output, width = window_[1].output;
  const int64_t parts = (height + rows_ - 1) / rows_;
  const int64_t items = conv_.batch * conv_.out_channels * parts;
  const int64_t grain = std::max<int64_t>(1, items / (slots_ * 16));
  return ParallelSlots(
      *context.environment().pool, *context.environment().control, slots_, items,
      std::min<int64_t>(grain, 8), [&](int64_t slot, int64_t item) {
        const int64_t channel = item / parts % conv_.out_channels;
        const int64_t image = item / parts / conv_.out_channels;
        const int64_t begin = item % parts * rows_, end = std::min(begin + rows_, height);
        float* buffer = buffers + slot * buffer_floats_;
        float* sums = buffer + line_floats_ + in_rows_ * row_floats_;
        const int64_t input = image * conv_.in_channels + channel / conv_.group_out();
        RunRows(context, all.x + input * conv_.input_plane(),
                all.weights + channel * conv_.kernel_plane(), begin, end, buffer, sums);
        const int64_t place =
            (image * conv_.out_channels + channel) * height * width + begin * width;
        Epilogue epilogue{.offset = all.bias != nullptr ? all.bias[channel] : 0,
                          .activation = all.activation};
        if (all.residual != nullptr) {
          epilogue.residual = all.residual + place;
          epilogue.residual_stride = width;
        }
        GemmKernelsOfThisCpu().store(sums, sum_stride_, end - begin, width, all.y + place, width,
                                     false, &epilogue);
      });
}

std::string Refuses(const PrepareContext& context) {
  const StatusOr<ConvShape> conv = StaticFloatConv(context, ConvLayout::kChannelsFirst);
  if (!conv.ok()) return std::string(conv.status().message());
  if (conv->group_in() != 1) return "takes one input channel per group only";
  if (conv->group == 1) return "a single channel is no depthwise convolution";
  if (conv->window.size() > 2) return "takes one or two spatial axes only";
  const Window window = AtLeastRank(conv->window, 2);
  const WindowAxis &y = window[0], &x = window[1];
  if (x.output < 1 || y.output < 1) return "the output is empty";
  if (x.stride > kMaxStride) return absl::StrCat("takes horizontal strides up to ", kMaxStride);
  if (y.kernel > kMaxHeight || x.kernel > kMaxTaps) {
    return absl::StrCat("takes kernels up to ", kMaxHeight, "x", kMaxTaps);
  }
  if (x.input > kMaxRow || x.extent() > kMaxRow || x.output > kMaxRow || y.extent() > kMaxRow ||
      y.extent() * (x.output * x.stride + x.extent()) > 16 * kMaxRow) {
    return "the rows that a window touches are too long";
  }
  return "";
}

}  // namespace

KernelDef ConvDepthwise() {
  return {.name = "conv.depthwise",
          .backend = Backend::kNative,
          .refuses = Refuses,
          .prepare = [](const PrepareContext& context) -> StatusOr<std::unique_ptr<Kernel>> {
            SX_ASSIGN_OR_RETURN(const ConvShape conv, StaticFloatConv(context));
            return std::make_unique<Depthwise>(conv, context.threads());
          }};
}

}  // namespace sardonyx
