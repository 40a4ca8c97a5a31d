#include "ops/conv/expanded_depthwise.h"

#include "ops/common/caches.h"
#include "ops/conv/plain_conv.h"

namespace sardonyx {
namespace {

Status Infer(InferContext& context) {
  const auto& attrs = context.attrs<ExpandedDepthwiseAttrs>();
  const SymbolicShape *x = context.shape(0), *w = context.shape(kDepthwiseWeights);
  context.set_output(0, DataType::kFloat, std::nullopt);
  if (x == nullptr || w == nullptr) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(
      SymbolicShape shape,
      InferWindow(attrs.depthwise.window, SpatialDims(attrs.depthwise, absl::MakeConstSpan(*x)),
                  absl::MakeConstSpan(*w).subspan(2)));
  shape.insert(shape.begin(), (*x)[0]);
  shape.push_back((*w)[0]);
  context.set_output(0, DataType::kFloat, std::move(shape));
  return absl::OkStatus();
}

double MultiplyAdds(const PrepareContext& context) {
  const auto x = context.shape(0), expansion = context.shape(1);
  const auto depthwise = context.shape(kDepthwiseWeights);
  if (!x || !expansion || !depthwise) return 0;
  const auto shape =
      ResolveExpandedDepthwise(context.attrs<ExpandedDepthwiseAttrs>(), *x, *expansion, *depthwise);
  if (!shape.ok()) return 0;
  const ConvShape& conv = shape->depthwise;
  const double expanded = static_cast<double>(conv.batch * conv.input_plane()) *
                          static_cast<double>(shape->in_channels);
  const double taps = static_cast<double>(conv.batch * conv.output_plane()) *
                      static_cast<double>(conv.kernel_plane());
  return (expanded + taps) * static_cast<double>(conv.in_channels);
}

const OpDef& ExpandedDepthwiseOp() {
  static const OpDef op = {.domain = "",
                           .name = "ExpandedDepthwiseConv",
                           .versions = {1},
                           .min_inputs = 4,
                           .max_inputs = 5,
                           .infer = Infer,
                           .kernels = {ExpandedDepthwiseBands(), ExpandedDepthwiseReference()},
                           .multiply_adds = MultiplyAdds};
  return op;
}

// Expansions larger than so many times L2 pay never to be stored: in L2 and a little beyond, two
// layers take no longer than one.
constexpr int64_t kLargeExpansion = 4;

StatusOr<bool> AbsorbExpansion(Graph& graph, int index, const std::vector<int>& producers,
                               const std::vector<int>& uses) {
  const Node& node = graph.nodes[index];
  const ConvAttrs* depthwise = PlainConv(graph, node);
  if (depthwise == nullptr || depthwise->residual || producers[node.inputs[0]] < 0 ||
      uses[node.inputs[0]] != 1 ||
      !MayExceed(graph.value(node.inputs[0]).type, kLargeExpansion * SystemCaches().l2)) {
    return false;
  }
  const Tensor& w = *graph.constant(node.inputs[1]);
  if (w.dim(1) != 1 || w.dim(0) != depthwise->group) return false;
  const Node& before = graph.nodes[producers[node.inputs[0]]];
  const ConvAttrs* pointwise = PlainConv(graph, before);
  if (pointwise == nullptr || pointwise->residual || !IsPointwise(graph, before, *pointwise)) {
    return false;
  }

  auto attrs = std::make_shared<ExpandedDepthwiseAttrs>();
  attrs->expansion = pointwise->activation;
  attrs->depthwise = *depthwise;
  std::vector<ValueId> inputs = {before.inputs[0], before.inputs[1], BiasOf(before), node.inputs[1],
                                 BiasOf(node)};
  graph.nodes[producers[node.inputs[0]]].removed = true;
  Become(ExpandedDepthwiseOp(), std::move(attrs), std::move(inputs), graph.nodes[index]);
  return true;
}

}  // namespace

StatusOr<ExpandedDepthwiseShape> ResolveExpandedDepthwise(const ExpandedDepthwiseAttrs& attrs,
                                                          const Shape& x, const Shape& expansion,
                                                          const Shape& depthwise) {
  if (x.rank() != 4 || expansion.rank() != 4 || x[3] != expansion[1]) {
    return InvalidArgument("input X has shape ", x.ToString(), " and the 1x1 weights ",
                           expansion.ToString());
  }
  SX_ASSIGN_OR_RETURN(
      ConvShape conv,
      ResolveConv(attrs.depthwise, Shape{x[0], x[1], x[2], expansion[0]}, depthwise));
  return ExpandedDepthwiseShape{.in_channels = x[3], .depthwise = std::move(conv)};
}

ExpandedDepthwiseOperands::ExpandedDepthwiseOperands(KernelContext& context)
    : x(context.input(0).data<float>()),
      expansion(context.input(1).data<float>()),
      expansion_bias(context.has_input(kExpansionBias) ? context.input(kExpansionBias).data<float>()
                                                       : nullptr),
      depthwise(context.input(kDepthwiseWeights).data<float>()),
      depthwise_bias(context.has_input(kDepthwiseBias) ? context.input(kDepthwiseBias).data<float>()
                                                       : nullptr),
      y(context.output(0).data<float>()) {}

Rewrite ExpandedDepthwiseRewrite() {
  return {.name = "pointwise+depthwise", .apply = AbsorbExpansion, .after_layouts = true};
}

}  // namespace sardonyx
