#include "ops/common/activation.h"

#include <limits>
#include <variant>

#include "absl/strings/str_cat.h"

namespace sardonyx {
namespace {

using Kind = Activation::Kind;

float FloatAttribute(const Node& node, const char* name, float fallback) {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return fallback;
  const float* value = std::get_if<float>(&found->second.data);
  return value != nullptr ? *value : fallback;
}

/// Reads bound `i` of a Clip since opset 11 into `bound`; false if it is not a float constant.
bool ReadBound(const Graph& graph, const Node& node, size_t i, float* bound) {
  if (node.inputs.size() <= i || node.inputs[i] == kNoValue) return true;
  const Tensor* tensor = graph.constant(node.inputs[i]);
  if (tensor == nullptr || tensor->type() != DataType::kFloat || tensor->size() != 1) return false;
  *bound = tensor->data<float>()[0];
  return true;
}

std::optional<Activation> ClipOf(const Graph& graph, const Node& node) {
  constexpr float kMax = std::numeric_limits<float>::max();
  Activation clip{.kind = Kind::kClip, .a = -kMax, .b = kMax};
  if (node.version < 11) {
    clip.a = FloatAttribute(node, "min", clip.a);
    clip.b = FloatAttribute(node, "max", clip.b);
    return clip;
  }
  if (!ReadBound(graph, node, 1, &clip.a) || !ReadBound(graph, node, 2, &clip.b)) {
    return std::nullopt;
  }
  return clip;
}

}  // namespace

std::optional<Activation> ActivationOf(const Graph& graph, const Node& node) {
  if (!node.domain.empty() || node.inputs.empty() || node.outputs.size() != 1) return std::nullopt;
  const std::string& op = node.op_type;
  if (op == "Relu") return Activation{.kind = Kind::kRelu};
  if (op == "Clip") return ClipOf(graph, node);
  if (op == "LeakyRelu") {
    return Activation{.kind = Kind::kLeakyRelu, .a = FloatAttribute(node, "alpha", 0.01f)};
  }
  if (op == "Sigmoid") return Activation{.kind = Kind::kSigmoid};
  if (op == "Tanh") return Activation{.kind = Kind::kTanh};
  if (op == "HardSigmoid") {
    return Activation{.kind = Kind::kHardSigmoid,
                      .a = FloatAttribute(node, "alpha", 0.2f),
                      .b = FloatAttribute(node, "beta", 0.5f)};
  }
  if (op == "HardSwish") return Activation{.kind = Kind::kHardSwish};
  if (op == "Swish") {
    return Activation{.kind = Kind::kSwish, .a = FloatAttribute(node, "alpha", 1.0f)};
  }
  return std::nullopt;
}

std::string ToString(const Activation& activation) {
  const float a = activation.a, b = activation.b;
  switch (activation.kind) {
    case Kind::kNone:
      return "none";
    case Kind::kRelu:
      return "relu";
    case Kind::kClip:
      return absl::StrCat("clip(", a, ", ", b, ")");
    case Kind::kLeakyRelu:
      return absl::StrCat("leaky relu(", a, ")");
    case Kind::kSigmoid:
      return "sigmoid";
    case Kind::kTanh:
      return "tanh";
    case Kind::kHardSigmoid:
      return absl::StrCat("hard sigmoid(", a, ", ", b, ")");
    case Kind::kHardSwish:
      return "hard swish";
    case Kind::kSwish:
      return absl::StrCat("swish(", a, ")");
  }
  return "none";
}

}  // namespace sardonyx
