// conv.gemm: channels-last convolution as a matrix product.
#include <optional>

#include "ops/common/scratch.h"
#include "ops/conv/estimate.h"
#include "ops/conv/native.h"
#include "ops/conv/patch_gemm.h"

namespace sardonyx {
namespace {

struct GemmKernel : Kernel {
  int64_t scratch_bytes() const override { return plan ? ScratchBytes(*plan) : 0; }
  bool reads(int input) const override { return input != 1 || packed == nullptr; }

  int64_t ScratchBytes(const PatchGemm& use) const {
    const int64_t weights = packed == nullptr ? use.layout().floats() : 0;
    return (use.scratch_floats() + weights) * static_cast<int64_t>(sizeof(float));
  }

  Status Run(KernelContext& context) const override {
    if (context.output(0).size() == 0) return absl::OkStatus();
    std::optional<PatchGemm> made;
    if (!plan) {
      SX_ASSIGN_OR_RETURN(const ConvShape conv,
                          ResolveConv(context.attrs<ConvAttrs>(), context.input(0).shape(),
                                      context.input(1).shape()));
      SX_ASSIGN_OR_RETURN(made, PatchGemm::Make(conv, context.environment().pool->threads()));
    }
    const PatchGemm& use = plan ? *plan : *made;
    Tensor temporary;
    SX_ASSIGN_OR_RETURN(const absl::Span<std::byte> scratch,
                        ScratchOf(context, ScratchBytes(use), &temporary));
    float* memory = reinterpret_cast<float*>(scratch.data());
    PatchOperands operands(context);
    if (packed == nullptr) {
      float* weights = memory + use.scratch_floats();
      SX_RETURN_IF_ERROR(
          use.layout().Pack(context.input(1).data<float>(), context.environment(), weights));
      operands.weights = weights;
    } else {
      operands.weights = packed->data();
    }
    return use.Run(operands, memory, context);
  }

  std::optional<PatchGemm> plan;  // where the shapes are known before the run
  std::shared_ptr<const PanelWeights> packed;
};

std::string Refuses(const PrepareContext& context) {
  return RefusesAllButFloat(context, ConvLayout::kChannelsLast);
}

StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  auto kernel = std::make_unique<GemmKernel>();
  const auto x = context.shape(0), w = context.shape(1);
  if (!x || !w) return kernel;
  SX_ASSIGN_OR_RETURN(const ConvShape conv, ResolveConv(context.attrs<ConvAttrs>(), *x, *w));
  SX_ASSIGN_OR_RETURN(kernel->plan, PatchGemm::Make(conv, context.threads()));
  const Tensor* weights = context.constant(1);
  if (weights == nullptr) return kernel;
  kernel->packed = context.Shared<PanelWeights>("conv.gemm", [&] {
    return PanelWeights::Make(kernel->plan->layout(), weights->data<float>(),
                              context.environment());
  });
  if (kernel->packed == nullptr) return context.NotPacked("W");
  return kernel;
}

}  // namespace

KernelDef ConvGemm() {
  return {.name = "conv.gemm",
          .backend = Backend::kNative,
          .refuses = Refuses,
          .prepare = Prepare,
          .estimate_ns = EstimateBy<EstimatedGemmNs>,
          .strided_rows = true};
}

}  // namespace sardonyx
