// conv.winograd2 and conv.winograd4: when Winograd's algorithm applies, and when it pays.
#include "ops/common/scratch.h"
#include "ops/conv/conv.h"
#include "ops/conv/native.h"
#include "ops/conv/winograd.h"

namespace sardonyx {
namespace {

constexpr int64_t kLeastChannels = 16;  // below, the transforms cost more than they save
constexpr int64_t kLeastTiles = 32;     // below, reading the transformed weights costs more

std::string RefusesAnyTile(const PrepareContext& context, const StatusOr<ConvShape>& conv) {
  if (!conv.ok()) return std::string(conv.status().message());
  if (conv->window.size() != 2) return "takes two spatial axes only";
  for (const WindowAxis& axis : conv->window) {
    if (axis.kernel != 3 || axis.stride != 1 || axis.dilation != 1) {
      return "takes 3x3 kernels with stride 1 and dilation 1 only";
    }
  }
  if (conv->batch < 1) return "the output is empty";
  const double multiplications = ConvMultiplyAdds(context);
  if (multiplications > 0x1p50) return "too large";
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
  const StatusOr<ConvShape> conv = StaticFloatConv(context, ConvLayout::kChannelsFirst);
  if (std::string reason = RefusesAnyTile(context, conv); !reason.empty()) return reason;
  const int64_t tiles =
      conv->batch * ((conv->window[0].output + m - 1) / m) * ((conv->window[1].output + m - 1) / m);
  if (tiles < kLeastTiles) {
    return absl::StrCat("has ", tiles, " tiles of ", m, "x", m,
                        " outputs, too few for its larger weights to pay");
  }
  return "";
}

template <int m>
struct Winograd : Kernel {
  Winograd(const ConvShape& conv, int threads) : conv(conv), plan(conv, m, threads) {}
  int64_t scratch_bytes() const override { return plan.scratch_bytes(); }

  Status Run(KernelContext& context) const override {
    const auto& attrs = context.attrs<ConvAttrs>();
    if (context.output(0).size() == 0) return absl::OkStatus();
    WinogradOperands operands{.x = context.input(0).data<float>(),
                              .y = context.output(0).data<float>(),
                              .activation = attrs.activation};
    if (context.has_input(2)) operands.bias = context.input(2).data<float>();
    if (attrs.residual) operands.residual = context.input(kConvResidual).data<float>();
    return plan.Run(*weights, operands, context.scratch(), *context.environment().pool,
                    *context.environment().control);
  }

  const ConvShape conv;
  const WinogradPlan plan;
  std::shared_ptr<const WinogradWeights> weights;
};

template <int m>
StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  SX_ASSIGN_OR_RETURN(const ConvShape conv, StaticFloatConv(context));
  auto kernel = std::make_unique<Winograd<m>>(conv, context.threads());
  kernel->weights =
      context.Shared<WinogradWeights>(m == 2 ? "conv.winograd2" : "conv.winograd4", [&] {
        return WinogradWeights::Make(context.constant(1)->data<float>(), conv.out_channels,
                                     conv.in_channels, m);
      });
  if (kernel->weights == nullptr) return LimitExceeded("no memory for Winograd's weights");
  return kernel;
}

template <int m>
KernelDef Def(absl::string_view name) {
  return {.name = name, .backend = Backend::kNative, .refuses = Refuses<m>, .prepare = Prepare<m>};
}

}  // namespace

KernelDef ConvWinograd4() { return Def<4>("conv.winograd4"); }
KernelDef ConvWinograd2() { return Def<2>("conv.winograd2"); }

}  // namespace sardonyx
