// maxpool.onednn and averagepool.onednn: oneDNN's pooling on slices of the channels of all images.
#include "ops/common/onednn.h"

#include <algorithm>
#include <atomic>

#include "ops/pool/pool.h"

namespace sardonyx {
namespace {

class PoolOneDnn : public Kernel {
 public:
  PoolOneDnn(PoolShape pool, int64_t threads)
      : pool_(std::move(pool)),
        // Several slices a thread even out their speeds; 16 channels are a block for oneDNN.
        slice_(std::min(pool_.planes(), (pool_.planes() / (4 * threads) + 16) / 16 * 16)),
        slices_((pool_.planes() + slice_ - 1) / slice_),
        workers_(std::min(threads, slices_)) {}

  Status Prepare(onednn::Pooling::Kind kind) {
    SX_ASSIGN_OR_RETURN(whole_, onednn::Make(onednn::Pooling{
                                    .kind = kind, .channels = slice_, .window = pool_.window}));
    last_ = whole_;
    if (const int64_t rest = pool_.planes() % slice_; rest != 0) {
      SX_ASSIGN_OR_RETURN(last_, onednn::Make(onednn::Pooling{
                                     .kind = kind, .channels = rest, .window = pool_.window}));
    }
    scratch_ = (std::max(whole_.scratch_bytes(), last_.scratch_bytes()) + 63) / 64 * 64;
    return absl::OkStatus();
  }

  int64_t scratch_bytes() const override { return workers_ * scratch_; }

  Status Run(KernelContext& context) const override {
    const float* x = context.input(0).data<float>();
    float* y = context.output(0).data<float>();
    const int64_t in = slice_ * pool_.input_plane(), out = slice_ * pool_.output_plane();
    std::atomic<int64_t> next{0};
    onednn::FirstError error;
    SX_RETURN_IF_ERROR(context.ParallelTasks(workers_, [&](int64_t worker) {
      std::byte* scratch = context.scratch().data() + worker * scratch_;
      for (int64_t i = next++; i < slices_; i = next++) {
        if (context.environment().control->Stopped()) return;
        error.Add((i + 1 == slices_ ? last_ : whole_)
                      .Run({{onednn::Argument::kSource, x + i * in},
                            {onednn::Argument::kDestination, y + i * out}},
                           scratch));
      }
    }));
    return error.status();
  }

 private:
  const PoolShape pool_;
  const int64_t slice_;  // channels
  const int64_t slices_;
  const int64_t workers_;
  onednn::Primitive whole_, last_;
  int64_t scratch_ = 0;  // of one worker
};

std::string Refuses(const PrepareContext& context) {
  const auto pool = StaticFloatPool(context);
  if (!pool.ok()) return std::string(pool.status().message());
  if (pool->window.size() > 3) return "takes at most 3 spatial dimensions";
  for (const WindowAxis& axis : pool->window) {
    const int64_t beyond =
        (axis.output - 1) * axis.stride + axis.extent() - axis.input - axis.pad_begin;
    if (axis.pad_begin >= axis.kernel || beyond >= axis.kernel) {
      return "needs padding that is smaller than the kernel";
    }
    if (context.attrs<PoolAttrs>().count_include_pad && beyond > axis.pad_end) {
      return "would count what ceil_mode adds behind the padding";
    }
  }
  return "";
}

StatusOr<std::unique_ptr<Kernel>> Make(const PrepareContext& context, onednn::Pooling::Kind kind) {
  SX_ASSIGN_OR_RETURN(PoolShape pool, StaticFloatPool(context));
  if (pool.planes() == 0 || pool.output_plane() == 0) {
    return Unimplemented("needs an output that is not empty");
  }
  auto kernel = std::make_unique<PoolOneDnn>(std::move(pool), context.threads());
  SX_RETURN_IF_ERROR(kernel->Prepare(kind));
  return kernel;
}

StatusOr<std::unique_ptr<Kernel>> PrepareMax(const PrepareContext& context) {
  return Make(context, onednn::Pooling::Kind::kMax);
}

StatusOr<std::unique_ptr<Kernel>> PrepareAverage(const PrepareContext& context) {
  return Make(context, context.attrs<PoolAttrs>().count_include_pad
                           ? onednn::Pooling::Kind::kAverageWithPadding
                           : onednn::Pooling::Kind::kAverageWithoutPadding);
}

}  // namespace

KernelDef MaxPoolOneDnn() {
  return {.name = "maxpool.onednn",
          .backend = Backend::kOneDnn,
          .refuses = Refuses,
          .prepare = PrepareMax};
}
KernelDef AveragePoolOneDnn() {
  return {.name = "averagepool.onednn",
          .backend = Backend::kOneDnn,
          .refuses = Refuses,
          .prepare = PrepareAverage};
}

}  // namespace sardonyx
