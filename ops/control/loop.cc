#include <limits>

#include "ops/control/common.h"

namespace sardonyx {
namespace {

struct LoopAttrs : Attrs {
  std::shared_ptr<Graph> body;
  std::vector<Type> declared;  // of the body's outputs
};

/// Inputs after the trip count and the condition, both of which may be left out.
int Carried(int inputs) { return inputs < 2 ? 0 : inputs - 2; }

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<LoopAttrs>();
  context.Require("body");
  attrs->body = context.GraphValue("body");
  if (attrs->body == nullptr) return std::shared_ptr<Attrs>(std::move(attrs));
  attrs->declared = DeclaredOutputs(*attrs->body);
  const size_t carried = Carried(static_cast<int>(context.node().inputs.size()));
  if (attrs->body->inputs.size() != carried + 2) {
    context.Fail(absl::StrCat("the body takes ", attrs->body->inputs.size(),
                              " inputs, expected iteration, condition and ", carried,
                              " carried values"));
  }
  if (attrs->body->outputs.size() != context.node().outputs.size() + 1 ||
      attrs->body->outputs.size() < carried + 1) {
    context.Fail(absl::StrCat("the body yields ", attrs->body->outputs.size(),
                              " values, expected a condition and as many as the node's ",
                              context.node().outputs.size(), " outputs"));
  }
  return std::shared_ptr<Attrs>(std::move(attrs));
}

Status Infer(InferContext& context) {
  const Graph& body = *context.attrs<LoopAttrs>().body;
  const int carried = Carried(context.input_count());
  std::vector<Type> state;
  for (int i = 0; i < carried; ++i) state.push_back(context.input(i + 2));
  const auto infer = [&]() -> StatusOr<std::vector<Type>> {
    std::vector<Type> inputs = {Type::Tensor(DataType::kInt64, Shape{}),
                                Type::Tensor(DataType::kBool, Shape{})};
    inputs.insert(inputs.end(), state.begin(), state.end());
    return context.InferBody(body, std::move(inputs));
  };
  // A carried value keeps its type as far as one more iteration confirms it. What one iteration
  // loosens may loosen another in the next.
  std::vector<Type> outputs;
  for (int round = 0;; ++round) {
    SX_ASSIGN_OR_RETURN(outputs, infer());
    bool stable = true;
    for (int i = 0; i < carried; ++i) {
      Type merged = MergeTypes(state[i], outputs[i + 1]);
      if (round > carried) merged.shape.reset();
      stable = stable && merged.ToString() == state[i].ToString();
      state[i] = std::move(merged);
    }
    if (stable || round > carried + 1) break;
  }
  for (int i = 0; i < context.output_count(); ++i) {
    if (i < carried) {
      context.set_output(i, state[i]);
      continue;
    }
    Type type = outputs[i + 1];
    if (type.is_tensor() && type.shape) type.shape->insert(type.shape->begin(), Dim());
    context.set_output(i, std::move(type));
  }
  return absl::OkStatus();
}

Status Run(KernelContext& context) {
  const auto& attrs = context.attrs<LoopAttrs>();
  const Graph& body = *attrs.body;
  const auto& budget = context.environment().budget;
  const int carried = Carried(context.input_count());
  int64_t trips = std::numeric_limits<int64_t>::max();
  if (context.has_input(0) && !context.value(0).is_none()) {
    const Tensor& count = context.input(0);
    if (count.type() != DataType::kInt64 || count.size() != 1) {
      return InvalidArgument("M is ", count.ToString(), ", expected one int64");
    }
    trips = count.data<int64_t>()[0];
  }
  bool condition = true;
  if (context.has_input(1) && !context.value(1).is_none()) {
    SX_ASSIGN_OR_RETURN(condition, ReadCondition(context.input(1), "cond"));
  }
  std::vector<Value> inputs(carried + 2);
  for (int i = 0; i < carried; ++i) inputs[i + 2] = context.value(i + 2);
  std::vector<Stack> scans(context.output_count() - carried);
  std::vector<Value> outputs;
  for (int64_t trip = 0; trip < trips && condition; ++trip) {
    SX_RETURN_IF_ERROR(context.Check());
    inputs[0] = Tensor::Scalar<int64_t>(trip);
    inputs[1] = Tensor::Scalar<bool>(true);
    SX_RETURN_IF_ERROR(context.bodies().Run(body, inputs, &outputs));
    if (!outputs[0].is_tensor()) return InvalidArgument("the body's condition is no tensor");
    SX_ASSIGN_OR_RETURN(condition, ReadCondition(outputs[0].tensor(), "the body's condition"));
    for (size_t i = 0; i < scans.size(); ++i) {
      SX_RETURN_IF_ERROR(scans[i].Add(outputs[carried + 1 + i], budget));
    }
    for (int i = 0; i < carried; ++i) {
      SX_ASSIGN_OR_RETURN(inputs[i + 2], Keep(outputs[i + 1], budget));
    }
  }
  for (int i = 0; i < carried; ++i) context.set_output(i, std::move(inputs[i + 2]));
  for (size_t i = 0; i < scans.size(); ++i) {
    const int output = carried + static_cast<int>(i);
    const Type expected = ExpectedOutput(body, output + 1, attrs.declared);
    SX_ASSIGN_OR_RETURN(Tensor stacked, scans[i].Join(0, false, expected, budget));
    context.set_output(output, std::move(stacked));
  }
  return absl::OkStatus();
}

}  // namespace

OpDef LoopOp() {
  return {.name = "Loop",
          .versions = {1, 11, 13, 16, 19, 21, 23, 24, 25},
          .max_inputs = kVariadic,
          .min_outputs = 0,
          .max_outputs = kVariadic,
          .parse = Parse,
          .infer = Infer,
          .kernels = {SimpleKernel<Run>("loop.reference")}};
}

}  // namespace sardonyx
