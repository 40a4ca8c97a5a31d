#include "runtime/passes/resolve.h"

#include <map>

#include "runtime/base/nearest.h"

namespace sardonyx {
namespace {

const OpDef* FindAnyOp(const Node& node, const CustomOps& custom) {
  for (const auto& op : custom) {
    if (op->domain == node.domain && op->name == node.op_type) return op.get();
  }
  return FindOp(node.domain, node.op_type);
}

Status FindOperator(Node& node, const CustomOps& custom) {
  node.op = FindAnyOp(node, custom);
  if (node.op == nullptr) {
    std::vector<std::string> names;
    for (const OpDef* op : AllOps()) {
      if (op->domain == node.domain) names.emplace_back(op->name);
    }
    for (const auto& op : custom) {
      if (op->domain == node.domain) names.emplace_back(op->name);
    }
    const std::string nearest = NearestName(node.op_type, names);
    return Unimplemented("operator '", node.op_type, "' of domain '",
                         node.domain.empty() ? "ai.onnx" : node.domain, "' is not supported",
                         nearest.empty() ? "" : absl::StrCat("; did you mean '", nearest, "'?"));
  }
  const int first = node.op->versions.front();
  if (node.version < first) {
    return InvalidArgument(node.op_type, " begins at opset ", first, ", the model imports ",
                           node.version);
  }
  if (node.op->last_version != 0 && node.version > node.op->last_version) {
    return InvalidArgument(node.op_type, " ended with opset ", node.op->last_version,
                           ", the model imports ", node.version);
  }
  return absl::OkStatus();
}

Status CheckArity(const Node& node) {
  const OpDef& op = *node.op;
  const int inputs = static_cast<int>(node.inputs.size());
  const int outputs = static_cast<int>(node.outputs.size());
  if (inputs < op.min_inputs || inputs > op.max_inputs) {
    return InvalidArgument("has ", inputs, " inputs, expected ", op.min_inputs,
                           op.max_inputs == op.min_inputs ? ""
                           : op.max_inputs == kVariadic   ? " or more"
                                                          : absl::StrCat(" to ", op.max_inputs));
  }
  for (int i = 0; i < op.min_inputs; ++i) {
    if (node.inputs[i] == kNoValue) return InvalidArgument("input ", i, " may not be left out");
  }
  if (outputs < op.min_outputs || outputs > op.max_outputs) {
    return InvalidArgument("has ", outputs, " outputs, expected ", op.min_outputs,
                           op.max_outputs == op.min_outputs ? ""
                           : op.max_outputs == kVariadic    ? " or more"
                                                            : absl::StrCat(" to ", op.max_outputs));
  }
  return absl::OkStatus();
}

Status Resolve(Node& node, const CustomOps& custom) {
  SX_RETURN_IF_ERROR(FindOperator(node, custom));
  SX_RETURN_IF_ERROR(CheckArity(node));
  ParseContext context(node);
  if (node.op->parse != nullptr) {
    SX_ASSIGN_OR_RETURN(node.attrs, node.op->parse(context));
  } else {
    node.attrs = std::make_shared<Attrs>();
  }
  return context.Finish();
}

void ResolveInto(Graph& graph, const CustomOps& custom, std::vector<std::string>& problems) {
  for (Node& node : graph.nodes) {
    if (Status status = node.op != nullptr ? absl::OkStatus() : Resolve(node, custom);
        !status.ok()) {
      problems.push_back(absl::StrCat(node.Describe(), ": ", status.message()));
    }
    for (Graph* subgraph : node.Subgraphs()) ResolveInto(*subgraph, custom, problems);
  }
}

}  // namespace

std::vector<std::string> ResolveOperators(Graph& graph, const CustomOps& custom) {
  std::vector<std::string> problems;
  ResolveInto(graph, custom, problems);
  return problems;
}

}  // namespace sardonyx
