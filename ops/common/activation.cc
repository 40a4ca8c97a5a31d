#include "ops/common/activation.h"

#include <limits>

#include "absl/strings/str_cat.h"

namespace sardonyx {
namespace {

using Kind = Activation::Kind;

float FloatAttribute(const Node& node, const char* name, float fallback) {
  const auto* value = node.FindAttribute<float>(name);
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

Activation GeluOf(const Node& node) {
  const auto* approximate = node.FindAttribute<std::string>("approximate");
  const bool tanh = approximate != nullptr && *approximate == "tanh";
  return {.kind = tanh ? Kind::kGeluTanh : Kind::kGelu};
}

}  // namespace

std::optional<Activation> ActivationNamed(
    absl::string_view op, absl::FunctionRef<float(const char* name, float fallback)> attribute) {
  constexpr float kMax = std::numeric_limits<float>::max();
  const auto with = [&](Kind kind, const char* a, float a_default, const char* b = nullptr,
                        float b_default = 0) {
    return Activation{.kind = kind,
                      .a = attribute(a, a_default),
                      .b = b == nullptr ? 0 : attribute(b, b_default)};
  };
  if (op == "Relu") return Activation{.kind = Kind::kRelu};
  if (op == "Clip") return with(Kind::kClip, "min", -kMax, "max", kMax);
  if (op == "LeakyRelu") return with(Kind::kLeakyRelu, "alpha", 0.01f);
  if (op == "Sigmoid") return Activation{.kind = Kind::kSigmoid};
  if (op == "Tanh") return Activation{.kind = Kind::kTanh};
  if (op == "HardSigmoid") return with(Kind::kHardSigmoid, "alpha", 0.2f, "beta", 0.5f);
  if (op == "HardSwish") return Activation{.kind = Kind::kHardSwish};
  if (op == "Swish") return with(Kind::kSwish, "alpha", 1.0f);
  return std::nullopt;
}

Activation ReadActivation(ParseContext& context,
                          absl::FunctionRef<float(const char* name, float fallback)> attribute) {
  const std::string name = context.String("activation", "");
  if (name.empty()) return {};
  const auto activation = ActivationNamed(name, attribute);
  if (activation) return *activation;
  context.Fail(absl::StrCat("attribute 'activation' is '", name, "', not one of Relu, Clip, ",
                            "LeakyRelu, Sigmoid, Tanh, HardSigmoid, HardSwish and Swish"));
  return {};
}

std::optional<Activation> ActivationOf(const Graph& graph, const Node& node) {
  if (!node.domain.empty() || node.inputs.empty() || node.outputs.size() != 1) return std::nullopt;
  if (node.op_type == "Gelu") return GeluOf(node);
  auto activation = ActivationNamed(node.op_type, [&node](const char* name, float fallback) {
    return FloatAttribute(node, name, fallback);
  });
  // A Clip since opset 11 has its bounds as inputs, which only constants make an activation of.
  if (activation &&
      (!ReadBound(graph, node, 1, &activation->a) || !ReadBound(graph, node, 2, &activation->b))) {
    return std::nullopt;
  }
  return activation;
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
    case Kind::kGelu:
      return "gelu";
    case Kind::kGeluTanh:
      return "gelu(tanh)";
  }
  return "none";
}

}  // namespace sardonyx
