// conv.preactivated: the product of conv.gemm, the rows of which are gathered from all tensors,
// scaled, shifted and activated into L1.
#include <optional>

#include "absl/container/inlined_vector.h"
#include "ops/common/scratch.h"
#include "ops/conv/affine_rows.h"
#include "ops/conv/patch_gemm.h"
#include "ops/conv/preactivated.h"

namespace sardonyx {
namespace {

/// Rows are pixels of all images, columns the channels of all tensors.
class PreactivatedRows : public RowMaker {
 public:
  explicit PreactivatedRows(const KernelContext& context)
      : scale_(context.input(kPreactivatedScale).data<float>()),
        activation_(context.attrs<PreactivatedAttrs>().before) {
    if (context.has_input(kPreactivatedShift)) {
      shift_ = context.input(kPreactivatedShift).data<float>();
    }
    if (context.attrs<PreactivatedAttrs>().gated) {
      plane_ = context.input(kPreactivatedX).shape().Elements(1, 3);
      gates_ = context.input(kPreactivatedScale).dim(3);
    }
    for (int i = kPreactivatedX; i < context.input_count(); ++i) {
      const Tensor& x = context.input(i);
      parts_.push_back({x.data<float>(), x.dim(3)});
    }
  }

  void Make(int64_t row, int64_t rows, int64_t begin, int64_t end, float* to,
            int64_t stride) const override {
    if (plane_ == 0) return MakeAlike(scale_, row, rows, begin, end, to, stride);
    for (int64_t count; rows > 0; row += count, rows -= count, to += count * stride) {
      const int64_t image = row / plane_;
      count = std::min(rows, (image + 1) * plane_ - row);
      MakeAlike(scale_ + image * gates_, row, count, begin, end, to, stride);
    }
  }

 private:
  /// Rows with the same scale.
  void MakeAlike(const float* scale, int64_t row, int64_t rows, int64_t begin, int64_t end,
                 float* to, int64_t stride) const {
    int64_t first = 0;  // of the part's channels
    for (const Part& part : parts_) {
      const int64_t from = std::max(begin, first), last = std::min(end, first + part.channels);
      if (from < last) {
        MakeAffineRows({.from = part.x + row * part.channels + from - first,
                        .from_stride = part.channels,
                        .rows = rows,
                        .columns = last - from,
                        .scale = scale + from,
                        .shift = shift_ == nullptr ? nullptr : shift_ + from,
                        .activation = activation_,
                        .to = to + from - begin,
                        .to_stride = stride});
      }
      first += part.channels;
    }
  }

  struct Part {
    const float* x;
    int64_t channels;
  };
  absl::InlinedVector<Part, 32> parts_;
  const float* scale_;
  const float* shift_ = nullptr;
  int64_t plane_ = 0;  // pixels with the same scale; 0: all
  int64_t gates_ = 0;  // from image to image
  Activation activation_;
};

/// The convolution of what the tensors make up; x is the shape of one of them.
StatusOr<ConvShape> JoinedConv(const Shape& x, const Shape& w) {
  ConvAttrs attrs;
  attrs.channels_last = true;
  return ResolveConv(attrs, Shape{x[0], x[1], x[2], w[1]}, w);
}

struct PreactivatedKernel : Kernel {
  int64_t scratch_bytes() const override { return plan ? Bytes(*plan) : 0; }
  bool reads(int input) const override { return input != 0; }

  static int64_t Bytes(const PatchGemm& use) {
    return use.scratch_floats() * static_cast<int64_t>(sizeof(float));
  }

  Status Run(KernelContext& context) const override {
    if (context.output(0).size() == 0) return absl::OkStatus();
    std::optional<PatchGemm> made;
    if (!plan) {
      SX_ASSIGN_OR_RETURN(const ConvShape conv, JoinedConv(context.input(kPreactivatedX).shape(),
                                                           context.input(0).shape()));
      SX_ASSIGN_OR_RETURN(made, PatchGemm::Make(conv, context.environment().pool->threads(), true));
    }
    const PatchGemm& use = plan ? *plan : *made;
    Tensor temporary;
    SX_ASSIGN_OR_RETURN(const absl::Span<std::byte> scratch,
                        ScratchOf(context, Bytes(use), &temporary));
    const PreactivatedRows rows(context);
    PatchOperands operands;
    operands.make_rows = &rows;
    operands.weights = weights->data();
    if (context.has_input(1)) operands.bias = context.input(1).data<float>();
    if (context.has_input(kPreactivatedResidual)) {
      operands.residual = context.input(kPreactivatedResidual).data<float>();
    }
    operands.activation = context.attrs<PreactivatedAttrs>().after;
    operands.y = context.output(0).data<float>();
    operands.y_row = context.row_stride();
    return use.Run(operands, reinterpret_cast<float*>(scratch.data()), context);
  }

  std::optional<PatchGemm> plan;  // where the shapes are known before the run
  std::shared_ptr<const PanelWeights> weights;
};

StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  auto kernel = std::make_unique<PreactivatedKernel>();
  const Tensor& w = *context.constant(0);
  if (const auto x = context.shape(kPreactivatedX)) {
    SX_ASSIGN_OR_RETURN(const ConvShape conv, JoinedConv(*x, w.shape()));
    SX_ASSIGN_OR_RETURN(kernel->plan, PatchGemm::Make(conv, context.threads(), true));
  }
  kernel->weights = context.Shared<PanelWeights>("conv.preactivated", [&] {
    return PanelWeights::Make(PanelLayout(1, w.dim(0), w.dim(1), 1), w.data<float>(),
                              context.environment());
  });
  if (kernel->weights == nullptr) return context.NotPacked("W");
  return kernel;
}

}  // namespace

KernelDef PreactivatedGemm() {
  return {.name = "conv.preactivated",
          .backend = Backend::kNative,
          .prepare = Prepare,
          .strided_rows = true};
}

}  // namespace sardonyx
