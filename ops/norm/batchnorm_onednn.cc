// batchnorm.onednn: oneDNN's batch normalization on slices of an image's channels, or of the images
// where there is nothing spatial.
#include <algorithm>
#include <atomic>

#include "ops/common/onednn.h"
#include "ops/norm/batchnorm.h"

namespace sardonyx {
namespace {

class BatchNormOneDnn : public Kernel {
 public:
  BatchNormOneDnn(BatchNormShape shape, int64_t threads)
      : shape_(shape),
        by_image_(shape.plane == 1),
        whole_size_(by_image_ ? shape.batch : shape.channels),
        slice_(std::min(whole_size_, (whole_size_ / (2 * threads) + 16) / 16 * 16)),
        slices_((whole_size_ + slice_ - 1) / slice_ * (by_image_ ? 1 : shape.batch)),
        workers_(std::min(threads, slices_)) {}

  Status Prepare(float epsilon) {
    const auto make = [&](int64_t size) {
      return onednn::Make(
          onednn::BatchNormalization{.dims = by_image_ ? onednn::Dims{size, shape_.channels}
                                                       : onednn::Dims{1, size, shape_.plane},
                                     .epsilon = epsilon});
    };
    SX_ASSIGN_OR_RETURN(whole_, make(slice_));
    last_ = whole_;
    if (whole_size_ % slice_ != 0) {
      SX_ASSIGN_OR_RETURN(last_, make(whole_size_ % slice_));
    }
    scratch_ = (std::max(whole_.scratch_bytes(), last_.scratch_bytes()) + 63) / 64 * 64;
    return absl::OkStatus();
  }

  int64_t scratch_bytes() const override { return workers_ * scratch_; }

  Status Run(KernelContext& context) const override {
    const float* inputs[5];
    for (int i = 0; i < 5; ++i) inputs[i] = context.input(i).data<float>();
    const Activation& activation = context.attrs<BatchNormAttrs>().activation;
    float* y = context.output(0).data<float>();
    const int64_t per_image = (whole_size_ + slice_ - 1) / slice_;
    std::atomic<int64_t> next{0};
    onednn::FirstError error;
    SX_RETURN_IF_ERROR(context.ParallelTasks(workers_, [&](int64_t worker) {
      std::byte* scratch = context.scratch().data() + worker * scratch_;
      for (int64_t i = next++; i < slices_; i = next++) {
        if (context.environment().control->Stopped()) return;
        const int64_t begin = i % per_image * slice_;
        const int64_t channel = by_image_ ? 0 : begin;
        const int64_t at = by_image_ ? begin * shape_.channels
                                     : (i / per_image * shape_.channels + begin) * shape_.plane;
        error.Add(((i + 1) % per_image == 0 ? last_ : whole_)
                      .Run({{onednn::Argument::kSource, inputs[0] + at},
                            {onednn::Argument::kScale, inputs[1] + channel},
                            {onednn::Argument::kShift, inputs[2] + channel},
                            {onednn::Argument::kMean, inputs[3] + channel},
                            {onednn::Argument::kVariance, inputs[4] + channel},
                            {onednn::Argument::kDestination, y + at}},
                           scratch));
        if (activation) Activate(activation, {y + at, SliceElements((i + 1) % per_image == 0)});
      }
    }));
    return error.status();
  }

 private:
  size_t SliceElements(bool last) const {
    const int64_t size = last ? whole_size_ - (whole_size_ - 1) / slice_ * slice_ : slice_;
    return static_cast<size_t>(size * (by_image_ ? shape_.channels : shape_.plane));
  }

  const BatchNormShape shape_;
  const bool by_image_;
  const int64_t whole_size_;  // images or channels that are cut into slices
  const int64_t slice_;
  const int64_t slices_;  // of all images
  const int64_t workers_;
  onednn::Primitive whole_, last_;
  int64_t scratch_ = 0;  // of one worker
};

std::string Refuses(const PrepareContext& context) {
  if (std::string reason = NotFloatInference(context); !reason.empty()) return reason;
  return context.shape(0) ? "" : "needs shapes that are known before the run";
}

StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  const auto& attrs = context.attrs<BatchNormAttrs>();
  const BatchNormShape shape = ViewBatchNorm(attrs, *context.shape(0));
  if (shape.batch == 0 || shape.channels == 0 || shape.plane == 0) {
    return Unimplemented("needs a tensor that is not empty");
  }
  for (int i = 1; i < 5; ++i) {
    const auto given = context.shape(i);
    if (!given || given->Elements() != shape.channels) {
      return Unimplemented("needs statistics whose shape is known before the run");
    }
  }
  auto kernel = std::make_unique<BatchNormOneDnn>(shape, context.threads());
  SX_RETURN_IF_ERROR(kernel->Prepare(attrs.epsilon));
  return kernel;
}

}  // namespace

KernelDef BatchNormOneDnnKernel() {
  return {.name = "batchnorm.onednn",
          .backend = Backend::kOneDnn,
          .refuses = Refuses,
          .prepare = Prepare};
}

}  // namespace sardonyx
