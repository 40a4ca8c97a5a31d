// conv.winograd2, conv.winograd4 and conv.winograd6: when Winograd's algorithm applies, and when it
// pays.
#include "ops/conv/conv.h"
#include "ops/conv/estimate.h"
#include "ops/conv/native.h"
#include "ops/conv/winograd.h"

namespace sardonyx {
namespace {

constexpr int64_t kLeastChannels = 16;  // below, the transforms cost more than they save

std::string RefusesAnyTile(const PrepareContext& context, const StatusOr<ConvShape>& conv) {
  if (!conv.ok()) return std::string(conv.status().message());
  if (conv->window.size() != 2) return "takes two spatial axes only";
  for (const WindowAxis& axis : conv->window) {
    if (axis.kernel != 3 || axis.stride != 1 || axis.dilation != 1) {
      return "takes 3x3 kernels with stride 1 and dilation 1 only";
    }
  }
  if (conv->batch < 1) return "the output is empty";
  if (ConvMultiplyAdds(context) > 0x1p50) return "too large";
  if (conv->group != 1) return "takes group=1 only";
  if (context.constant(1) == nullptr) return "needs W to be known before the run";
  if (context.accuracy() == Accuracy::kStrict) return "rounds more than strict accuracy allows";
  if (conv->in_channels < kLeastChannels || conv->out_channels < kLeastChannels) {
    return "too few channels for Winograd to pay";
  }
  return "";
}

template <int m>
std::string Refuses(const PrepareContext& context) {
  if (m == 6 && context.accuracy() != Accuracy::kFast) {
    return "rounds more than any but fast accuracy allows";
  }
  return RefusesAnyTile(context, StaticFloatConv(context, ConvLayout::kChannelsLast));
}

template <int m>
struct Winograd : Kernel {
  Winograd(const ConvShape& conv, int threads) : plan(conv, m, threads) {}
  int64_t scratch_bytes() const override {
    return plan.scratch_floats() * static_cast<int64_t>(sizeof(float));
  }
  bool reads(int input) const override { return input != 1; }

  Status Run(KernelContext& context) const override {
    if (context.output(0).size() == 0) return absl::OkStatus();
    ConvOperands operands(context);
    operands.weights = weights->data();
    return plan.Run(operands, reinterpret_cast<float*>(context.scratch().data()), context);
  }

  const WinogradPlan plan;
  std::shared_ptr<const WinogradWeights> weights;
};

template <int m>
StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  SX_ASSIGN_OR_RETURN(const ConvShape conv, StaticFloatConv(context));
  auto kernel = std::make_unique<Winograd<m>>(conv, context.threads());
  const std::string key = absl::StrCat("conv.winograd", m);
  kernel->weights = context.Shared<WinogradWeights>(
      key, [&] { return WinogradWeights::Make(kernel->plan.layout(), m, context); });
  if (kernel->weights != nullptr) return kernel;
  SX_RETURN_IF_ERROR(context.environment().control->Check());
  return Unimplemented("no memory for transformed weights, ", context.transformed()->used(),
                       " bytes are in use and ", context.transformed()->limit(), " allowed");
}

template <int m>
KernelDef Def(absl::string_view name) {
  return {.name = name,
          .backend = Backend::kNative,
          .refuses = Refuses<m>,
          .prepare = Prepare<m>,
          .estimate_ns = EstimateBy<EstimatedWinogradNs<m>>,
          .strided_rows = true};
}

}  // namespace

KernelDef ConvWinograd6() { return Def<6>("conv.winograd6"); }
KernelDef ConvWinograd4() { return Def<4>("conv.winograd4"); }
KernelDef ConvWinograd2() { return Def<2>("conv.winograd2"); }

}  // namespace sardonyx
