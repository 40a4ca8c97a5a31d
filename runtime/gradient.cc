#include "runtime/gradient.h"

namespace sardonyx {

Node& NodeBuilder::Append(const std::string& op_type, std::vector<ValueId> inputs) {
  return graph_.nodes.emplace_back(Node{.name = origin_.name,
                                        .domain = "",
                                        .op_type = op_type,
                                        .version = kNewestOpset,
                                        .index = origin_.index,
                                        .inputs = std::move(inputs)});
}

std::vector<ValueId> NodeBuilder::AddMany(const std::string& op_type, std::vector<ValueId> inputs,
                                          int outputs, Attributes attributes) {
  Node& node = Append(op_type, std::move(inputs));
  node.attributes = std::move(attributes);
  for (int i = 0; i < outputs; ++i) node.outputs.push_back(NewValue());
  return node.outputs;
}

void NodeBuilder::AddFor(ValueId output, const std::string& op_type, std::vector<ValueId> inputs) {
  Append(op_type, std::move(inputs)).outputs = {output};
}

ValueId NodeBuilder::Repeat(std::vector<ValueId> inputs) {
  Node node = origin_;
  node.inputs = std::move(inputs);
  node.outputs = {NewValue()};
  graph_.nodes.push_back(std::move(node));
  return graph_.nodes.back().outputs[0];
}

ValueId NodeBuilder::Constant(Tensor tensor) {
  return graph_.AddConstant(graph_.FreshName("gradient"), std::move(tensor));
}

}  // namespace sardonyx
