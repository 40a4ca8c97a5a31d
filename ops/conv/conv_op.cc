// Conv: attributes, types, and the list of its kernels.
#include "ops/common/contrib.h"
#include "ops/common/float_inputs.h"
#include "ops/conv/conv.h"
#include "ops/conv/direct_kernel.h"
#include "ops/conv/kernels.h"
#include "ops/conv/native.h"
#include "ops/conv/ops.h"

namespace sardonyx {
namespace {

std::shared_ptr<ConvAttrs> ReadConv(ParseContext& context) {
  auto attrs = std::make_shared<ConvAttrs>();
  attrs->window = ReadWindow(context, true);
  attrs->group = context.Int("group", 1);
  if (attrs->group < 1) {
    context.Fail(absl::StrCat("attribute 'group' is ", attrs->group, ", not at least 1"));
  }
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseConv(ParseContext& context) { return ReadConv(context); }

/// com.microsoft's FusedConv has what rewrites make of a Conv: an activation and a residual.
StatusOr<std::shared_ptr<Attrs>> ParseFusedConv(ParseContext& context) {
  auto attrs = ReadConv(context);
  const std::vector<ValueId>& inputs = context.node().inputs;
  attrs->residual = inputs.size() > kConvResidual && inputs[kConvResidual] != kNoValue;
  const std::vector<float> numbers = context.FloatList("activation_params");
  size_t used = 0;  // the list holds the activation's attributes in the order of their names
  attrs->activation = ReadActivation(context, [&](const char*, float fallback) {
    return used < numbers.size() ? numbers[used++] : fallback;
  });
  return attrs;
}

Status InferConv(InferContext& context) {
  const auto& attrs = context.attrs<ConvAttrs>();
  SX_ASSIGN_OR_RETURN(const DataType element,
                      CheckSameFloatInputs(context, 0, context.input_count()));
  const SymbolicShape* x = context.shape(0);
  const SymbolicShape* w = context.shape(1);
  context.set_output(0, element, std::nullopt);
  if (w != nullptr && w->size() >= 1) {
    SX_RETURN_IF_ERROR(CheckVector(context, 2, (*w)[0], "B"));
  }
  const auto static_x = context.input(0).StaticShape(), static_w = context.input(1).StaticShape();
  if (static_x && static_w) {
    SX_ASSIGN_OR_RETURN(const ConvShape conv, ResolveConv(attrs, *static_x, *static_w));
    context.set_output(0, element, ToSymbolic(conv.output()));
  } else if (x != nullptr || w != nullptr) {
    const size_t rank = x != nullptr ? x->size() : w->size();
    if (rank < 3 || (x != nullptr && w != nullptr && w->size() != rank)) {
      return InvalidArgument("input X has shape ", x != nullptr ? ToString(*x) : "?", " and W ",
                             w != nullptr ? ToString(*w) : "?",
                             "; both need the same rank, at least 3");
    }
    const SymbolicShape unknown(rank);
    const SymbolicShape& from = x != nullptr ? *x : unknown;
    const SymbolicShape& weights = w != nullptr ? *w : unknown;
    const Dim& channels = attrs.channels_last ? from.back() : from[1];
    if (channels.known() && weights[1].known() &&
        (channels.value % attrs.group != 0 || channels.value / attrs.group != weights[1].value)) {
      return InvalidArgument("input W has shape ", ToString(weights), " but X ", ToString(from),
                             " has ", channels.value, " channels, with group=", attrs.group);
    }
    SX_ASSIGN_OR_RETURN(SymbolicShape shape,
                        InferWindow(attrs.window, SpatialDims(attrs, absl::MakeConstSpan(from)),
                                    absl::MakeConstSpan(weights).subspan(2)));
    shape.insert(attrs.channels_last ? shape.end() : shape.begin(), weights[0]);
    shape.insert(shape.begin(), from[0]);
    context.set_output(0, element, std::move(shape));
  }
  if (!attrs.residual) return absl::OkStatus();
  const auto out = context.outputs()[0].type.StaticShape();
  const auto residual = context.input(kConvResidual).StaticShape();
  if (out && residual && *out != *residual) {
    return InvalidArgument("what is added has shape ", residual->ToString(),
                           ", but the convolution gives ", out->ToString());
  }
  return absl::OkStatus();
}

/// Whether conv.direct should take it: vectors along few output channels would be mostly empty.
bool SuitsDirect(const ConvAttrs& attrs, const Type& w) {
  const auto shape = w.StaticShape();
  return shape && attrs.group == 1 && (*shape)[0] <= DirectLines::kMaxOut &&
         (*shape)[2] * (*shape)[3] > 1 &&
         (attrs.window.strides.empty() || attrs.window.strides.back() == 1);
}

/// Two-dimensional convolutions of floats, which have kernels for that layout.
std::vector<int> ConvChannelsLast(const Graph& graph, const Node& node) {
  const auto& attrs = static_cast<const ConvAttrs&>(*node.attrs);
  const Type& x = graph.value(node.inputs[0]).type;
  if (x.element != DataType::kFloat || x.rank() != 4) return {};
  if (SuitsDirect(attrs, graph.value(node.inputs[1]).type)) return {};
  return attrs.residual ? std::vector<int>{0, kConvResidual} : std::vector<int>{0};
}

void ConvertToChannelsLast(Graph&, Node& node) {
  auto attrs = std::make_shared<ConvAttrs>(static_cast<const ConvAttrs&>(*node.attrs));
  attrs->channels_last = true;
  node.attrs = std::move(attrs);
}

}  // namespace

OpDef ConvOp() {
  return {.domain = "",
          .name = "Conv",
          .versions = {1, 11, 22},
          .min_inputs = 2,
          .max_inputs = 3,
          .parse = ParseConv,
          .infer = InferConv,
          .kernels = {ConvDepthwiseLast(), ConvGroupedLast(), ConvWinograd6(), ConvWinograd4(),
                      ConvWinograd2(), ConvGemm(), ConvDepthwise(), ConvDirect(), ConvDirect1x1(),
                      ConvIm2col(), ConvOneDnnKernel(), ConvWidenedKernel(), ConvReference()},
          .rewrites = ConvRewrites(),
          .channels_last = {.inputs = ConvChannelsLast,
                            .convert = ConvertToChannelsLast,
                            .gains = true},
          .multiply_adds = ConvMultiplyAdds};
}

OpDef FusedConvOp() {
  OpDef op = AsContrib(ConvOp(), "FusedConv");
  op.max_inputs = kConvResidual + 1;
  op.parse = ParseFusedConv;
  return op;
}

}  // namespace sardonyx
