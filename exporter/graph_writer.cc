#include "exporter/graph_writer.h"

#include <algorithm>

#include "exporter/types.h"

namespace sardonyx {
namespace {

// Functions that give a node an opset version of its own.
constexpr const char* kFunctionDomain = "sardonyx.opset";
// The newest change of Identity that any value needs: optional types.
constexpr int kIdentityVersion = 16;

void WriteVersions(const std::map<std::string, int>& versions,
                   google::protobuf::RepeatedPtrField<wire::OperatorSetIdProto>* protos) {
  for (const auto& [domain, version] : versions) {
    wire::OperatorSetIdProto* proto = protos->Add();
    proto->set_domain(domain);
    proto->set_version(version);
  }
}

/// Values that something refers to.
std::vector<bool> FindUsed(const Graph& graph) {
  std::vector<bool> used(graph.values.size(), false);
  const auto mark = [&](const std::vector<ValueId>& ids) {
    for (ValueId id : ids) {
      if (id != kNoValue) used[id] = true;
    }
  };
  mark(graph.inputs);
  mark(graph.outputs);
  for (const Node& node : graph.nodes) {
    if (node.removed) continue;
    mark(node.outputs);
    mark(graph.Reads(node));
  }
  return used;
}

bool HasWritableType(const Type& type) {
  if (type.kind == Type::Kind::kTensor) return type.element != DataType::kUndefined;
  return type.kind != Type::Kind::kUnknown && HasWritableType(*type.inner);
}

void WriteValueInfo(const std::string& name, const Type& type, wire::ValueInfoProto* proto) {
  proto->set_name(name);
  if (HasWritableType(type)) WriteType(type, proto->mutable_type());
}

}  // namespace

std::string GraphWriter::Take(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 1; name.empty() || !taken_.insert(name).second; ++i) {
    name = absl::StrCat(wanted.empty() ? "value" : wanted, "_", i);
  }
  in_order_.push_back(name);
  return name;
}

GraphWriter::Names GraphWriter::NameValues(const Graph& graph, const Names* outer) {
  Names names(graph.values.size());
  for (const Capture& capture : graph.captures) names[capture.inner] = (*outer)[capture.outer];
  // Callers know these by name, so they choose first.
  const auto name = [&](ValueId id) {
    if (names[id].empty()) names[id] = Take(graph.value(id).name);
  };
  for (ValueId id : graph.inputs) name(id);
  for (const auto& [i, own] : graph.output_names) Take(own);
  for (ValueId id : graph.outputs) name(id);
  const std::vector<bool> used = FindUsed(graph);
  for (size_t id = 0; id < used.size(); ++id) {
    if (used[id]) name(static_cast<ValueId>(id));
  }
  return names;
}

Status GraphWriter::Write(const Graph& graph, const std::map<std::string, int>& opsets) {
  Versions versions = opsets;
  const Names names = NameValues(graph, nullptr);
  SX_RETURN_IF_ERROR(WriteGraph(graph, names, &versions, model_->mutable_graph()));
  SX_RETURN_IF_ERROR(
      WriteOutputs(graph, /*is_subgraph=*/false, names, &versions, model_->mutable_graph()));
  WriteVersions(versions, model_->mutable_opset_import());
  return absl::OkStatus();
}

Status GraphWriter::WriteGraph(const Graph& graph, const Names& names, Versions* versions,
                               wire::GraphProto* proto) {
  proto->set_name(graph.name.empty() ? "graph" : graph.name);
  for (ValueId id : graph.inputs) {
    WriteValueInfo(names[id], graph.value(id).type, proto->add_input());
  }
  SX_RETURN_IF_ERROR(WriteConstants(graph, names, proto));
  WriteTypes(graph, names, proto);
  for (const Node& node : graph.nodes) {
    if (node.removed) continue;
    SX_RETURN_IF_ERROR(Prepend(WriteNode(graph, node, names, versions, proto),
                               absl::StrCat(node.Describe(), ": ")));
  }
  return absl::OkStatus();
}

Status GraphWriter::WriteTensorFor(const Tensor& tensor, wire::TensorProto* proto) {
  return external_ != nullptr && external_->Takes(tensor) ? external_->Write(tensor, proto)
                                                          : WriteTensor(tensor, proto);
}

Status GraphWriter::WriteConstants(const Graph& graph, const Names& names,
                                   wire::GraphProto* proto) {
  std::vector<bool> captured(graph.values.size(), false);
  for (const Capture& capture : graph.captures) captured[capture.inner] = true;
  for (size_t id = 0; id < graph.values.size(); ++id) {
    const Tensor* constant = graph.constant(static_cast<ValueId>(id));
    if (constant == nullptr || names[id].empty() || captured[id]) continue;
    wire::TensorProto* tensor = proto->add_initializer();
    tensor->set_name(names[id]);
    SX_RETURN_IF_ERROR(
        Prepend(WriteTensorFor(*constant, tensor), absl::StrCat("'", names[id], "': ")));
  }
  return absl::OkStatus();
}

void GraphWriter::WriteTypes(const Graph& graph, const Names& names,
                             wire::GraphProto* proto) const {
  const std::unordered_set<ValueId> outputs(graph.outputs.begin(), graph.outputs.end());
  for (const Node& node : graph.nodes) {
    for (ValueId id : node.outputs) {
      if (node.removed || id == kNoValue || outputs.count(id) > 0) continue;
      if (!HasWritableType(graph.value(id).type)) continue;
      WriteValueInfo(names[id], graph.value(id).type, proto->add_value_info());
    }
  }
}

// An output that has another name than its value, or that a subgraph only captures, takes a node:
// a name stands for one value, and subgraphs give what they compute.
Status GraphWriter::WriteOutputs(const Graph& graph, bool is_subgraph, const Names& names,
                                 Versions* versions, wire::GraphProto* proto) {
  std::unordered_set<std::string> given;
  std::unordered_set<ValueId> captured;
  for (const Capture& capture : graph.captures) captured.insert(capture.inner);
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const ValueId id = graph.outputs[i];
    const auto own = graph.output_names.find(i);
    std::string name = own != graph.output_names.end() ? own->second : names[id];
    const bool repeated = !given.insert(name).second;
    if (is_subgraph && (repeated || captured.count(id) > 0)) name = Take(name);
    if (name != names[id]) {
      wire::NodeProto* node = proto->add_node();
      node->set_op_type("Identity");
      node->add_input(names[id]);
      node->add_output(name);
      versions->emplace("", kIdentityVersion);
    }
    WriteValueInfo(name, graph.value(id).type, proto->add_output());
  }
  return absl::OkStatus();
}

Status GraphWriter::WriteNode(const Graph& graph, const Node& node, const Names& names,
                              Versions* versions, wire::GraphProto* proto) {
  const auto version = versions->emplace(node.domain, node.version).first;
  if (version->second == node.version) {
    return WriteNodeItself(node, names, versions, proto->add_node());
  }
  // The node as it is, in a function whose parameters have the names that are used around it.
  wire::FunctionProto* function = model_->add_functions();
  function->set_domain(kFunctionDomain);
  function->set_name(absl::StrCat(node.op_type, "_", node.version, "_", model_->functions_size()));
  wire::NodeProto* call = proto->add_node();
  call->set_name(node.name);
  call->set_domain(kFunctionDomain);
  call->set_op_type(function->name());
  versions->emplace(kFunctionDomain, 1);
  std::unordered_set<std::string> seen;
  for (ValueId id : graph.Reads(node)) {
    if (!seen.insert(names[id]).second) continue;
    function->add_input(names[id]);
    call->add_input(names[id]);
  }
  for (ValueId id : node.outputs) {
    if (id == kNoValue) continue;
    function->add_output(names[id]);
    call->add_output(names[id]);
  }
  Versions own = {{node.domain, node.version}};
  SX_RETURN_IF_ERROR(WriteNodeItself(node, names, &own, function->add_node()));
  WriteVersions(own, function->mutable_opset_import());
  return absl::OkStatus();
}

Status GraphWriter::WriteNodeItself(const Node& node, const Names& names, Versions* versions,
                                    wire::NodeProto* proto) {
  if (!node.name.empty()) proto->set_name(node.name);
  if (!node.domain.empty()) proto->set_domain(node.domain);
  proto->set_op_type(node.op_type);
  for (ValueId id : node.inputs) proto->add_input(id == kNoValue ? "" : names[id]);
  for (ValueId id : node.outputs) proto->add_output(id == kNoValue ? "" : names[id]);
  for (const auto& [name, attribute] : node.attributes) {
    wire::AttributeProto* written = proto->add_attribute();
    written->set_name(name);
    SX_RETURN_IF_ERROR(Prepend(WriteAttribute(attribute, names, versions, written),
                               absl::StrCat("attribute '", name, "': ")));
  }
  return absl::OkStatus();
}

Status GraphWriter::WriteSubgraph(const Graph& graph, const Names& outer, Versions* versions,
                                  wire::GraphProto* proto) {
  const size_t around = in_order_.size();
  const Names names = NameValues(graph, &outer);
  SX_RETURN_IF_ERROR(WriteGraph(graph, names, versions, proto));
  SX_RETURN_IF_ERROR(WriteOutputs(graph, /*is_subgraph=*/true, names, versions, proto));
  for (; in_order_.size() > around; in_order_.pop_back()) {  // those beside it may use them too
    taken_.erase(in_order_.back());
  }
  return absl::OkStatus();
}

}  // namespace sardonyx
