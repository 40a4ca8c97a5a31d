// Models built by hand in tests.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/graph/graph.h"

namespace sardonyx {

/// Builds a graph value by value; names must be unique. Not for broken graphs: those are written
/// as files in tests/robust.
class GraphBuilder {
 public:
  explicit GraphBuilder(int opset = 21) : opset_(opset) {}

  std::string Input(const std::string& name, Type type) {
    graph_.inputs.push_back(Id(name, std::move(type)));
    return name;
  }
  std::string Constant(const std::string& name, Tensor tensor) {
    const ValueId id = Id(name, Type::Tensor(tensor.type(), tensor.shape()));
    graph_.values[id].constant = std::move(tensor);
    return name;
  }
  /// Adds a node; "" leaves an input out. Another domain than ai.onnx is at opset 1.
  void Node(const std::string& op, const std::vector<std::string>& inputs,
            const std::vector<std::string>& outputs,
            std::map<std::string, Attribute> attributes = {}, const std::string& domain = "") {
    sardonyx::Node node{.name = op + "_" + std::to_string(graph_.nodes.size()),
                        .domain = domain,
                        .op_type = op,
                        .version = domain.empty() ? opset_ : 1,
                        .index = static_cast<int>(graph_.nodes.size())};
    for (const std::string& name : inputs) {
      node.inputs.push_back(name.empty() ? kNoValue : Id(name, {}));
    }
    for (const std::string& name : outputs) node.outputs.push_back(Id(name, {}));
    node.attributes = std::move(attributes);
    graph_.nodes.push_back(std::move(node));
  }
  void Output(const std::string& name, Type declared = {}) {
    graph_.outputs.push_back(Id(name, {}));
    graph_.values[graph_.outputs.back()].type = std::move(declared);
  }
  /// Makes `name` of this graph, a subgraph, the value `outer` of `around`.
  void Capture(const std::string& name, GraphBuilder& around, const std::string& outer) {
    graph_.captures.push_back({.inner = Id(name, {}), .outer = around.Id(outer, {})});
  }

  Graph graph() const { return graph_; }
  std::shared_ptr<Model> model() const {
    auto model = std::make_shared<Model>();
    model->graph = graph_;
    model->ir_version = 10;
    model->opsets[""] = opset_;
    return model;
  }

 private:
  ValueId Id(const std::string& name, Type type) {
    const auto found = ids_.find(name);
    if (found != ids_.end()) return found->second;
    return ids_[name] = graph_.AddValue(name, std::move(type));
  }

  int opset_;
  Graph graph_;
  std::map<std::string, ValueId> ids_;
};

inline Attribute IntAttribute(int64_t value) { return {.data = value}; }
inline Attribute IntsAttribute(std::vector<int64_t> values) { return {.data = std::move(values)}; }
inline Attribute GraphAttribute(Graph graph) {
  return {.data = std::make_shared<Graph>(std::move(graph))};
}

}  // namespace sardonyx
