// Session::Describe: what a plan decided, in words and numbers.
#include <algorithm>

#include "absl/algorithm/container.h"
#include "runtime/passes/layout.h"
#include "runtime/session/program.h"
#include "runtime/session/session.h"

namespace sardonyx {
namespace {

/// A value's type with its axes in ONNX's order, which is what users know.
Type InOnnxLayout(Type type, const ValueInfo& value) {
  if (value.channels_last && type.rank() > 2) {
    std::rotate(type.shape->begin() + 1, type.shape->end() - 1, type.shape->end());
  }
  return type;
}

/// What the subgraphs of a node read of the graph around them, each value once.
std::vector<ValueId> Captured(const Node& node) {
  std::vector<ValueId> captured;
  for (const Graph* subgraph : node.Subgraphs()) {
    for (const Capture& capture : subgraph->captures) {
      if (!absl::c_linear_search(captured, capture.outer)) captured.push_back(capture.outer);
    }
  }
  return captured;
}

LayerReport DescribeStep(const Step& step, const Plan& plan, const Graph& graph,
                         const RunEnvironment& environment) {
  const Node& node = *step.node;
  LayerReport report{
      .name = node.name, .op = node.op_type, .kernel = std::string(step.kernel_name())};
  report.candidates = step.candidates;
  report.refusals = step.refusals;
  if (step.kernel != nullptr) {
    report.backend = step.def->backend;
    report.scratch_bytes = step.kernel->scratch_bytes();
  }
  std::vector<const Tensor*> constants;
  for (ValueId id : node.inputs) {
    const Tensor* constant = graph.constant(id);
    constants.push_back(constant);
    // Integers of 64 bits are shapes, axes and indices, not what a model has learnt.
    if (constant != nullptr && constant->type() != DataType::kInt64) {
      report.parameters += constant->size();
    }
    report.input_names.emplace_back(id == kNoValue ? "" : NameInModel(graph.value(id)));
    report.inputs.push_back(id == kNoValue ? Type() : plan.known[id].type);
  }
  for (ValueId id : Captured(node))
    report.captured_names.emplace_back(NameInModel(graph.value(id)));
  for (ValueId id : node.outputs) {
    report.output_names.push_back(id == kNoValue ? "" : graph.value(id).name);
    report.outputs.push_back(id == kNoValue ? Type() : plan.known[id].type);
  }
  if (node.op->multiply_adds != nullptr) {
    PackCache cache;
    report.multiply_adds = node.op->multiply_adds(PrepareContext(
        node, report.inputs, constants, report.outputs, environment, Accuracy::kDefault, &cache));
  }
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue) continue;
    report.inputs[i] = InOnnxLayout(std::move(report.inputs[i]), graph.value(node.inputs[i]));
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    report.outputs[i] = InOnnxLayout(std::move(report.outputs[i]), graph.value(node.outputs[i]));
  }
  return report;
}

std::vector<BufferReport> DescribeBuffers(const Plan& plan, const Graph& graph) {
  const int end = static_cast<int>(plan.steps.size());
  std::vector<BufferReport> reports;
  for (const Buffer& buffer : plan.buffers) {
    reports.push_back({.values = {},
                       .offset = buffer.offset,
                       .bytes = buffer.bytes,
                       .first = buffer.first,
                       .last = std::min(buffer.last, end - 1)});
  }
  for (const Step& step : plan.steps) {
    for (const ValueId id : step.node->outputs) {
      if (id == kNoValue || plan.buffer_of[id] < 0) continue;
      reports[plan.buffer_of[id]].values.emplace_back(NameInModel(graph.value(id)));
    }
  }
  return reports;
}

}  // namespace

std::map<std::string, Shape> ShapesOf(const std::map<std::string, Value>& inputs) {
  std::map<std::string, Shape> shapes;
  for (const auto& [name, value] : inputs) {
    if (value.is_tensor()) shapes.emplace(name, value.tensor().shape());
  }
  return shapes;
}

StatusOr<PlanReport> Session::Describe(const std::map<std::string, Shape>& shapes) {
  const RunControl unlimited;
  const RunEnvironment environment{.pool = pool_.get(), .control = &unlimited, .budget = budget_};
  std::vector<Type> types;
  for (const Port& port : inputs()) {
    const auto found = shapes.find(port.name);
    types.push_back(found == shapes.end() ? port.type
                                          : Type::Tensor(port.type.element, found->second));
  }
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<const Plan> plan,
                      program_->MakePlanFor(types, environment));
  const Graph& graph = program_->graph();
  PlanReport report{.arena_bytes = plan->arena_bytes, .unshared_bytes = plan->unshared_bytes};
  for (const ValueInfo& value : graph.values) {
    if (value.constant) report.constant_bytes += value.constant->bytes();
  }
  std::vector<int> producers(graph.values.size(), -1);
  for (const Step& step : plan->steps) {
    LayerReport layer = DescribeStep(step, *plan, graph, environment);
    for (const ValueId id : step.node->inputs) {
      layer.producers.push_back(id == kNoValue ? -1 : producers[id]);
    }
    for (const ValueId id : Captured(*step.node)) layer.producers.push_back(producers[id]);
    for (const ValueId id : step.node->outputs) {
      if (id != kNoValue) producers[id] = static_cast<int>(report.layers.size());
    }
    report.layers.push_back(std::move(layer));
  }
  for (const ValueId id : graph.outputs) report.output_producers.push_back(producers[id]);
  report.buffers = DescribeBuffers(*plan, graph);
  return report;
}

}  // namespace sardonyx
