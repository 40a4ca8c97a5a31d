// Transpose: a strided copy, which joins axes that stay together and works in tiles. Between two
// Reshapes that split the channels into groups and join them again it shuffles channels (Zhang et
// al., "ShuffleNet", 2018), and does so in either layout.
#include "absl/algorithm/container.h"
#include "ops/common/channels_last.h"
#include "ops/common/int_inputs.h"
#include "ops/common/make_node.h"
#include "ops/common/readers.h"
#include "ops/common/strided_copy.h"
#include "ops/shape/defs.h"
#include "runtime/gradient.h"

namespace sardonyx {
namespace {

struct TransposeAttrs : Attrs {
  std::optional<Ints> perm;
  // Set by the rewrite: channel i C/groups + j of the input [N, C, D...] becomes j groups + i of an
  // output of the same shape, and perm says nothing. 0: a plain transposition.
  int64_t groups = 0;
  bool channels_last = false;  // set by the layout pass, of a shuffle: [N, D..., C]

  /// The input axis that output axis i is; the reverse order where none was given.
  int Source(int i, int rank) const { return perm ? static_cast<int>((*perm)[i]) : rank - 1 - i; }
};

StatusOr<std::shared_ptr<Attrs>> ParseTranspose(ParseContext& context) {
  auto attrs = std::make_shared<TransposeAttrs>();
  if (context.Has("perm")) {
    attrs->perm = context.IntList("perm");
    auto normal = NormalizeAxes(*attrs->perm, static_cast<int>(attrs->perm->size()));
    if (!normal.ok()) return InvalidArgument("perm: ", normal.status().message());
    attrs->perm = *std::move(normal);
  }
  return attrs;
}

Status InferTranspose(InferContext& context) {
  const auto& attrs = context.attrs<TransposeAttrs>();
  const SymbolicShape* data = context.shape(0);
  if (data == nullptr) {
    context.set_output(
        0, context.element(0),
        attrs.perm ? std::optional(SymbolicShape(attrs.perm->size())) : std::nullopt);
    return absl::OkStatus();
  }
  if (attrs.groups > 0) return InferSameAsInput(context);
  const int rank = static_cast<int>(data->size());
  if (attrs.perm && static_cast<int>(attrs.perm->size()) != rank) {
    return InvalidArgument("perm has ", attrs.perm->size(), " axes, but data ", ToString(*data),
                           " has rank ", rank);
  }
  SymbolicShape result(rank);
  for (int i = 0; i < rank; ++i) result[i] = (*data)[attrs.Source(i, rank)];
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

/// Groups and channels of a group change places.
Status RunShuffle(KernelContext& context, const TransposeAttrs& attrs) {
  const Tensor& data = context.input(0);
  const Shape& shape = data.shape();
  const int channels = attrs.channels_last ? shape.rank() - 1 : 1;
  const int64_t inner = shape.Elements(channels + 1, shape.rank());
  const int64_t outer = shape.Elements(0, channels), each = shape[channels] / attrs.groups;
  const int64_t all = shape[channels] * inner;
  return CopyStrided(context, Ints{outer, each, attrs.groups, inner}, data,
                     {.offset = 0, .strides = {all, inner, each * inner, 1}}, context.output(0),
                     {.offset = 0, .strides = {all, attrs.groups * inner, inner, 1}});
}

Status RunTranspose(KernelContext& context) {
  const auto& attrs = context.attrs<TransposeAttrs>();
  if (attrs.groups > 0) return RunShuffle(context, attrs);
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  const Ints strides = data.shape().Strides();
  StridedView from{.offset = 0, .strides = Ints(data.rank())};
  for (int i = 0; i < data.rank(); ++i) from.strides[i] = strides[attrs.Source(i, data.rank())];
  return CopyStrided(context, output.shape().dims(), data, from, output,
                     {0, output.shape().Strides()});
}

/// Where all axes but those of size 1 keep their order, nothing moves in memory.
StatusOr<bool> BecomeView(Graph& graph, int index, const std::vector<int>&,
                          const std::vector<int>&) {
  const Node& node = graph.nodes[index];
  const auto& attrs = static_cast<const TransposeAttrs&>(*node.attrs);
  const auto shape = graph.value(node.inputs[0]).type.StaticShape();
  if (!shape || attrs.groups > 0 ||
      (attrs.perm && static_cast<int>(attrs.perm->size()) != shape->rank())) {
    return false;
  }
  Ints result(shape->rank());
  int last = -1;
  for (int i = 0; i < shape->rank(); ++i) {
    const int source = attrs.Source(i, shape->rank());
    result[i] = (*shape)[source];
    if (result[i] == 1) continue;
    if (source < last) return false;
    last = source;
  }
  SX_ASSIGN_OR_RETURN(Node view,
                      MakeReshape(graph, node.inputs[0], Shape(result), node.outputs[0]));
  view.name = node.name;
  view.index = node.index;
  graph.nodes[index] = std::move(view);
  return true;
}

Status TransposeGradient(GradientContext& context) {
  NodeBuilder::Attributes back;
  if (const auto& perm = context.attrs<TransposeAttrs>().perm) {
    std::vector<int64_t> inverse(perm->size());
    for (size_t i = 0; i < inverse.size(); ++i) inverse[(*perm)[i]] = static_cast<int64_t>(i);
    back = {{"perm", {std::move(inverse)}}};
  }
  context.set_input_gradient(0, context.Add("Transpose", {context.output_gradient()}, back));
  return absl::OkStatus();
}

// ---- Shuffles ---------------------------------------------------------------------------------

/// How many groups [N, C, D...] is split into by a view [N, groups, C / groups, D...]; 0 where the
/// view is another.
int64_t GroupsOf(absl::Span<const Dim> whole, absl::Span<const Dim> split) {
  if (whole.size() < 3 || split.size() != whole.size() + 1) return 0;
  if (!whole[1].known() || !split[1].known() || !split[2].known() || split[1].value < 2) return 0;
  const bool same = split[0].SameAs(whole[0]) && SameDims(split.subspan(3), whole.subspan(2)) &&
                    split[1].value * split[2].value == whole[1].value;
  return same ? split[1].value : 0;
}

/// Reshape, Transpose of the axes that split the channels, Reshape: one shuffle.
StatusOr<bool> BecomeShuffle(Graph& graph, int index, const std::vector<int>& producers,
                             const std::vector<int>& uses) {
  Node& node = graph.nodes[index];
  const auto& attrs = static_cast<const TransposeAttrs&>(*node.attrs);
  const auto is_view = [&](int i) { return i >= 0 && graph.nodes[i].op->view; };
  const ValueId split = node.inputs[0];
  const int before = producers[split], after = OnlyReader(graph, index, uses);
  if (attrs.groups > 0 || !attrs.perm || !is_view(before) || !is_view(after)) return false;
  if (graph.nodes[after].inputs[0] != node.outputs[0] || uses[split] != 1) return false;
  const ValueId from = graph.nodes[before].inputs[0], to = graph.nodes[after].outputs[0];
  if (to == kNoValue) return false;
  Ints swapped{0, 2, 1};
  for (int i = 3; i < static_cast<int>(attrs.perm->size()); ++i) swapped.push_back(i);
  const auto &x = graph.value(from).type.shape, &y = graph.value(to).type.shape;
  const auto& middle = graph.value(split).type.shape;
  if (*attrs.perm != swapped || !x || !y || !middle || !SameDims(*x, *y)) return false;
  const int64_t groups = GroupsOf(*x, *middle);
  if (groups == 0) return false;
  auto shuffle = std::make_shared<TransposeAttrs>();
  shuffle->groups = groups;
  node.attrs = std::move(shuffle);
  node.inputs[0] = from;
  graph.nodes[before].removed = true;
  TakeOutputOf(graph, index, after);
  return true;
}

std::vector<int> ShuffleChannelsLast(const Graph& graph, const Node& node) {
  return static_cast<const TransposeAttrs&>(*node.attrs).groups > 0
             ? FirstInputChannelsLast(graph, node)
             : std::vector<int>{};
}

void ConvertShuffle(Graph&, Node& node) {
  auto attrs = std::make_shared<TransposeAttrs>(static_cast<const TransposeAttrs&>(*node.attrs));
  attrs->channels_last = true;
  node.attrs = std::move(attrs);
}

}  // namespace

Node MakeTransposition(const Ints& permutation, ValueId from, ValueId to) {
  auto attrs = std::make_shared<TransposeAttrs>();
  attrs->perm = permutation;
  const OpDef* op = FindOp("", "Transpose");
  return {.op_type = std::string(op->name),
          .version = op->versions.back(),
          .inputs = {from},
          .outputs = {to},
          .op = op,
          .attrs = std::move(attrs)};
}

std::vector<OpDef> TransposeOps() {
  return {{.domain = "",
           .name = "Transpose",
           .versions = {1, 13, 21, 23, 24, 25},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseTranspose,
           .infer = InferTranspose,
           .kernels = {SimpleKernel<RunTranspose>("transpose.strided")},
           .rewrites = {{"reshape+transpose+reshape", BecomeShuffle},
                        {"transpose to view", BecomeView}},
           .channels_last = {.inputs = ShuffleChannelsLast, .convert = ConvertShuffle},
           .gradient = TransposeGradient}};
}

}  // namespace sardonyx
