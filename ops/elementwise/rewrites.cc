#include "ops/elementwise/rewrites.h"

#include <cmath>

#include "ops/common/readers.h"
#include "ops/elementwise/unary.h"

namespace sardonyx {
namespace {

bool Is(const Node& node, const char* op_type) {
  return !node.removed && node.domain.empty() && node.op_type == op_type;
}

/// Makes `node` compute `op_type` of `x`.
Status Become(Node& node, const char* op_type, int version, ValueId x, float alpha) {
  const OpDef* op = FindOp("", op_type);
  if (op == nullptr) return absl::InternalError(absl::StrCat("there is no operator ", op_type));
  auto attrs = std::make_shared<UnaryAttrs>();
  attrs->alpha = alpha;
  node.op_type = op_type;
  node.op = op;
  node.version = version;
  node.attributes.clear();
  node.attrs = std::move(attrs);
  node.inputs = {x};
  return absl::OkStatus();
}

/// The one input of a node with two that is not `value`; kNoValue where both are.
ValueId OtherInput(const Node& node, ValueId value) {
  if (node.inputs.size() != 2 || node.inputs[0] == node.inputs[1]) return kNoValue;
  return node.inputs[0] == value ? node.inputs[1] : node.inputs[0];
}

StatusOr<bool> GateToActivation(Graph& graph, int index, const std::vector<int>& producers,
                                const std::vector<int>& uses) {
  Node& mul = graph.nodes[index];
  for (const ValueId gate : mul.inputs) {
    if (gate == kNoValue || producers[gate] < 0 || uses[gate] != 1) continue;
    Node& producer = graph.nodes[producers[gate]];
    const ValueId x = OtherInput(mul, gate);
    if (x == kNoValue || producer.inputs.empty() || producer.inputs[0] != x) continue;
    if (Is(producer, "Sigmoid")) {
      producer.removed = true;
      SX_RETURN_IF_ERROR(Become(mul, "Swish", 24, x, 1.0f));
      return true;
    }
    if (!Is(producer, "HardSigmoid")) continue;
    const auto& attrs = static_cast<const UnaryAttrs&>(*producer.attrs);
    if (std::fabs(attrs.alpha - 1.0f / 6) > 1e-6f || attrs.beta != 0.5f) continue;
    producer.removed = true;
    SX_RETURN_IF_ERROR(Become(mul, "HardSwish", 14, x, 0.0f));
    return true;
  }
  return false;
}

/// Whether `value` is a constant of one element, about equal to `wanted`.
bool IsNumber(const Graph& graph, ValueId value, double wanted) {
  const Tensor* constant = graph.constant(value);
  if (constant == nullptr || constant->size() != 1 || constant->rank() > 1) return false;
  const auto numbers = ToDoubles(*constant);
  // What float16 makes of 1 / sqrt 2 is off by 1.5e-4.
  return numbers.ok() && std::fabs((*numbers)[0] - wanted) <= 3e-4 * wanted;
}

constexpr double kSqrt2 = 1.41421356237309504880;

/// x where `value` is x / sqrt 2; kNoValue otherwise.
ValueId OverSqrt2(const Graph& graph, ValueId value, const std::vector<int>& producers) {
  if (producers[value] < 0) return kNoValue;
  const Node& node = graph.nodes[producers[value]];
  if (node.inputs.size() != 2) return kNoValue;
  if (Is(node, "Div") && IsNumber(graph, node.inputs[1], kSqrt2)) return node.inputs[0];
  if (!Is(node, "Mul")) return kNoValue;
  for (int i = 0; i < 2; ++i) {
    if (IsNumber(graph, node.inputs[i], 1 / kSqrt2)) return node.inputs[1 - i];
  }
  return kNoValue;
}

/// Whether `value` is x / 2.
bool IsHalfOf(const Graph& graph, ValueId value, ValueId x, const std::vector<int>& producers) {
  if (value == kNoValue || producers[value] < 0) return false;
  const Node& node = graph.nodes[producers[value]];
  if (node.inputs.size() != 2) return false;
  if (Is(node, "Div")) return node.inputs[0] == x && IsNumber(graph, node.inputs[1], 2);
  return Is(node, "Mul") && ((node.inputs[0] == x && IsNumber(graph, node.inputs[1], 0.5)) ||
                             (node.inputs[1] == x && IsNumber(graph, node.inputs[0], 0.5)));
}

StatusOr<bool> ErfToGelu(Graph& graph, int index, const std::vector<int>& producers,
                         const std::vector<int>& uses) {
  const Node& erf = graph.nodes[index];
  const ValueId x = OverSqrt2(graph, erf.inputs[0], producers);
  if (x == kNoValue || !IsFloatingPoint(graph.value(x).type.element)) return false;
  if (graph.value(x).type.rank() < 1) return false;  // constants of shape [1] would widen a scalar
  const int add = OnlyReader(graph, index, uses);
  if (add < 0 || !Is(graph.nodes[add], "Add") ||
      !IsNumber(graph, OtherInput(graph.nodes[add], erf.outputs[0]), 1)) {
    return false;
  }
  const int mul = OnlyReader(graph, add, uses);
  if (mul < 0 || !Is(graph.nodes[mul], "Mul")) return false;
  const ValueId factor = OtherInput(graph.nodes[mul], graph.nodes[add].outputs[0]);
  int last = -1;
  if (IsHalfOf(graph, factor, x, producers)) {
    last = mul;  // (x / 2) (1 + erf)
  } else {
    // x (1 + erf) / 2, or ((1 + erf) / 2) x
    const bool x_first = factor == x;
    if (!x_first && !IsNumber(graph, factor, 0.5)) return false;
    last = OnlyReader(graph, mul, uses);
    if (last < 0) return false;
    const Node& node = graph.nodes[last];
    const ValueId other = OtherInput(node, graph.nodes[mul].outputs[0]);
    const bool halves = (Is(node, "Mul") && IsNumber(graph, other, 0.5)) ||
                        (Is(node, "Div") && node.inputs[1] == other && IsNumber(graph, other, 2));
    const bool multiplies = Is(node, "Mul") && other == x;
    if (x_first ? !halves : !multiplies) return false;
  }
  // The other nodes lose their reader and are dropped with the dead.
  SX_RETURN_IF_ERROR(Become(graph.nodes[last], "Gelu", 20, x, 0.0f));
  return true;
}

}  // namespace

std::vector<Rewrite> MulRewrites() { return {{"mul+sigmoid", GateToActivation}}; }

std::vector<Rewrite> ErfRewrites() { return {{"erf to gelu", ErfToGelu}}; }

}  // namespace sardonyx
