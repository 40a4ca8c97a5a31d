// From GraphProto to Graph: names become values, subgraphs capture, functions are expanded.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "importer/functions.h"
#include "importer/tensor_reader.h"
#include "runtime/graph/graph.h"

namespace sardonyx {

/// Builds one model's graph. Reports every problem it finds and goes on where it can, so that one
/// pass lists them all; the graph is of use only if there were none.
class GraphBuilder {
 public:
  /// What is passed by reference must outlive the builder.
  GraphBuilder(TensorReader& tensors, const FunctionLibrary& functions, const Limits& limits,
               Problems* problems)
      : tensors_(tensors), functions_(functions), limits_(limits), problems_(problems) {}

  /// Before IR version 4 an initializer had to be listed as an input and is none for all that.
  void Build(const wire::GraphProto& proto, const Opsets& opsets, int64_t ir_version, Graph* graph);

 private:
  struct Frame;

  /// A graph being built, and the names that its values have.
  struct Target {
    Graph* graph;
    Target* outer = nullptr;                        // of the graph around a subgraph
    std::unordered_map<ValueId, ValueId> captured;  // this graph's values by those of `outer`
    std::unordered_set<std::string> names;
    std::unordered_map<std::string, int> suffixes;
  };
  /// An attribute that a function was called with, and where its names are to be looked up.
  struct Binding {
    const wire::AttributeProto* proto;
    Frame* frame;
  };
  /// A scope of names: a graph, a subgraph or the body of a function at one call.
  struct Frame {
    Target* target;
    const Opsets* opsets;
    Frame* parent = nullptr;  // whose names a subgraph sees; a function sees none
    Frame* caller = nullptr;  // of a function
    const Function* function = nullptr;
    std::map<std::string, Binding> bindings;  // of a function's attributes
    std::string prefix;                       // of names made in a function
    int index = -1;                           // of the call in the model; -1: none
    int depth = 0;
    std::unordered_map<std::string, ValueId> names;
    std::unordered_map<std::string, int> computed;  // by which of the frame's nodes
  };
  using Nodes = google::protobuf::RepeatedPtrField<wire::NodeProto>;
  using TypesByName = std::unordered_map<std::string, const wire::TypeProto*>;

  void BuildGraph(const wire::GraphProto& proto, bool drop_default_inputs, Frame* frame);
  void AddInputs(const wire::GraphProto& proto, Frame* frame);
  void AddInitializer(const std::string& name, StatusOr<Tensor> tensor, bool drop_default_inputs,
                      Frame* frame);
  void DeclareOutputs(const Nodes& nodes, const TypesByName& types, Frame* frame);
  void AddNode(const wire::NodeProto& proto, int position, Frame* frame);
  void AddOperator(const wire::NodeProto& proto, Node node, Frame* frame);
  void AddCall(const wire::NodeProto& proto, const Function& function, const Node& node,
               Frame* frame);
  void BindAttributes(const wire::NodeProto& proto, const Node& node, Frame* caller, Frame* callee);

  /// nullopt where the attribute refers to one that the function was not called with.
  StatusOr<std::optional<Attribute>> ReadAttribute(const wire::AttributeProto& proto, Frame* frame);
  StatusOr<std::shared_ptr<Graph>> ReadSubgraph(const wire::GraphProto& proto, Frame* scope,
                                                Frame* user);
  /// The attribute that `proto` stands for, itself or what it refers to; null for none.
  StatusOr<Binding> Resolve(const wire::AttributeProto& proto, Frame* frame);

  /// The value of that name as seen from the frame, captured where it lies further out.
  std::optional<ValueId> Lookup(const std::string& name, Frame* frame);
  ValueId Define(const std::string& name, Type type, Frame* frame);
  ValueId AddValue(const std::string& name, Type type, Target* target);
  /// `id` of `owner`, a graph around `target` or itself, as a value of `target`.
  ValueId CaptureFrom(Target* owner, ValueId id, Target* target);
  std::string UniqueName(const std::string& name, Target* target);
  std::string Undefined(const std::string& name, const Frame* frame) const;
  /// False, with a problem reported once, when a limit of counts is reached.
  bool CountNodes(int64_t more);

  TensorReader& tensors_;
  const FunctionLibrary& functions_;
  const Limits& limits_;
  Problems* problems_;
  int64_t nodes_ = 0;
  int64_t values_ = 0;
  bool stopped_ = false;
};

/// The name with bytes that are no printable UTF-8 escaped, fit for messages and JSON.
std::string PrintableName(const std::string& name);

}  // namespace sardonyx
