#include "ops/attention/fusion.h"

#include <algorithm>
#include <cmath>

#include "ops/attention/attention.h"
#include "ops/attention/traced_axes.h"
#include "ops/common/readers.h"
#include "ops/matmul/matmul.h"

namespace sardonyx {
namespace {

/// A tensor of heads and where they lie in it.
struct Heads {
  ValueId tensor = kNoValue;
  HeadsLayout layout;
  Dim batch, length;
};

/// A factor that is a whole axis of the root.
bool IsWholeAxis(const Factor& factor, const SymbolicShape& root) {
  return factor.step == 1 && factor.size.SameAs(root[factor.axis]);
}

/// Heads of a tensor [batch, heads, .., ..] or [batch * heads, .., ..] of which the last two axes
/// are, in some order, those of the length and of the elements.
std::optional<Heads> HeadsOf(const Graph& graph, const TracedTensor& traced, size_t length_axis,
                             size_t element_axis) {
  const SymbolicShape& root = *graph.value(traced.root).type.shape;
  const TracedAxis &elements = traced.axes[element_axis], &length = traced.axes[length_axis];
  const int last = static_cast<int>(root.size()) - 1;
  if (elements.size() != 1 || elements[0].axis != last || elements[0].step != 1 ||
      !elements[0].size.known() || length.size() != 1 || length[0].axis == last ||
      !IsWholeAxis(length[0], root)) {
    return std::nullopt;
  }
  Heads heads{.tensor = traced.root, .batch = Dim(1), .length = length[0].size};
  heads.layout = {.rank = last + 1,
                  .length = {.axis = length[0].axis},
                  .size = elements[0].size.value,
                  .offset = traced.offset};
  const bool apart = traced.axes.size() == 4;
  TracedAxis batch = traced.axes[0], head = apart ? traced.axes[1] : TracedAxis();
  if (!apart && !batch.empty() && batch.back().size.known()) {
    head = {batch.back()};
    batch.pop_back();
  }
  if (batch.size() > 1 || head.size() > 1) return std::nullopt;
  if (!batch.empty()) {
    if (!IsWholeAxis(batch[0], root)) return std::nullopt;
    heads.batch = batch[0].size;
    heads.layout.batch = {.axis = batch[0].axis};
  }
  if (!head.empty()) {
    if (!head[0].size.known() || head[0].size.value < 1) return std::nullopt;
    heads.layout.heads = head[0].size.value;
    heads.layout.head = {.axis = head[0].axis, .step = head[0].step};
  }
  return heads;
}

/// The pattern found around a Softmax.
struct Pattern {
  int first = -1, second = -1;  // products: of queries and keys, and with values
  ValueId query = kNoValue, keys = kNoValue, mask = kNoValue;  // keys as the first product has them
  double scale = 1;
};

/// A MatMul of two operands and nothing else: of those of ai.onnx none has an alpha.
bool IsPlainProduct(const Node& node) {
  if (!IsStandard(node, "MatMul", 1)) return false;
  const auto& attrs = static_cast<const MatMulAttrs&>(*node.attrs);
  return attrs.inputs() == 2 && !attrs.activation;
}

/// Where `value` is another times or over a constant number, that other; *scale is multiplied.
std::optional<ValueId> Unscaled(const Graph& graph, const std::vector<int>& producers,
                                ValueId value, double* scale) {
  const Node* node = ProducerOf(graph, producers, value);
  if (node == nullptr || (!IsStandard(*node, "Mul", 7) && !IsStandard(*node, "Div", 7))) {
    return std::nullopt;
  }
  const bool divides = node->op_type == "Div";
  for (const int i : {1, 0}) {
    const Tensor* number = graph.constant(node->inputs[i]);
    if (number == nullptr || number->size() != 1 || number->type() != DataType::kFloat ||
        (divides && i == 0) ||
        !SameFloatShape(graph.value(value).type, graph.value(node->inputs[1 - i]).type)) {
      continue;
    }
    const double factor = static_cast<double>(number->data<float>()[0]);
    *scale *= divides ? 1 / factor : factor;
    return node->inputs[1 - i];
  }
  return std::nullopt;
}

/// Whether `mask` is a float tensor that broadcasts to scores of that shape and has an element for
/// each key, so that it means the same to Attention.
bool IsMask(const Graph& graph, ValueId mask, const SymbolicShape& scores) {
  const Type& type = graph.value(mask).type;
  if (type.element != DataType::kFloat || !type.shape || type.shape->empty() ||
      type.shape->size() > scores.size() || !type.shape->back().SameAs(scores.back())) {
    return false;
  }
  const size_t missing = scores.size() - type.shape->size();
  for (size_t i = 0; i < type.shape->size(); ++i) {
    const Dim& size = (*type.shape)[i];
    const bool repeats = size.known() && size.value == 1;
    // The first axis of three is both the batch's and the heads'.
    const bool may_differ = scores.size() == 4 || missing + i > 0;
    if (!repeats && !(may_differ && size.SameAs(scores[missing + i]))) return false;
  }
  return true;
}

/// Follows `value`, read by the pattern alone, down to the product of queries and keys.
bool FindScores(const Graph& graph, const std::vector<int>& producers, const std::vector<int>& uses,
                ValueId value, Pattern& pattern) {
  while (uses[value] == 1) {
    const Node* node = ProducerOf(graph, producers, value);
    if (node == nullptr) return false;
    if (IsPlainProduct(*node)) {
      pattern.first = producers[value];
      pattern.query = node->inputs[0];
      pattern.keys = node->inputs[1];
      return true;
    }
    if (const auto unscaled = Unscaled(graph, producers, value, &pattern.scale)) {
      value = *unscaled;
      continue;
    }
    // What is added comes behind the scale.
    if (!IsStandard(*node, "Add", 7) || pattern.mask != kNoValue || pattern.scale != 1)
      return false;
    const Type& scores = graph.value(value).type;
    for (const int i : {1, 0}) {
      Pattern trial = pattern;
      trial.mask = node->inputs[i];
      if (scores.shape && SameFloatShape(scores, graph.value(node->inputs[1 - i]).type) &&
          IsMask(graph, trial.mask, *scores.shape) &&
          FindScores(graph, producers, uses, node->inputs[1 - i], trial)) {
        pattern = trial;
        return true;
      }
    }
    return false;
  }
  return false;
}

bool IsSoftmaxOfRows(const Graph& graph, const Node& node) {
  const Type& type = graph.value(node.inputs[0]).type;
  if (node.version < 13 || type.element != DataType::kFloat || !type.shape) return false;
  const auto rank = static_cast<int64_t>(type.shape->size());
  const auto* given = node.FindAttribute<int64_t>("axis");
  const int64_t axis = given == nullptr ? -1 : *given;
  return (rank == 3 || rank == 4) && (axis == -1 || axis == rank - 1);
}

/// How the result lies after a Transpose by `perm` of [batch, heads, length, elements] or [batch *
/// heads, length, elements]; nullopt where elements would not lie side by side.
std::optional<HeadsLayout> ResultLayout(const HeadsLayout& query, int64_t size, const Ints& perm) {
  const int rank = static_cast<int>(perm.size());
  const auto place = [&perm](int axis) {
    return static_cast<int>(std::find(perm.begin(), perm.end(), axis) - perm.begin());
  };
  if (perm[rank - 1] != rank - 1) return std::nullopt;
  HeadsLayout layout{.rank = rank, .heads = query.heads, .size = size};
  layout.length.axis = place(rank - 2);
  const bool apart = rank == 4;
  if (query.batch.axis >= 0) layout.batch = {.axis = place(0), .step = apart ? 1 : query.heads};
  if (query.head.axis >= 0) layout.head.axis = place(apart ? 1 : 0);
  return layout;
}

Ints Identity(int rank) {
  Ints perm(rank);
  for (int i = 0; i < rank; ++i) perm[i] = i;
  return perm;
}

StatusOr<bool> SoftmaxToAttention(Graph& graph, int index, const std::vector<int>& producers,
                                  const std::vector<int>& uses) {
  const Node& softmax = graph.nodes[index];
  if (!IsSoftmaxOfRows(graph, softmax)) return false;
  Pattern pattern;
  if (!FindScores(graph, producers, uses, softmax.inputs[0], pattern)) return false;
  pattern.second = OnlyReader(graph, index, uses);
  if (pattern.second < 0 || !IsPlainProduct(graph.nodes[pattern.second]) ||
      graph.nodes[pattern.second].inputs[0] != softmax.outputs[0]) {
    return false;
  }
  for (ValueId* operand : {&pattern.query, &pattern.keys}) {
    if (const auto unscaled = Unscaled(graph, producers, *operand, &pattern.scale)) {
      *operand = *unscaled;
    }
  }
  const Node& second = graph.nodes[pattern.second];
  const size_t rank = graph.value(softmax.inputs[0]).type.shape->size();
  const auto heads_of = [&](ValueId value, size_t length, size_t elements) -> std::optional<Heads> {
    const auto traced = TraceAxes(graph, producers, value);
    if (!traced || traced->axes.size() != rank) return std::nullopt;
    return HeadsOf(graph, *traced, length, elements);
  };
  const auto q = heads_of(pattern.query, rank - 2, rank - 1);
  const auto k = heads_of(pattern.keys, rank - 1, rank - 2);
  const auto v = heads_of(second.inputs[1], rank - 2, rank - 1);
  if (!q || !k || !v || !std::isfinite(pattern.scale) || q->layout.size != k->layout.size) {
    return false;
  }
  for (const auto& other : {*k, *v}) {
    if (other.layout.heads != q->layout.heads || !other.batch.SameAs(q->batch)) return false;
  }

  auto attrs = std::make_shared<AttentionAttrs>();
  attrs->scale = pattern.scale;
  attrs->zero_where_masked = false;
  attrs->q_layout = q->layout;
  attrs->k_layout = k->layout;
  attrs->v_layout = v->layout;
  // The result may as well be written as a transposition behind it has it.
  int last = pattern.second;
  auto y = ResultLayout(q->layout, v->layout.size, Identity(static_cast<int>(rank)));
  if (const int reader = OnlyReader(graph, last, uses); reader >= 0) {
    const auto perm = PermutationOf(graph.nodes[reader], static_cast<int>(rank));
    const auto moved = perm ? ResultLayout(q->layout, v->layout.size, *perm) : std::nullopt;
    if (moved) {
      y = moved;
      last = reader;
    }
  }
  attrs->y_layout = *y;
  const OpDef* op = FindOp("", "Attention");
  if (op == nullptr) return absl::InternalError("there is no operator Attention");
  Node& node = graph.nodes[last];
  node.op_type = std::string(op->name);
  node.version = op->versions.back();
  node.op = op;
  node.attributes.clear();
  node.attrs = std::move(attrs);
  node.inputs = {q->tensor, k->tensor, v->tensor};
  if (pattern.mask != kNoValue) node.inputs.push_back(pattern.mask);
  return true;
}

}  // namespace

std::vector<Rewrite> SoftmaxRewrites() { return {{"softmax to attention", SoftmaxToAttention}}; }

}  // namespace sardonyx
