// The parts of GraphBuilder that nest: attributes, the subgraphs in them, and calls of functions.
#include <algorithm>

#include "importer/graph_builder.h"
#include "importer/types.h"
#include "runtime/base/nearest.h"

namespace sardonyx {
namespace {

using wire::AttributeProto;

constexpr size_t kLongestPrefix = 1024;  // of names that are made in functions

// Files of IR version 1 and some exporters leave the type out; then the filled field tells.
AttributeProto::AttributeType TypeOf(const AttributeProto& proto) {
  if (proto.type() != AttributeProto::UNDEFINED) return proto.type();
  if (proto.has_f()) return AttributeProto::FLOAT;
  if (proto.has_i()) return AttributeProto::INT;
  if (proto.has_s()) return AttributeProto::STRING;
  if (proto.has_t()) return AttributeProto::TENSOR;
  if (proto.has_g()) return AttributeProto::GRAPH;
  if (proto.has_sparse_tensor()) return AttributeProto::SPARSE_TENSOR;
  if (proto.has_tp()) return AttributeProto::TYPE_PROTO;
  if (proto.floats_size() > 0) return AttributeProto::FLOATS;
  if (proto.ints_size() > 0) return AttributeProto::INTS;
  if (proto.strings_size() > 0) return AttributeProto::STRINGS;
  if (proto.tensors_size() > 0) return AttributeProto::TENSORS;
  if (proto.graphs_size() > 0) return AttributeProto::GRAPHS;
  if (proto.sparse_tensors_size() > 0) return AttributeProto::SPARSE_TENSORS;
  if (proto.type_protos_size() > 0) return AttributeProto::TYPE_PROTOS;
  return AttributeProto::UNDEFINED;
}

template <typename T, typename From>
std::vector<T> ToVector(const From& from) {
  return {from.begin(), from.end()};
}

}  // namespace

StatusOr<GraphBuilder::Binding> GraphBuilder::Resolve(const AttributeProto& proto, Frame* frame) {
  if (proto.ref_attr_name().empty()) return Binding{&proto, frame};
  Frame* function = frame;
  while (function != nullptr && function->function == nullptr) function = function->parent;
  const std::string shown = PrintableName(proto.ref_attr_name());
  if (function == nullptr) {
    return InvalidArgument("it refers to the function's attribute '", shown,
                           "', but it is not in a function");
  }
  const auto bound = function->bindings.find(proto.ref_attr_name());
  if (bound == function->bindings.end()) return Binding{nullptr, nullptr};
  const AttributeProto::AttributeType found = TypeOf(*bound->second.proto);
  if (proto.type() != AttributeProto::UNDEFINED && found != proto.type()) {
    return InvalidArgument("it refers to the function's attribute '", shown, "' as type ",
                           proto.type(), ", but that was given as type ", found);
  }
  return bound->second;
}

StatusOr<std::optional<Attribute>> GraphBuilder::ReadAttribute(const AttributeProto& reference,
                                                               Frame* frame) {
  if (reference.name().empty()) return InvalidArgument("it has no name");
  SX_ASSIGN_OR_RETURN(const Binding binding, Resolve(reference, frame));
  if (binding.proto == nullptr) return std::optional<Attribute>();
  const AttributeProto& proto = *binding.proto;
  Attribute attribute;
  switch (TypeOf(proto)) {
    case AttributeProto::FLOAT:
      attribute.data = proto.f();
      break;
    case AttributeProto::INT:
      attribute.data = static_cast<int64_t>(proto.i());
      break;
    case AttributeProto::STRING:
      attribute.data = proto.s();
      break;
    case AttributeProto::FLOATS:
      attribute.data = ToVector<float>(proto.floats());
      break;
    case AttributeProto::INTS:
      attribute.data = ToVector<int64_t>(proto.ints());
      break;
    case AttributeProto::STRINGS:
      attribute.data = ToVector<std::string>(proto.strings());
      break;
    case AttributeProto::TENSOR: {
      SX_ASSIGN_OR_RETURN(attribute.data, tensors_.Read(proto.t()));
      break;
    }
    case AttributeProto::SPARSE_TENSOR: {
      SX_ASSIGN_OR_RETURN(attribute.data, tensors_.ReadSparse(proto.sparse_tensor()));
      break;
    }
    case AttributeProto::TYPE_PROTO: {
      SX_ASSIGN_OR_RETURN(attribute.data, ReadType(proto.tp(), limits_));
      break;
    }
    case AttributeProto::GRAPH: {
      SX_ASSIGN_OR_RETURN(attribute.data, ReadSubgraph(proto.g(), binding.frame, frame));
      break;
    }
    case AttributeProto::TENSORS:
    case AttributeProto::SPARSE_TENSORS: {
      std::vector<Tensor> tensors;
      for (const wire::TensorProto& tensor : proto.tensors()) {
        SX_ASSIGN_OR_RETURN(tensors.emplace_back(), tensors_.Read(tensor));
      }
      for (const wire::SparseTensorProto& tensor : proto.sparse_tensors()) {
        SX_ASSIGN_OR_RETURN(tensors.emplace_back(), tensors_.ReadSparse(tensor));
      }
      attribute.data = std::move(tensors);
      break;
    }
    case AttributeProto::GRAPHS: {
      std::vector<std::shared_ptr<Graph>> graphs;
      for (const wire::GraphProto& graph : proto.graphs()) {
        SX_ASSIGN_OR_RETURN(graphs.emplace_back(), ReadSubgraph(graph, binding.frame, frame));
      }
      attribute.data = std::move(graphs);
      break;
    }
    case AttributeProto::TYPE_PROTOS: {
      std::vector<Type> types;
      for (const wire::TypeProto& type : proto.type_protos()) {
        SX_ASSIGN_OR_RETURN(types.emplace_back(), ReadType(type, limits_));
      }
      attribute.data = std::move(types);
      break;
    }
    case AttributeProto::UNDEFINED:
      return InvalidArgument("it has neither a type nor a value");
  }
  return std::optional<Attribute>(std::move(attribute));
}

// `scope` is where the subgraph's outer names are looked up: where the attribute was written, which
// is not where it is used when a function was called with it.
StatusOr<std::shared_ptr<Graph>> GraphBuilder::ReadSubgraph(const wire::GraphProto& proto,
                                                            Frame* scope, Frame* user) {
  const int depth = std::max(scope->depth, user->depth) + 1;
  if (depth > limits_.nesting) {
    return LimitExceeded("subgraphs and calls are nested deeper than the limit nesting, ",
                         limits_.nesting);
  }
  auto graph = std::make_shared<Graph>();
  Target target{.graph = graph.get(), .outer = user->target};
  Frame frame{.target = &target, .opsets = scope->opsets, .parent = scope, .depth = depth};
  BuildGraph(proto, /*drop_default_inputs=*/false, &frame);
  return graph;
}

void GraphBuilder::BindAttributes(const wire::NodeProto& proto, const Node& node, Frame* caller,
                                  Frame* callee) {
  const wire::FunctionProto& function = *callee->function->proto;
  std::vector<std::string> known(function.attribute().begin(), function.attribute().end());
  for (const AttributeProto& value : function.attribute_proto()) {
    known.push_back(value.name());
    callee->bindings[value.name()] = {&value, callee};
  }
  for (const AttributeProto& value : proto.attribute()) {
    const std::string where =
        absl::StrCat(node.Describe(), ": attribute '", PrintableName(value.name()), "': ");
    if (std::find(known.begin(), known.end(), value.name()) == known.end()) {
      problems_->Add(InvalidArgument(where, callee->function->Describe(), " has no such attribute",
                                     DidYouMean(value.name(), known)));
      continue;
    }
    const StatusOr<Binding> bound = Resolve(value, caller);
    problems_->Add(Prepend(bound.status(), where));
    if (bound.ok() && bound->proto != nullptr) callee->bindings[value.name()] = *bound;
  }
}

void GraphBuilder::AddCall(const wire::NodeProto& proto, const Function& function, const Node& node,
                           Frame* caller) {
  const wire::FunctionProto& body = *function.proto;
  const std::string where = absl::StrCat(node.Describe(), ": ");
  for (const Frame* f = caller; f != nullptr; f = f->caller != nullptr ? f->caller : f->parent) {
    if (f->function == &function) {
      problems_->Add(InvalidArgument(where, function.Describe(), " calls itself"));
      return;
    }
  }
  if (caller->depth >= limits_.nesting) {
    problems_->Add(LimitExceeded(where,
                                 "subgraphs and calls are nested deeper than the limit "
                                 "nesting, ",
                                 limits_.nesting));
    return;
  }
  if (proto.input_size() > body.input_size() || proto.output_size() > body.output_size()) {
    problems_->Add(InvalidArgument(where, "it has ", proto.input_size(), " inputs and ",
                                   proto.output_size(), " outputs, ", function.Describe(), " has ",
                                   body.input_size(), " and ", body.output_size()));
    return;
  }
  Frame frame{.target = caller->target,
              .opsets = &function.opsets,
              .caller = caller,
              .function = &function,
              .index = node.index,
              .depth = caller->depth + 1};
  frame.prefix =
      absl::StrCat(node.name.empty() ? absl::StrCat(caller->prefix, node.op_type) : node.name, "/");
  // Else names as long as those of all callers together would be on every value.
  if (frame.prefix.size() > kLongestPrefix) {
    frame.prefix.erase(0, frame.prefix.size() - kLongestPrefix);
  }
  BindAttributes(proto, node, caller, &frame);
  for (int i = 0; i < body.input_size(); ++i) {
    const ValueId given = i < proto.input_size() ? node.inputs[i] : kNoValue;
    if (!frame.names.emplace(body.input(i), given).second) {
      problems_->Add(InvalidArgument(function.Describe(), " has two inputs '",
                                     PrintableName(body.input(i)), "'"));
    }
  }
  for (int i = 0; i < body.output_size(); ++i) {
    const ValueId wanted = i < proto.output_size() ? node.outputs[i] : kNoValue;
    if (wanted != kNoValue) frame.names.emplace(body.output(i), wanted);
  }
  DeclareOutputs(body.node(), {}, &frame);
  for (int i = 0; i < body.node_size() && CountNodes(1); ++i) AddNode(body.node(i), i, &frame);
  for (int i = 0; i < body.output_size(); ++i) {
    const std::string& name = body.output(i);
    const bool handed_through =
        std::count(body.input().begin(), body.input().end(), name) > 0 ||
        std::count(body.output().begin(), body.output().begin() + i, name) > 0;
    if (handed_through) {  // the caller's name then means that other value
      if (i < proto.output_size()) caller->names[proto.output(i)] = frame.names[name];
    } else if (frame.computed.count(name) == 0) {
      problems_->Add(InvalidArgument(where, function.Describe(), " does not compute its output '",
                                     PrintableName(name), "'"));
    } else if (const auto now = frame.names.find(name);
               i < proto.output_size() && now != frame.names.end() && !proto.output(i).empty()) {
      caller->names[proto.output(i)] = now->second;
    }
  }
}

}  // namespace sardonyx
