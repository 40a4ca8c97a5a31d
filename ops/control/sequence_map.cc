#include "ops/control/common.h"

namespace sardonyx {
namespace {

struct SequenceMapAttrs : Attrs {
  std::shared_ptr<Graph> body;
};

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<SequenceMapAttrs>();
  context.Require("body");
  attrs->body = context.GraphValue("body");
  if (attrs->body != nullptr && (attrs->body->inputs.size() != context.node().inputs.size() ||
                                 attrs->body->outputs.size() != context.node().outputs.size())) {
    context.Fail("the body's inputs and outputs are not as many as the node's");
  }
  return std::shared_ptr<Attrs>(std::move(attrs));
}

Status Infer(InferContext& context) {
  std::vector<Type> inputs;
  for (int i = 0; i < context.input_count(); ++i) {
    const Type& type = context.input(i);
    inputs.push_back(type.kind == Type::Kind::kSequence ? Type::Tensor(type.inner->element) : type);
  }
  SX_ASSIGN_OR_RETURN(const std::vector<Type> types,
                      context.InferBody(*context.attrs<SequenceMapAttrs>().body, inputs));
  for (size_t i = 0; i < types.size(); ++i) {
    context.set_output(static_cast<int>(i), Type::Sequence(Type::Tensor(types[i].element)));
  }
  return absl::OkStatus();
}

Status Run(KernelContext& context) {
  const Graph& body = *context.attrs<SequenceMapAttrs>().body;
  if (!context.value(0).is_sequence()) return InvalidArgument("input 0 is no sequence");
  const size_t count = context.value(0).sequence().size();
  for (int i = 1; i < context.input_count(); ++i) {
    if (context.value(i).is_sequence() && context.value(i).sequence().size() != count) {
      return InvalidArgument("input ", i, " is a ", context.value(i).ToString(), ", input 0 a ",
                             context.value(0).ToString());
    }
  }
  std::vector<Value> inputs(context.input_count()), outputs;
  std::vector<Sequence> results(context.output_count());
  for (size_t at = 0; at < count; ++at) {
    SX_RETURN_IF_ERROR(context.Check());
    for (int i = 0; i < context.input_count(); ++i) {
      const Value& value = context.value(i);
      inputs[i] = value.is_sequence() ? value.sequence()[at] : value;
    }
    SX_RETURN_IF_ERROR(context.bodies().Run(body, inputs, &outputs));
    for (size_t i = 0; i < results.size(); ++i) {
      SX_ASSIGN_OR_RETURN(Value kept, Keep(outputs[i], context.environment().budget));
      results[i].push_back(std::move(kept));
    }
  }
  for (size_t i = 0; i < results.size(); ++i) {
    context.set_output(static_cast<int>(i), std::move(results[i]));
  }
  return absl::OkStatus();
}

}  // namespace

OpDef SequenceMapOp() {
  return {.name = "SequenceMap",
          .versions = {17},
          .min_inputs = 1,
          .max_inputs = kVariadic,
          .min_outputs = 1,
          .max_outputs = kVariadic,
          .parse = Parse,
          .infer = Infer,
          .kernels = {SimpleKernel<Run>("sequencemap.reference")}};
}

}  // namespace sardonyx
