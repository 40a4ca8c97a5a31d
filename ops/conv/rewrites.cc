// What Conv absorbs: zeros padded before it, a scale and shift per channel behind it
// (BatchNormalization, Mul, Add, Sub and Div by constants), a tensor added to its result, and an
// activation. Each only where nobody else reads what lies between.
#include <cmath>

#include "ops/common/readers.h"
#include "ops/conv/conv.h"
#include "ops/conv/expanded_depthwise.h"
#include "ops/conv/kernels.h"
#include "ops/conv/preactivated.h"
#include "ops/norm/batchnorm.h"
#include "ops/shape/pad.h"

namespace sardonyx {
namespace {

const ConvAttrs& AttrsOf(const Graph& graph, int node) {
  return static_cast<const ConvAttrs&>(*graph.nodes[node].attrs);
}

// ---- Scale and shift per channel -------------------------------------------------------------

/// A constant's elements, one for each channel (a single one repeated); nullopt where it is none or
/// varies along another axis of a tensor of `rank`.
std::optional<std::vector<double>> PerChannel(const Graph& graph, ValueId value, int64_t channels,
                                              int rank) {
  const Tensor* tensor = graph.constant(value);
  if (tensor == nullptr || tensor->rank() > rank) return std::nullopt;
  for (int i = 0; i < tensor->rank(); ++i) {
    const int64_t allowed = rank - tensor->rank() + i == 1 ? channels : 1;
    if (tensor->dim(i) != 1 && tensor->dim(i) != allowed) return std::nullopt;
  }
  auto values = ToDoubles(*tensor);
  if (!values.ok() || values->empty()) return std::nullopt;
  if (values->size() == 1) values->resize(static_cast<size_t>(channels), values->front());
  return *std::move(values);
}

/// What `node`, which reads `value` and a constant, makes of `value`.
std::optional<Affine> ArithmeticOf(const Graph& graph, const Node& node, ValueId value,
                                   int64_t channels, int rank) {
  if (node.inputs.size() != 2) return std::nullopt;
  const bool left = node.inputs[0] == value;
  const auto constant = PerChannel(graph, node.inputs[left ? 1 : 0], channels, rank);
  if (!constant) return std::nullopt;
  Affine affine{std::vector<double>(constant->size(), 1), std::vector<double>(constant->size(), 0)};
  for (size_t c = 0; c < constant->size(); ++c) {
    const double number = (*constant)[c];
    if (IsStandard(node, "Mul", 7)) {
      affine.factor[c] = number;
    } else if (IsStandard(node, "Add", 7)) {
      affine.shift[c] = number;
    } else if (IsStandard(node, "Sub", 7)) {
      affine.factor[c] = left ? 1 : -1;
      affine.shift[c] = left ? -number : number;
    } else if (IsStandard(node, "Div", 7) && left && number != 0) {
      affine.factor[c] = 1 / number;
    } else {
      return std::nullopt;
    }
  }
  return affine;
}

/// A tensor of any float type with these elements.
StatusOr<Tensor> Store(DataType type, const Shape& shape, absl::Span<const double> values) {
  SX_ASSIGN_OR_RETURN(Tensor tensor, Tensor::CreateUninitialized(type, shape));
  SX_RETURN_IF_ERROR(Dispatch(type, Floats{}, [&]<typename T>() {
    for (size_t i = 0; i < values.size(); ++i) tensor.data<T>()[i] = static_cast<T>(values[i]);
    return absl::OkStatus();
  }));
  return tensor;
}

/// Multiplies the first axis of `weights` by `factor`.
StatusOr<Tensor> ScaleWeights(const Tensor& weights, const std::vector<double>& factor) {
  SX_ASSIGN_OR_RETURN(Tensor scaled, Tensor::CreateUninitialized(weights.type(), weights.shape()));
  const int64_t size = weights.shape().Elements(1, weights.rank());
  SX_RETURN_IF_ERROR(Dispatch(weights.type(), Floats{}, [&]<typename T>() {
    const T* from = weights.data<T>();
    T* to = scaled.data<T>();
    for (double scale : factor) {
      for (int64_t i = 0; i < size; ++i)
        *to++ = static_cast<T>(static_cast<double>(*from++) * scale);
    }
    return absl::OkStatus();
  }));
  return scaled;
}

StatusOr<bool> AbsorbAffine(Graph& graph, int index, const std::vector<int>&,
                            const std::vector<int>& uses) {
  const Node& conv = graph.nodes[index];
  const ConvAttrs& attrs = AttrsOf(graph, index);
  const Tensor* weights = graph.constant(conv.inputs[1]);
  if (attrs.activation || attrs.residual || attrs.channels_last || weights == nullptr ||
      weights->rank() < 3 || weights->size() == 0 ||
      graph.value(conv.outputs[0]).type.element != weights->type()) {
    return false;
  }
  const int64_t channels = weights->dim(0);
  const bool has_bias = conv.inputs.size() > 2 && conv.inputs[2] != kNoValue;
  const Tensor* bias = has_bias ? graph.constant(conv.inputs[2]) : nullptr;
  if (has_bias && (bias == nullptr || bias->size() != channels)) return false;
  const int reader = OnlyReader(graph, index, uses);
  if (reader < 0) return false;
  const Node& next = graph.nodes[reader];
  if (next.outputs.empty() || next.outputs[0] == kNoValue) return false;
  const bool normalizes =
      IsStandard(next, "BatchNormalization", 1) && next.inputs[0] == conv.outputs[0];
  if (normalizes && static_cast<const BatchNormAttrs&>(*next.attrs).activation) return false;
  const auto affine = normalizes
                          ? AffineOf(graph, next, channels)
                          : ArithmeticOf(graph, next, conv.outputs[0], channels, weights->rank());
  if (!affine) return false;

  std::vector<double> shift = affine->shift;
  if (bias != nullptr) {
    SX_ASSIGN_OR_RETURN(const std::vector<double> old, ToDoubles(*bias));
    for (size_t c = 0; c < old.size(); ++c) shift[c] += old[c] * affine->factor[c];
  }
  SX_ASSIGN_OR_RETURN(Tensor scaled, ScaleWeights(*weights, affine->factor));
  SX_ASSIGN_OR_RETURN(Tensor shifted, Store(weights->type(), Shape{channels}, shift));
  const ValueId new_weights =
      graph.AddConstant(graph.FreshName(graph.value(conv.inputs[1]).name), std::move(scaled));
  const ValueId new_bias =
      graph.AddConstant(graph.FreshName(graph.value(new_weights).name), std::move(shifted));
  Node& changed = graph.nodes[index];
  changed.inputs = {changed.inputs[0], new_weights, new_bias};
  TakeOutputOf(graph, index, reader);
  return true;
}

// ---- Padding ---------------------------------------------------------------------------------

StatusOr<bool> AbsorbPad(Graph& graph, int index, const std::vector<int>& producers,
                         const std::vector<int>&) {
  const auto zeros = SpatialZerosBefore(graph, index, producers);
  if (!zeros || AttrsOf(graph, index).channels_last) return false;
  auto padded = std::make_shared<ConvAttrs>(AttrsOf(graph, index));
  if (!AddPads(padded->window, zeros->pads)) return false;
  graph.nodes[index].inputs[0] = zeros->input;
  graph.nodes[index].attrs = std::move(padded);
  return true;
}

// ---- What is added ---------------------------------------------------------------------------

StatusOr<bool> AbsorbResidual(Graph& graph, int index, const std::vector<int>&,
                              const std::vector<int>& uses) {
  const Node& conv = graph.nodes[index];
  const ConvAttrs& attrs = AttrsOf(graph, index);
  if (attrs.activation || attrs.residual) return false;
  const int reader = OnlyReader(graph, index, uses);
  if (reader < 0 || !IsStandard(graph.nodes[reader], "Add", 7)) return false;
  const Node& add = graph.nodes[reader];
  const ValueId other = add.inputs[add.inputs[0] == conv.outputs[0] ? 1 : 0];
  // Nothing that `other` is made from can depend on the convolution, whose only reader is the Add.
  if (!SameFloatShape(graph.value(conv.outputs[0]).type, graph.value(other).type)) return false;
  auto fused = std::make_shared<ConvAttrs>(attrs);
  fused->residual = true;
  Node& changed = graph.nodes[index];
  changed.attrs = std::move(fused);
  changed.inputs.resize(kConvResidual, kNoValue);
  changed.inputs.push_back(other);
  TakeOutputOf(graph, index, reader);
  return true;
}

// ---- Activations -----------------------------------------------------------------------------

void SetActivation(Graph& graph, int index, const Activation& activation) {
  auto fused = std::make_shared<ConvAttrs>(AttrsOf(graph, index));
  fused->activation = activation;
  graph.nodes[index].attrs = std::move(fused);
}

StatusOr<bool> AbsorbActivation(Graph& graph, int index, const std::vector<int>&,
                                const std::vector<int>& uses) {
  const Node& conv = graph.nodes[index];
  if (AttrsOf(graph, index).activation ||
      graph.value(conv.outputs[0]).type.element != DataType::kFloat) {
    return false;
  }
  const int reader = OnlyReader(graph, index, uses);
  if (reader < 0 || graph.nodes[reader].inputs[0] != conv.outputs[0]) return false;
  const auto activation = ActivationOf(graph, graph.nodes[reader]);
  if (!activation) return false;
  SetActivation(graph, index, *activation);
  TakeOutputOf(graph, index, reader);
  return true;
}

/// x * Sigmoid(x) and x * HardSigmoid(x) where x is the convolution.
StatusOr<bool> AbsorbGate(Graph& graph, int index, const std::vector<int>&,
                          const std::vector<int>& uses) {
  const ValueId value = graph.nodes[index].outputs[0];
  if (AttrsOf(graph, index).activation || uses[value] != 2 ||
      graph.value(value).type.element != DataType::kFloat) {
    return false;
  }
  int readers[2] = {-1, -1};
  int found = 0;
  for (size_t i = 0; i < graph.nodes.size() && found < 2; ++i) {
    if (graph.nodes[i].removed) continue;
    for (const ValueId input : graph.nodes[i].inputs) {
      if (input == value && found < 2) readers[found++] = static_cast<int>(i);
    }
  }
  if (found < 2 || readers[0] == readers[1]) return false;
  const bool multiplies_last = IsStandard(graph.nodes[readers[1]], "Mul", 7);
  const int gate = readers[multiplies_last ? 0 : 1], multiply = readers[multiplies_last ? 1 : 0];
  const Node& product = graph.nodes[multiply];
  if (!IsStandard(product, "Mul", 7) || graph.nodes[gate].inputs[0] != value) return false;
  const auto inner = ActivationOf(graph, graph.nodes[gate]);
  const ValueId gated = graph.nodes[gate].outputs[0];
  const ValueId other = product.inputs[product.inputs[0] == value ? 1 : 0];
  if (!inner || other != gated || uses[gated] != 1) return false;
  if (inner->kind == Activation::Kind::kSigmoid) {
    SetActivation(graph, index, {.kind = Activation::Kind::kSwish, .a = 1});
  } else if (inner->kind == Activation::Kind::kHardSigmoid && inner->b == 0.5f &&
             std::abs(inner->a - 1.0f / 6.0f) < 1e-6f) {
    SetActivation(graph, index, {.kind = Activation::Kind::kHardSwish});
  } else {
    return false;
  }
  graph.nodes[gate].removed = true;
  TakeOutputOf(graph, index, multiply);
  return true;
}

}  // namespace

std::vector<Rewrite> ConvRewrites() {
  return {{"pad+conv", AbsorbPad},
          {"conv+affine", AbsorbAffine},
          {"conv+residual", AbsorbResidual},
          {"conv+activation", AbsorbActivation},
          {"conv+gate", AbsorbGate},
          ExpandedDepthwiseRewrite(),
          PreactivatedRewrite(),
          GatedRewrite()};
}

}  // namespace sardonyx
