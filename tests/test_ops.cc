#include "tests/test_ops.h"

#include <algorithm>

#include "absl/strings/strip.h"

namespace sardonyx {
namespace {

constexpr ValueId kFirstOutput = 100;

/// The node, parsed. Input i is value i.
StatusOr<Node> MakeNode(const std::string& op_type, int opset,
                        const std::map<std::string, Attribute>& attributes,
                        const std::vector<Value>& inputs, int output_count,
                        const std::string& domain) {
  const OpDef* op = FindOp(domain, op_type);
  if (op == nullptr) return absl::NotFoundError(absl::StrCat("no operator ", op_type));
  Node node{.name = "test", .domain = domain, .op_type = op_type, .version = opset, .index = 0};
  node.attributes = attributes;
  node.op = op;
  for (size_t i = 0; i < inputs.size(); ++i) {
    node.inputs.push_back(inputs[i].is_none() ? kNoValue : static_cast<ValueId>(i));
  }
  for (int i = 0; i < output_count; ++i) node.outputs.push_back(kFirstOutput + i);
  if (op->parse != nullptr) {
    ParseContext parse(node);
    SX_ASSIGN_OR_RETURN(node.attrs, op->parse(parse));
    SX_RETURN_IF_ERROR(parse.Finish());
  }
  return node;
}

std::vector<Type> TypesOf(const std::vector<Value>& values) {
  std::vector<Type> types(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i].is_tensor()) continue;
    types[i] = Type::Tensor(values[i].tensor().type(), values[i].tensor().shape());
  }
  return types;
}

StatusOr<std::vector<Type>> InferTypes(const Node& node, const std::vector<Value>& inputs) {
  const std::vector<Type> types = TypesOf(inputs);
  std::vector<InferContext::Input> known(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].is_tensor()) continue;
    known[i] = {.type = types[i], .value = &inputs[i].tensor(), .ints = {}};
  }
  InferContext infer(node, known, [](const Graph&, std::vector<Type>) {
    return Unimplemented("subgraphs are not run by RunOp");
  });
  SX_RETURN_IF_ERROR(node.op->infer(infer));
  std::vector<Type> outputs;
  for (const InferContext::Output& output : infer.outputs()) outputs.push_back(output.type);
  return outputs;
}

StatusOr<std::unique_ptr<Kernel>> PrepareKernel(const Node& node, const std::string& name,
                                                const std::vector<Value>& inputs,
                                                const std::vector<Type>& outputs,
                                                const RunEnvironment& environment) {
  const KernelDef* chosen = nullptr;
  for (const KernelDef& def : node.op->kernels) {
    if (name.empty() ? def.backend == Backend::kReference : def.name == name) chosen = &def;
  }
  if (chosen == nullptr) return absl::NotFoundError(absl::StrCat("no kernel ", name));
  PackCache cache;
  const PrepareContext prepare(node, TypesOf(inputs),
                               std::vector<const Tensor*>(inputs.size(), nullptr), outputs,
                               environment, Accuracy::kDefault, &cache);
  if (chosen->refuses != nullptr) {
    if (const std::string reason = chosen->refuses(prepare); !reason.empty()) {
      return Unimplemented(reason);
    }
  }
  return chosen->prepare(prepare);
}

StatusOr<std::vector<Value>> RunNode(const Node& node, const std::vector<Value>& inputs,
                                     const std::string& kernel, int threads) {
  SX_ASSIGN_OR_RETURN(const std::vector<Type> types, InferTypes(node, inputs));
  std::vector<Value> outputs(types.size());
  std::vector<Value*> places;
  std::vector<const Value*> pointers;
  for (const Value& input : inputs) pointers.push_back(input.is_none() ? nullptr : &input);
  for (size_t i = 0; i < types.size(); ++i) {
    if (const auto shape = types[i].StaticShape();
        shape && types[i].element != DataType::kUndefined) {
      SX_ASSIGN_OR_RETURN(outputs[i], Tensor::CreateUninitialized(types[i].element, *shape));
    }
    places.push_back(&outputs[i]);
  }
  if (node.op->view) {
    outputs[0] = inputs[0].tensor().Reshaped(outputs[0].tensor().shape());
    return outputs;
  }
  ThreadPool pool(threads);
  const RunControl control;
  const RunEnvironment environment{.pool = &pool, .control = &control};
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Kernel> prepared,
                      PrepareKernel(node, kernel, inputs, types, environment));
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<std::byte> scratch,
                      AllocateBytes(prepared->scratch_bytes(), nullptr));
  KernelContext context(
      node, environment, nullptr, pointers, places,
      absl::MakeSpan(scratch.get(), static_cast<size_t>(prepared->scratch_bytes())));
  SX_RETURN_IF_ERROR(prepared->Run(context));
  return outputs;
}

/// `value` with axis `from` moved to the place `to`.
StatusOr<Value> MoveAxis(const Value& value, int from, int to) {
  std::vector<int64_t> permutation(static_cast<size_t>(value.tensor().rank()));
  for (size_t i = 0; i < permutation.size(); ++i) permutation[i] = static_cast<int64_t>(i);
  permutation.erase(permutation.begin() + from);
  permutation.insert(permutation.begin() + to, from);
  SX_ASSIGN_OR_RETURN(const std::vector<Value> moved,
                      RunOp("Transpose", 13, {{"perm", {permutation}}}, {value}));
  return moved[0];
}

StatusOr<std::vector<Value>> RunChannelsLast(Node node, std::vector<Value> inputs,
                                             const std::string& kernel, int threads) {
  SX_ASSIGN_OR_RETURN(const std::vector<Type> types, InferTypes(node, inputs));
  Graph graph;
  const std::vector<Type> input_types = TypesOf(inputs);
  graph.values.resize(static_cast<size_t>(kFirstOutput) + types.size());
  for (size_t i = 0; i < inputs.size(); ++i) graph.values[i].type = input_types[i];
  for (size_t i = 0; i < types.size(); ++i) graph.values[kFirstOutput + i].type = types[i];
  const ChannelsLast& part = node.op->channels_last;
  const std::vector<int> moved = part.inputs ? part.inputs(graph, node) : std::vector<int>();
  if (moved.empty()) return Unimplemented(node.op_type, " stays in ONNX's layout");
  if (part.convert != nullptr) part.convert(graph, node);
  for (const int i : moved) {
    SX_ASSIGN_OR_RETURN(inputs[i], MoveAxis(inputs[i], 1, inputs[i].tensor().rank() - 1));
  }
  SX_ASSIGN_OR_RETURN(std::vector<Value> outputs, RunNode(node, inputs, kernel, threads));
  for (Value& output : outputs) {
    SX_ASSIGN_OR_RETURN(output, MoveAxis(output, output.tensor().rank() - 1, 1));
  }
  return outputs;
}

}  // namespace

StatusOr<std::vector<Value>> RunOp(const std::string& op_type, int opset,
                                   const std::map<std::string, Attribute>& attributes,
                                   const std::vector<Value>& inputs, int output_count,
                                   const std::string& kernel, int threads,
                                   const std::string& domain) {
  SX_ASSIGN_OR_RETURN(const Node node,
                      MakeNode(op_type, opset, attributes, inputs, output_count, domain));
  absl::string_view name = kernel;
  if (absl::ConsumeSuffix(&name, kChannelsLastSuffix)) {
    return RunChannelsLast(node, inputs, std::string(name), threads);
  }
  return RunNode(node, inputs, kernel, threads);
}

}  // namespace sardonyx
