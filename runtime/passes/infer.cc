#include "runtime/passes/infer.h"

#include <algorithm>

#include "runtime/passes/evaluate.h"
#include "runtime/passes/strings.h"

namespace sardonyx {
namespace {

constexpr int64_t kSmallBytes = 4096;  // results that are always worth keeping: shape arithmetic
constexpr size_t kMostInts = 4096;     // no list that says something of shapes is longer

/// What a constant takes, strings included.
int64_t WholeBytes(const Tensor& tensor) { return tensor.bytes() + StringBytes(tensor); }

/// Infers a subgraph whose captures are what `outer` knows.
StatusOr<std::vector<Type>> InferSubgraph(const Graph& body, const Knowledge& outer,
                                          const EvaluateOptions& evaluate,
                                          std::vector<Type> inputs) {
  Knowledge known = KnowConstants(body);
  for (const Capture& capture : body.captures) known[capture.inner] = outer[capture.outer];
  if (inputs.size() != body.inputs.size()) {
    return InvalidArgument("subgraph '", body.name, "' has ", body.inputs.size(),
                           " inputs, expected ", inputs.size());
  }
  for (size_t i = 0; i < inputs.size(); ++i) known[body.inputs[i]].type = std::move(inputs[i]);
  SX_RETURN_IF_ERROR(InferGraph(body, evaluate, known));
  std::vector<Type> outputs;
  for (ValueId output : body.outputs) outputs.push_back(known[output].type);
  return outputs;
}

/// Whether the outputs of `node` are worth computing now.
bool WorthEvaluating(const Node& node, const InferContext& context, const Knowledge& known,
                     const EvaluateOptions& evaluate, int64_t total) {
  if (evaluate.environment == nullptr || !node.op->pure || !node.Subgraphs().empty()) return false;
  int64_t input_bytes = 0;
  for (ValueId input : node.inputs) {
    if (input == kNoValue) continue;
    if (!known[input].value) return false;
    input_bytes += known[input].value->bytes();
  }
  int64_t output_bytes = 0;
  for (const InferContext::Output& output : context.outputs()) {
    if (output.type.kind != Type::Kind::kTensor) return false;
    const std::optional<Shape> shape = output.type.StaticShape();
    // What depends on data (the count of nonzeros) is bounded by the input.
    if (!shape) continue;
    const auto bytes = CheckedBytes(output.type.element, *shape);
    if (!bytes.ok()) return false;
    const auto sum = CheckedAdd(output_bytes, *bytes);
    if (!sum) return false;
    output_bytes = *sum;
    if (output.type.element == DataType::kString && total > evaluate.max_total) return false;
  }
  if (output_bytes > kSmallBytes && output_bytes > evaluate.max_total - total) return false;
  return output_bytes <= evaluate.max_bytes ||
         (output_bytes / 2 <= input_bytes && input_bytes <= evaluate.max_bytes * 1024);
}

void EvaluateInto(const Node& node, const std::vector<Type>& types, const EvaluateOptions& evaluate,
                  Knowledge& known, int64_t& total) {
  std::vector<Value> held(node.inputs.size());
  std::vector<const Value*> inputs(node.inputs.size(), nullptr);
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue) continue;
    held[i] = *known[node.inputs[i]].value;
    inputs[i] = &held[i];
  }
  auto outputs = Evaluate(node, inputs, types, *evaluate.environment);
  // A node that fails stays in the graph: the run that reaches it reports the error.
  if (!outputs.ok()) return;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue || !(*outputs)[i].is_tensor()) continue;
    Tensor& tensor = (*outputs)[i].tensor();
    Known& output = known[node.outputs[i]];
    output.type = Type::Tensor(tensor.type(), tensor.shape());
    total += WholeBytes(tensor);
    output.value = std::move(tensor);
  }
}

/// `total` is what all known values take.
Status InferNode(const Node& node, const EvaluateOptions& evaluate, Knowledge& known,
                 int64_t& total) {
  std::vector<InferContext::Input> inputs(node.inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue) continue;
    const Known& input = known[node.inputs[i]];
    inputs[i] = {
        .type = input.type, .value = input.value ? &*input.value : nullptr, .ints = input.ints};
  }
  InferContext context(node, std::move(inputs), [&](const Graph& body, std::vector<Type> types) {
    return InferSubgraph(body, known, evaluate, std::move(types));
  });
  SX_RETURN_IF_ERROR(node.op->infer(context));
  std::vector<Type> types;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    InferContext::Output& output = context.outputs()[i];
    if (output.type.shape) {
      for (const Dim& dim : *output.type.shape) {
        if (dim.value < -1) return InvalidArgument("output ", i, " has a negative dimension");
      }
    }
    types.push_back(output.type);
    if (node.outputs[i] == kNoValue) continue;
    Known& place = known[node.outputs[i]];
    place.type = output.type;
    if (output.ints && output.ints->size() > kMostInts) output.ints.reset();
    place.ints = output.ints;
    // A list of integers without symbols is a value.
    if (output.ints && evaluate.environment != nullptr && output.type.element == DataType::kInt64 &&
        output.type.rank() >= 0 && output.type.rank() <= 1) {
      if (const std::optional<Shape> values = ToShape(*output.ints)) {
        Shape shape;
        if (output.type.rank() == 1) shape.push_back(values->rank());
        if (shape.Elements() == values->rank()) {
          place.value = Tensor::Of<int64_t>(shape, values->dims());
        }
      }
    }
  }
  if (WorthEvaluating(node, context, known, evaluate, total)) {
    EvaluateInto(node, types, evaluate, known, total);
  }
  return absl::OkStatus();
}

}  // namespace

Knowledge KnowConstants(const Graph& graph) {
  Knowledge known(graph.values.size());
  for (size_t i = 0; i < known.size(); ++i) {
    const std::optional<Tensor>& constant = graph.values[i].constant;
    if (!constant) continue;
    known[i].type = Type::Tensor(constant->type(), constant->shape());
    known[i].value = *constant;
  }
  return known;
}

int64_t ConstantBytes(const Graph& graph) {
  int64_t total = 0;
  for (const ValueInfo& value : graph.values) {
    if (value.constant) total += WholeBytes(*value.constant);
  }
  for (const Node& node : graph.nodes) {
    for (const Graph* subgraph : node.Subgraphs()) total += ConstantBytes(*subgraph);
  }
  return total;
}

Status InferGraph(const Graph& graph, const EvaluateOptions& evaluate, Knowledge& known) {
  int64_t total = 0;
  for (const Known& value : known) {
    if (value.value && evaluate.environment != nullptr) total += WholeBytes(*value.value);
  }
  for (const Node& node : graph.nodes) {
    if (node.removed) continue;
    SX_RETURN_IF_ERROR(
        Prepend(InferNode(node, evaluate, known, total), absl::StrCat(node.Describe(), ": ")));
  }
  return absl::OkStatus();
}

StatusOr<std::vector<Type>> InferFromValues(const Node& node, absl::Span<const Value* const> values,
                                            absl::Span<const Type> fallback) {
  std::vector<InferContext::Input> inputs(node.inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (values[i] == nullptr) continue;
    if (values[i]->is_tensor()) {
      const Tensor& tensor = values[i]->tensor();
      inputs[i] = {.type = Type::Tensor(tensor.type(), tensor.shape()), .value = &tensor};
    } else {
      inputs[i].type = fallback[i];
    }
  }
  InferContext context(node, std::move(inputs),
                       [](const Graph& body, std::vector<Type>) -> StatusOr<std::vector<Type>> {
                         // What a subgraph yields shows when it has run.
                         return std::vector<Type>(body.outputs.size());
                       });
  SX_RETURN_IF_ERROR(node.op->infer(context));
  std::vector<Type> types;
  for (InferContext::Output& output : context.outputs()) types.push_back(std::move(output.type));
  return types;
}

}  // namespace sardonyx
