#include "ops/common/make_node.h"

#include <algorithm>

namespace sardonyx {

StatusOr<Node> MakeNode(absl::string_view op_type, std::vector<ValueId> inputs,
                        std::vector<ValueId> outputs, std::map<std::string, Attribute> attributes) {
  const OpDef* op = FindOp("", op_type);
  if (op == nullptr) return absl::InternalError(absl::StrCat("there is no operator ", op_type));
  Node node{.op_type = std::string(op_type),
            .version = op->versions.back(),
            .inputs = std::move(inputs),
            .outputs = std::move(outputs),
            .attributes = std::move(attributes),
            .op = op};
  if (op->parse == nullptr) {
    node.attrs = std::make_shared<Attrs>();
    return node;
  }
  ParseContext context(node);
  SX_ASSIGN_OR_RETURN(node.attrs, op->parse(context));
  SX_RETURN_IF_ERROR(context.Finish());
  return node;
}

StatusOr<Node> MakeReshape(Graph& graph, ValueId from, const Shape& shape, ValueId to) {
  SX_ASSIGN_OR_RETURN(Tensor sizes, Tensor::Create(DataType::kInt64, Shape{shape.rank()}));
  std::copy(shape.dims().begin(), shape.dims().end(), sizes.data<int64_t>());
  const ValueId wanted = graph.AddConstant(graph.FreshName("shape"), std::move(sizes));
  return MakeNode("Reshape", {from, wanted}, {to}, {{"allowzero", {int64_t{1}}}});
}

StatusOr<ValueId> AddReshape(Graph& graph, ValueId from, const Shape& shape) {
  const ValueId to = graph.AddValue(graph.FreshName(graph.value(from).name),
                                    Type::Tensor(graph.value(from).type.element, shape));
  SX_ASSIGN_OR_RETURN(Node node, MakeReshape(graph, from, shape, to));
  graph.nodes.push_back(std::move(node));
  return to;
}

}  // namespace sardonyx
