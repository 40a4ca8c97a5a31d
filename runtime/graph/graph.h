// The graph of a model: values, the nodes that compute them, and subgraphs inside attributes.
//
// Plain data that passes change in place. Values and nodes are named by their position; a value
// that nobody uses or a node that was removed keeps its place until Compact.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/tensor.h"
#include "runtime/graph/type.h"

namespace sardonyx {

struct Attrs;  // runtime/op.h
struct OpDef;
struct Graph;

using ValueId = int;
inline constexpr ValueId kNoValue = -1;  // an optional input or output that is left out

/// An attribute as the model has it. Sparse tensors have been made dense.
struct Attribute {
  using Data =
      std::variant<int64_t, float, std::string, Tensor, std::shared_ptr<Graph>, Type,
                   std::vector<int64_t>, std::vector<float>, std::vector<std::string>,
                   std::vector<Tensor>, std::vector<std::shared_ptr<Graph>>, std::vector<Type>>;
  Data data;
};

struct Node {
  std::string name;    // may be empty
  std::string domain;  // "" is ai.onnx
  std::string op_type;
  int version = 0;               // opset version of the domain that governs this node
  int index = -1;                // position in the model, for messages
  std::vector<ValueId> inputs;   // kNoValue where left out
  std::vector<ValueId> outputs;  // likewise
  std::map<std::string, Attribute> attributes;

  const OpDef* op = nullptr;           // set when the operator has been found,
  std::shared_ptr<const Attrs> attrs;  // with its attributes parsed
  bool removed = false;

  /// The attribute as the model gives it; null where it is left out or no T.
  template <typename T>
  const T* FindAttribute(const std::string& wanted) const {
    const auto found = attributes.find(wanted);
    return found == attributes.end() ? nullptr : std::get_if<T>(&found->second.data);
  }
  /// "node 'conv1' (Conv, #3)"
  std::string Describe() const;
  /// Subgraphs among the attributes, in the order of their names.
  std::vector<Graph*> Subgraphs() const;
};

struct ValueInfo {
  std::string name;
  Type type;                       // as declared, then as inferred
  std::optional<Tensor> constant;  // an initializer or a folded result
  bool channels_last = false;      // the layout pass made it: [N, D..., C] for [N, C, D...]
};

/// Something that a subgraph reads from the graph around it.
struct Capture {
  ValueId inner;  // in this graph
  ValueId outer;  // in the enclosing graph
};

struct Graph {
  std::string name;
  std::vector<ValueInfo> values;
  std::vector<Node> nodes;      // in an order in which they can run
  std::vector<ValueId> inputs;  // without the initializers, except those that are inputs too
  std::vector<ValueId> outputs;
  std::map<size_t, std::string> output_names;  // of outputs that have another than their value's
  std::vector<Capture> captures;
  int hidden_names = 0;  // for FreshName

  ValueId AddValue(std::string name, Type type = {});
  /// A value that holds `tensor`.
  ValueId AddConstant(std::string name, Tensor tensor);
  /// A name that no value has, made from `base`.
  std::string FreshName(const std::string& base);

  /// For each value the node that computes it, -1 for none.
  std::vector<int> Producers() const;
  /// For each value how many inputs of nodes, captures of subgraphs and graph outputs read it.
  std::vector<int> UseCounts() const;
  /// Makes every reader of `from` read `to`: nodes, graph outputs and captures.
  void ReplaceUses(ValueId from, ValueId to);
  /// Values that `node` reads: its inputs and what its subgraphs capture; without kNoValue.
  std::vector<ValueId> Reads(const Node& node) const;
  /// Drops removed nodes and values that nothing refers to, and renumbers the rest.
  void Compact();
  /// Reorders nodes so that each comes after what it reads. Errors: a cycle, naming its nodes.
  Status Sort();
  /// A deep copy: subgraphs are copied, constants shared.
  Graph Clone() const;

  const ValueInfo& value(ValueId id) const { return values[id]; }
  const std::string& OutputName(size_t i) const {
    const auto own = output_names.find(i);
    return own != output_names.end() ? own->second : values[outputs[i]].name;
  }
  const Tensor* constant(ValueId id) const {
    return id != kNoValue && values[id].constant ? &*values[id].constant : nullptr;
  }
};

/// The newest opset of ai.onnx that is understood.
inline constexpr int kNewestOpset = 28;

/// What a model file holds.
struct Model {
  Graph graph;
  int64_t ir_version = 0;
  std::map<std::string, int> opsets;  // by domain, "" for ai.onnx
  std::string producer_name, producer_version, domain, doc_string;
  int64_t model_version = 0;
  std::map<std::string, std::string> metadata;
};

}  // namespace sardonyx
