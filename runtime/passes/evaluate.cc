#include "runtime/passes/evaluate.h"

#include "runtime/passes/run_kernel.h"

namespace sardonyx {

StatusOr<bool> AllocateInferred(const Type& type, const std::shared_ptr<MemoryBudget>& budget,
                                Value& value) {
  const std::optional<Shape> shape = type.StaticShape();
  if (!shape || type.element == DataType::kUndefined) return false;
  SX_ASSIGN_OR_RETURN(value, Tensor::CreateUninitialized(type.element, *shape, budget));
  return true;
}

StatusOr<std::vector<Value>> Evaluate(const Node& node, absl::Span<const Value* const> inputs,
                                      const std::vector<Type>& output_types,
                                      const RunEnvironment& environment) {
  if (!node.Subgraphs().empty()) return Unimplemented("a node with subgraphs is not folded");
  std::vector<Value> outputs(node.outputs.size());
  std::vector<Value*> places(node.outputs.size(), nullptr);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    SX_RETURN_IF_ERROR(AllocateInferred(output_types[i], environment.budget, outputs[i]).status());
    places[i] = &outputs[i];
  }
  if (node.op->view && inputs[0]->is_tensor() && outputs[0].is_tensor()) {
    outputs[0] = inputs[0]->tensor().Reshaped(outputs[0].tensor().shape());
    return outputs;
  }
  if (node.op->kernels.empty()) return Unimplemented("the operator has no kernel");
  std::vector<Type> types(inputs.size());
  std::vector<const Tensor*> constants(inputs.size(), nullptr);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == nullptr || !inputs[i]->is_tensor()) continue;
    types[i] = Type::Tensor(inputs[i]->tensor().type(), inputs[i]->tensor().shape());
  }
  PackCache cache;
  const PrepareContext prepare(node, std::move(types), std::move(constants), output_types,
                               environment, Accuracy::kStrict, &cache);
  const KernelDef& def = node.op->kernels.back();
  if (def.refuses != nullptr) {
    if (std::string reason = def.refuses(prepare); !reason.empty()) return Unimplemented(reason);
  }
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Kernel> kernel, def.prepare(prepare));
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<std::byte> scratch,
                      AllocateBytes(kernel->scratch_bytes(), environment.budget));
  KernelContext context(
      node, environment, nullptr, inputs, absl::MakeConstSpan(places),
      absl::MakeSpan(scratch.get(), static_cast<size_t>(kernel->scratch_bytes())));
  SX_RETURN_IF_ERROR(RunKernel(*kernel, context));
  return outputs;
}

}  // namespace sardonyx
