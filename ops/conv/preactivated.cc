#include "ops/conv/preactivated.h"

#include "ops/common/readers.h"
#include "ops/conv/plain_conv.h"
#include "ops/norm/batchnorm.h"

namespace sardonyx {
namespace {

Status Infer(InferContext& context) {
  const SymbolicShape *x = context.shape(kPreactivatedX), *w = context.shape(0);
  context.set_output(0, DataType::kFloat, std::nullopt);
  if (x == nullptr || w == nullptr) return absl::OkStatus();
  SymbolicShape shape = *x;
  shape.back() = (*w)[0];
  context.set_output(0, DataType::kFloat, std::move(shape));
  return absl::OkStatus();
}

double MultiplyAdds(const PrepareContext& context) {
  const auto x = context.shape(kPreactivatedX), w = context.shape(0);
  if (!x || !w) return 0;
  return static_cast<double>(x->Elements(0, 3)) * static_cast<double>(w->Elements());
}

const OpDef& PreactivatedOp() {
  static const OpDef op = {.domain = "",
                           .name = "PreactivatedConv",
                           .versions = {1},
                           .min_inputs = kPreactivatedX + 1,
                           .max_inputs = kVariadic,
                           .infer = Infer,
                           .kernels = {PreactivatedGemm(), PreactivatedReference()},
                           .multiply_adds = MultiplyAdds};
  return op;
}

/// The tensors that `node` joins along their last axis; empty where it does no such thing, or their
/// types are not known.
std::vector<ValueId> JoinedBy(const Graph& graph, const Node& node) {
  if (node.op->joined_axis == nullptr || node.op->joined_axis(node, 4) != 3) return {};
  for (const ValueId id : node.inputs) {
    const Type& type = graph.value(id).type;
    if (type.element != DataType::kFloat || type.rank() != 4 || !type.shape->back().known()) {
      return {};
    }
  }
  return node.inputs;
}

ValueId AddVector(Graph& graph, const char* name, const std::vector<double>& numbers) {
  auto tensor =
      Tensor::CreateUninitialized(DataType::kFloat, Shape{static_cast<int64_t>(numbers.size())});
  if (!tensor.ok()) return kNoValue;
  std::transform(numbers.begin(), numbers.end(), tensor->data<float>(),
                 [](double x) { return static_cast<float>(x); });
  return graph.AddConstant(graph.FreshName(name), *std::move(tensor));
}

StatusOr<bool> AbsorbPreactivation(Graph& graph, int index, const std::vector<int>& producers,
                                   const std::vector<int>& uses) {
  const Node& conv = graph.nodes[index];
  const ConvAttrs* plain = PlainConv(graph, conv);
  if (plain == nullptr || !IsPointwise(graph, conv, *plain)) return false;
  const ValueId w = conv.inputs[1];
  const int norm = producers[conv.inputs[0]];
  if (norm < 0 || uses[conv.inputs[0]] != 1) return false;
  const Node& batchnorm = graph.nodes[norm];
  if (!IsStandard(batchnorm, "BatchNormalization", 1)) return false;
  const auto& attrs = static_cast<const BatchNormAttrs&>(*batchnorm.attrs);
  const auto affine = AffineOf(graph, batchnorm, graph.constant(w)->dim(1));
  if (!affine || !attrs.channels_last) return false;

  auto fused = std::make_shared<PreactivatedAttrs>();
  fused->before = attrs.activation;
  fused->after = plain->activation;
  const ValueId whole = batchnorm.inputs[0];
  std::vector<ValueId> joined;
  const int join = producers[whole];
  if (join >= 0 && uses[whole] == 1) joined = JoinedBy(graph, graph.nodes[join]);
  std::vector<ValueId> inputs = {w, BiasOf(conv), AddVector(graph, "scale", affine->factor),
                                 AddVector(graph, "shift", affine->shift)};
  if (inputs[kPreactivatedScale] == kNoValue || inputs[kPreactivatedShift] == kNoValue) {
    return false;
  }
  if (joined.empty()) {
    inputs.push_back(whole);
  } else {
    inputs.insert(inputs.end(), joined.begin(), joined.end());
    graph.nodes[join].removed = true;
  }
  graph.nodes[norm].removed = true;
  Become(PreactivatedOp(), std::move(fused), std::move(inputs), graph.nodes[index]);
  return true;
}

}  // namespace

Rewrite PreactivatedRewrite() {
  return {.name = "batchnorm+pointwise", .apply = AbsorbPreactivation, .after_layouts = true};
}

}  // namespace sardonyx
