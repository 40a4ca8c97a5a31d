#include "tests/test_ops.h"

#include "absl/strings/string_view.h"

namespace sardonyx {

StatusOr<std::vector<Value>> RunOp(const std::string& op_type, int opset,
                                   const std::map<std::string, Attribute>& attributes,
                                   const std::vector<Value>& inputs, int output_count,
                                   const std::string& kernel, int threads,
                                   const std::string& domain) {
  const OpDef* op = FindOp(domain, op_type);
  if (op == nullptr) return absl::NotFoundError(absl::StrCat("no operator ", op_type));
  Node node{.name = "test", .domain = domain, .op_type = op_type, .version = opset, .index = 0};
  node.attributes = attributes;
  node.op = op;
  std::vector<InferContext::Input> known(inputs.size());
  std::vector<const Value*> pointers(inputs.size(), nullptr);
  std::vector<Type> types(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    node.inputs.push_back(inputs[i].is_none() ? kNoValue : static_cast<ValueId>(i));
    if (inputs[i].is_none()) continue;
    pointers[i] = &inputs[i];
    if (inputs[i].is_tensor()) {
      const Tensor& tensor = inputs[i].tensor();
      types[i] = Type::Tensor(tensor.type(), tensor.shape());
      known[i] = {.type = types[i], .value = &tensor, .ints = {}};
    }
  }
  for (int i = 0; i < output_count; ++i) node.outputs.push_back(static_cast<ValueId>(100 + i));
  if (op->parse != nullptr) {
    ParseContext parse(node);
    SX_ASSIGN_OR_RETURN(node.attrs, op->parse(parse));
    SX_RETURN_IF_ERROR(parse.Finish());
  }
  InferContext infer(node, known, [](const Graph&, std::vector<Type>) {
    return Unimplemented("subgraphs are not run by RunOp");
  });
  SX_RETURN_IF_ERROR(op->infer(infer));

  std::vector<Value> outputs(output_count);
  std::vector<Value*> places;
  std::vector<Type> output_types;
  for (int i = 0; i < output_count; ++i) {
    const Type& type = infer.outputs()[i].type;
    output_types.push_back(type);
    if (const auto shape = type.StaticShape(); shape && type.element != DataType::kUndefined) {
      SX_ASSIGN_OR_RETURN(outputs[i], Tensor::CreateUninitialized(type.element, *shape));
    }
    places.push_back(&outputs[i]);
  }
  if (op->view) {
    outputs[0] = inputs[0].tensor().Reshaped(outputs[0].tensor().shape());
    return outputs;
  }
  const KernelDef* chosen = nullptr;
  for (const KernelDef& def : op->kernels) {
    if (kernel.empty() ? def.backend == Backend::kReference : def.name == kernel) chosen = &def;
  }
  if (chosen == nullptr) return absl::NotFoundError(absl::StrCat("no kernel ", kernel));
  PackCache cache;
  const PrepareContext prepare(node, types, std::vector<const Tensor*>(inputs.size(), nullptr),
                               output_types, threads, Accuracy::kDefault, &cache);
  if (chosen->refuses != nullptr) {
    if (const std::string reason = chosen->refuses(prepare); !reason.empty()) {
      return Unimplemented(reason);
    }
  }
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Kernel> prepared, chosen->prepare(prepare));
  ThreadPool pool(threads);
  const RunControl control;
  const RunEnvironment environment{.pool = &pool, .control = &control};
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<std::byte> scratch,
                      AllocateBytes(prepared->scratch_bytes(), nullptr));
  KernelContext context(
      node, environment, nullptr, pointers, places,
      absl::MakeSpan(scratch.get(), static_cast<size_t>(prepared->scratch_bytes())));
  SX_RETURN_IF_ERROR(prepared->Run(context));
  return outputs;
}

}  // namespace sardonyx
