#include "ops/control/common.h"

namespace sardonyx {
namespace {

struct IfAttrs : Attrs {
  std::shared_ptr<Graph> then_branch, else_branch;
};

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<IfAttrs>();
  context.Require("then_branch");
  context.Require("else_branch");
  attrs->then_branch = context.GraphValue("then_branch");
  attrs->else_branch = context.GraphValue("else_branch");
  for (const auto& branch : {attrs->then_branch, attrs->else_branch}) {
    if (branch == nullptr) continue;
    if (!branch->inputs.empty()) context.Fail("a branch of If takes no inputs");
    if (branch->outputs.size() != context.node().outputs.size()) {
      context.Fail(absl::StrCat("branch '", branch->name, "' has ", branch->outputs.size(),
                                " outputs, the node has ", context.node().outputs.size()));
    }
  }
  return std::shared_ptr<Attrs>(std::move(attrs));
}

Status Infer(InferContext& context) {
  const auto& attrs = context.attrs<IfAttrs>();
  if (const DataType type = context.element(0);
      type != DataType::kUndefined && type != DataType::kBool) {
    return InvalidArgument("cond is ", Name(type), ", expected bool");
  }
  if (context.value(0) != nullptr && context.value(0)->size() == 1) {
    // The other branch is never run, and may not even fit.
    const bool condition = context.value(0)->data<bool>()[0];
    SX_ASSIGN_OR_RETURN(const std::vector<Type> types,
                        context.InferBody(condition ? *attrs.then_branch : *attrs.else_branch, {}));
    for (size_t i = 0; i < types.size(); ++i) context.set_output(static_cast<int>(i), types[i]);
    return absl::OkStatus();
  }
  const auto a = context.InferBody(*attrs.then_branch, {});
  const auto b = context.InferBody(*attrs.else_branch, {});
  // Exporters guard what only some shapes allow by a condition on the shape: a branch that does not
  // fit is an error once it is taken.
  if (!a.ok() && !b.ok()) return a.status();
  const std::vector<Type>& fitting = a.ok() ? *a : *b;
  for (size_t i = 0; i < fitting.size(); ++i) {
    context.set_output(static_cast<int>(i),
                       a.ok() && b.ok() ? MergeTypes((*a)[i], (*b)[i]) : fitting[i]);
  }
  return absl::OkStatus();
}

Status Run(KernelContext& context) {
  const auto& attrs = context.attrs<IfAttrs>();
  SX_ASSIGN_OR_RETURN(const bool condition, ReadCondition(context.input(0), "cond"));
  std::vector<Value> outputs;
  SX_RETURN_IF_ERROR(
      context.bodies().Run(condition ? *attrs.then_branch : *attrs.else_branch, {}, &outputs));
  for (size_t i = 0; i < outputs.size(); ++i) {
    context.set_output(static_cast<int>(i), std::move(outputs[i]));
  }
  return absl::OkStatus();
}

}  // namespace

OpDef IfOp() {
  return {.name = "If",
          .versions = {1, 11, 13, 16, 19, 21, 23, 24, 25},
          .min_inputs = 1,
          .max_inputs = 1,
          .min_outputs = 1,
          .max_outputs = kVariadic,
          .parse = Parse,
          .infer = Infer,
          .kernels = {SimpleKernel<Run>("if.reference")}};
}

}  // namespace sardonyx
