// From Graph to GraphProto: values become names, captures the names that they capture.
#pragma once

#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "exporter/tensor_writer.h"
#include "runtime/graph/graph.h"

namespace sardonyx {

/// Writes one model's graph into its ModelProto, with the operator sets and functions it needs.
class GraphWriter {
 public:
  /// `external` may be null; what is passed must outlive the writer.
  GraphWriter(wire::ModelProto* model, ExternalWriter* external)
      : model_(model), external_(external) {}

  /// `opsets` are those that the model imports; operator sets that it lacks are added.
  Status Write(const Graph& graph, const std::map<std::string, int>& opsets);

 private:
  using Names = std::vector<std::string>;  // by ValueId; "" for values that nothing refers to
  using Versions = std::map<std::string, int>;

  Status WriteGraph(const Graph& graph, const Names& names, Versions* versions,
                    wire::GraphProto* proto);
  Status WriteConstants(const Graph& graph, const Names& names, wire::GraphProto* proto);
  void WriteTypes(const Graph& graph, const Names& names, wire::GraphProto* proto) const;
  Status WriteOutputs(const Graph& graph, bool is_subgraph, const Names& names, Versions* versions,
                      wire::GraphProto* proto);
  Status WriteNode(const Graph& graph, const Node& node, const Names& names, Versions* versions,
                   wire::GraphProto* proto);
  Status WriteNodeItself(const Node& node, const Names& names, Versions* versions,
                         wire::NodeProto* proto);
  Status WriteAttribute(const Attribute& attribute, const Names& names, Versions* versions,
                        wire::AttributeProto* proto);
  Status WriteSubgraph(const Graph& graph, const Names& outer, Versions* versions,
                       wire::GraphProto* proto);
  Status WriteTensorFor(const Tensor& tensor, wire::TensorProto* proto);

  Names NameValues(const Graph& graph, const Names* outer);
  /// `wanted` or a name made from it, which is taken from now on.
  std::string Take(const std::string& wanted);

  wire::ModelProto* model_;
  ExternalWriter* external_;
  // In the graph being written and those around it; and in which order they were taken.
  std::unordered_set<std::string> taken_;
  std::vector<std::string> in_order_;
};

}  // namespace sardonyx
