// Optional values. One that holds something is that something; an empty one is none.
#include "ops/control/common.h"

namespace sardonyx {
namespace {

struct OptionalAttrs : Attrs {
  std::optional<Type> type;
};

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<OptionalAttrs>();
  attrs->type = context.TypeValue("type");
  if (context.node().inputs.empty() && !attrs->type) {
    context.Fail("without an input, attribute 'type' is required");
  }
  return std::shared_ptr<Attrs>(std::move(attrs));
}

Status Infer(InferContext& context) {
  const auto& attrs = context.attrs<OptionalAttrs>();
  context.set_output(
      0, Type::Optional(context.has_input(0) ? context.input(0) : attrs.type.value_or(Type())));
  return absl::OkStatus();
}

Status Run(KernelContext& context) {
  context.set_output(0, context.value(0));
  return absl::OkStatus();
}

Status InferGetElement(InferContext& context) {
  const Type& type = context.input(0);
  context.set_output(0, type.kind == Type::Kind::kOptional ? *type.inner : type);
  return absl::OkStatus();
}

Status RunGetElement(KernelContext& context) {
  if (context.value(0).is_none()) return InvalidArgument("the optional is empty");
  context.set_output(0, context.value(0));
  return absl::OkStatus();
}

Status InferHasElement(InferContext& context) {
  context.set_output(0, Type::Tensor(DataType::kBool, Shape{}));
  return absl::OkStatus();
}

Status RunHasElement(KernelContext& context) {
  context.output(0).data<bool>()[0] = !context.value(0).is_none();
  return absl::OkStatus();
}

}  // namespace

std::vector<OpDef> OptionalOps() {
  return {
      {.name = "Optional",
       .versions = {15, 28},
       .min_inputs = 0,
       .max_inputs = 1,
       .parse = Parse,
       .infer = Infer,
       .kernels = {SimpleKernel<Run>("optional.reference")}},
      {.name = "OptionalGetElement",
       .versions = {15, 18, 28},
       .min_inputs = 1,
       .max_inputs = 1,
       .infer = InferGetElement,
       .kernels = {SimpleKernel<RunGetElement>("optionalgetelement.reference")}},
      {.name = "OptionalHasElement",
       .versions = {15, 18, 28},
       .min_inputs = 0,
       .max_inputs = 1,
       .infer = InferHasElement,
       .kernels = {SimpleKernel<RunHasElement>("optionalhaselement.reference")}},
  };
}

}  // namespace sardonyx
