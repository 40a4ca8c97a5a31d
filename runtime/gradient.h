// What a differentiable operator's rule works with: nodes are added to the graph that compute the
// gradients of its inputs from those of its outputs (reverse mode).
#pragma once

#include <string>
#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// Adds nodes of ai.onnx's newest opset to a graph, in the name of one of its nodes. They have no
/// operators and types yet.
class NodeBuilder {
 public:
  using Attributes = std::map<std::string, Attribute>;

  NodeBuilder(Graph& graph, Node origin) : graph_(graph), origin_(std::move(origin)) {}

  Graph& graph() { return graph_; }
  /// A copy, as the graph's nodes move when others are added.
  const Node& node() const { return origin_; }
  /// As inferred for the graph before nodes were added.
  const Type& type(ValueId id) const { return graph_.values[id].type; }

  /// The new node's output, or all of its `outputs` outputs.
  ValueId Add(const std::string& op_type, std::vector<ValueId> inputs, Attributes attributes = {}) {
    return AddMany(op_type, std::move(inputs), 1, std::move(attributes))[0];
  }
  std::vector<ValueId> AddMany(const std::string& op_type, std::vector<ValueId> inputs, int outputs,
                               Attributes attributes = {});
  /// Computes `output` by the new node.
  void AddFor(ValueId output, const std::string& op_type, std::vector<ValueId> inputs);
  /// A node as the origin is, of one output, on other inputs.
  ValueId Repeat(std::vector<ValueId> inputs);
  ValueId Constant(Tensor tensor);

 private:
  Node& Append(const std::string& op_type, std::vector<ValueId> inputs);
  ValueId NewValue() { return graph_.AddValue(graph_.FreshName("gradient")); }

  Graph& graph_;
  Node origin_;
};

/// One node that is differentiated. Gradients are of a sum over all elements of one tensor, each in
/// the shape and type of the value that it belongs to.
class GradientContext : public NodeBuilder {
 public:
  GradientContext(Graph& graph, Node node, std::vector<ValueId> output_gradients)
      : NodeBuilder(graph, std::move(node)),
        output_gradients_(std::move(output_gradients)),
        input_gradients_(this->node().inputs.size(), kNoValue) {}

  template <typename A>
  const A& attrs() const {
    return static_cast<const A&>(*node().attrs);
  }
  int version() const { return node().version; }
  /// kNoValue where it is left out.
  ValueId input(int i) const {
    return i < static_cast<int>(node().inputs.size()) ? node().inputs[i] : kNoValue;
  }
  ValueId output(int i = 0) const { return node().outputs[i]; }
  /// kNoValue where nothing depends on the output.
  ValueId output_gradient(int i = 0) const { return output_gradients_[i]; }

  /// Inputs without one have no influence on the outputs, or none that can be differentiated.
  void set_input_gradient(int i, ValueId gradient) { input_gradients_[i] = gradient; }
  const std::vector<ValueId>& input_gradients() const { return input_gradients_; }

 private:
  std::vector<ValueId> output_gradients_, input_gradients_;
};

/// The operator with that rule.
inline OpDef WithGradient(OpDef op, Status (*gradient)(GradientContext&)) {
  op.gradient = gradient;
  return op;
}

}  // namespace sardonyx
