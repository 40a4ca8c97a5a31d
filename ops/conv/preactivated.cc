#include "ops/conv/preactivated.h"

#include "ops/common/caches.h"
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

/// What a 1x1 convolution and the node before it have in common with others of their kind.
struct Pair {
  const ConvAttrs* conv = nullptr;  // null: there are no such two
  int before = -1;                  // alone read by the convolution
};

Pair FindPair(const Graph& graph, int index, const std::vector<int>& producers,
              const std::vector<int>& uses, absl::string_view op, int least_version) {
  const Node& node = graph.nodes[index];
  const ConvAttrs* conv = PlainConv(graph, node);
  if (conv == nullptr || !IsPointwise(graph, node, *conv)) return {};
  const int before = producers[node.inputs[0]];
  if (before < 0 || uses[node.inputs[0]] != 1) return {};
  if (!IsStandard(graph.nodes[before], op, least_version)) return {};
  return {conv, before};
}

/// Makes the convolution one with those tensors and numbers in the place of its input.
void Become(const std::vector<ValueId>& x, ValueId scale, ValueId shift,
            std::shared_ptr<PreactivatedAttrs> attrs, Node& conv) {
  attrs->after = static_cast<const ConvAttrs&>(*conv.attrs).activation;
  std::vector<ValueId> inputs = {conv.inputs[1], BiasOf(conv), scale, shift, ResidualOf(conv)};
  inputs.insert(inputs.end(), x.begin(), x.end());
  Become(PreactivatedOp(), std::move(attrs), std::move(inputs), conv);
}

StatusOr<bool> AbsorbPreactivation(Graph& graph, int index, const std::vector<int>& producers,
                                   const std::vector<int>& uses) {
  const Pair pair = FindPair(graph, index, producers, uses, "BatchNormalization", 1);
  if (pair.conv == nullptr) return false;
  const Node& batchnorm = graph.nodes[pair.before];
  const auto& attrs = static_cast<const BatchNormAttrs&>(*batchnorm.attrs);
  const int64_t channels = graph.constant(graph.nodes[index].inputs[1])->dim(1);
  const auto affine = AffineOf(graph, batchnorm, channels);
  if (!affine || !attrs.channels_last) return false;

  const ValueId whole = batchnorm.inputs[0];
  std::vector<ValueId> x;
  const int join = producers[whole];
  if (join >= 0 && uses[whole] == 1) x = JoinedBy(graph, graph.nodes[join]);
  const ValueId scale = AddVector(graph, "scale", affine->factor);
  const ValueId shift = AddVector(graph, "shift", affine->shift);
  if (scale == kNoValue || shift == kNoValue) return false;
  if (x.empty()) {
    x = {whole};
  } else {
    graph.nodes[join].removed = true;
  }
  auto fused = std::make_shared<PreactivatedAttrs>();
  fused->before = attrs.activation;
  Become(x, scale, shift, std::move(fused), graph.nodes[index]);
  graph.nodes[pair.before].removed = true;
  return true;
}

/// Whether `gate` has one number for each channel of each image of `x`.
bool IsGateOf(const Type& gate, const Type& x) {
  if (gate.element != DataType::kFloat || gate.rank() != 4 || x.rank() != 4) return false;
  const auto is_one = [](const Dim& dim) { return dim.known() && dim.value == 1; };
  return is_one((*gate.shape)[1]) && is_one((*gate.shape)[2]) &&
         (*gate.shape)[0].SameAs((*x.shape)[0]) && (*gate.shape)[3].SameAs((*x.shape)[3]);
}

StatusOr<bool> AbsorbGate(Graph& graph, int index, const std::vector<int>& producers,
                          const std::vector<int>& uses) {
  const Pair pair = FindPair(graph, index, producers, uses, "Mul", 7);
  if (pair.conv == nullptr) return false;
  const Node& mul = graph.nodes[pair.before];
  const Type& product = graph.value(mul.outputs[0]).type;
  // In L2, a product that is stored costs less than one made anew for each block of columns.
  if (!MayExceed(product, SystemCaches().l2)) return false;
  for (const int gate : {0, 1}) {
    const ValueId x = mul.inputs[1 - gate];
    if (!IsGateOf(graph.value(mul.inputs[gate]).type, product) ||
        !SameFloatShape(graph.value(x).type, product)) {
      continue;
    }
    auto fused = std::make_shared<PreactivatedAttrs>();
    fused->gated = true;
    Become({x}, mul.inputs[gate], kNoValue, std::move(fused), graph.nodes[index]);
    graph.nodes[pair.before].removed = true;
    return true;
  }
  return false;
}

}  // namespace

Rewrite PreactivatedRewrite() {
  return {.name = "batchnorm+pointwise", .apply = AbsorbPreactivation, .after_layouts = true};
}

Rewrite GatedRewrite() {
  return {.name = "gate+pointwise", .apply = AbsorbGate, .after_layouts = true};
}

}  // namespace sardonyx
