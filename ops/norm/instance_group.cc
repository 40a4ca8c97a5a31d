// InstanceNormalization and GroupNormalization: zero mean and unit variance over each image's
// channel, or group of channels; then a scale and shift per channel.
#include <cmath>

#include "ops/common/float_inputs.h"
#include "ops/norm/norm.h"

namespace sardonyx {
namespace {

struct GroupNormAttrs : Attrs {
  double epsilon = 1e-5;
  int64_t groups = 0;             // 0: as many as channels
  bool scale_per_channel = true;  // otherwise per group
};

StatusOr<std::shared_ptr<Attrs>> ParseInstance(ParseContext& context) {
  auto attrs = std::make_shared<GroupNormAttrs>();
  attrs->epsilon = static_cast<double>(context.Float("epsilon", 1e-5f));
  if (context.version() < 6) context.Ignore("consumed_inputs");
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseGroup(ParseContext& context) {
  auto attrs = std::make_shared<GroupNormAttrs>();
  attrs->epsilon = static_cast<double>(context.Float("epsilon", 1e-5f));
  context.Require("num_groups");
  attrs->groups = context.Int("num_groups", 1);
  if (attrs->groups < 1) {
    context.Fail(absl::StrCat("attribute 'num_groups' is ", attrs->groups, ", not at least 1"));
  }
  attrs->scale_per_channel = context.version() >= 21;
  // Everything is computed in double, the most that stash_type could ask for.
  if (context.version() >= 21) context.Ignore("stash_type");
  return attrs;
}

Status Infer(InferContext& context) {
  const auto& attrs = context.attrs<GroupNormAttrs>();
  SX_RETURN_IF_ERROR(CheckSameFloatInputs(context, 0, 3).status());
  if (const SymbolicShape* x = context.shape(0)) {
    if (x->size() < 2)
      return InvalidArgument("input X has shape ", ToString(*x), ", not rank 2 or more");
    const Dim channels = (*x)[1];
    if (attrs.groups > 0 && channels.known() && channels.value % attrs.groups != 0) {
      return InvalidArgument("input X has ", channels.value,
                             " channels, no multiple of num_groups=", attrs.groups);
    }
    const Dim scales = attrs.scale_per_channel ? channels : Dim(attrs.groups);
    SX_RETURN_IF_ERROR(CheckVector(context, 1, scales, "scale"));
    SX_RETURN_IF_ERROR(CheckVector(context, 2, scales, "bias"));
  }
  return InferSameAsInput(context);
}

template <typename T>
Status Run(KernelContext& context) {
  const auto& attrs = context.attrs<GroupNormAttrs>();
  const Tensor& input = context.input(0);
  const int64_t channels = input.dim(1);
  const int64_t groups = attrs.groups > 0 ? attrs.groups : channels;
  const int64_t plane = input.shape().Elements(2, input.rank());
  const int64_t scales = attrs.scale_per_channel ? channels : groups;
  if (groups == 0) return absl::OkStatus();
  const int64_t per_group = channels / groups;
  if (channels % groups != 0 || context.input(1).size() != scales ||
      context.input(2).size() != scales) {
    return InvalidArgument("X has ", channels, " channels in ", groups, " groups, but scale has ",
                           context.input(1).size(), " elements and bias ", context.input(2).size());
  }
  const T* scale = context.input(1).data<T>();
  const T* bias = context.input(2).data<T>();
  const T* x = input.data<T>();
  T* y = context.output(0).data<T>();
  return context.ParallelFor(
      input.dim(0) * groups, 5.0 * static_cast<double>(per_group * plane),
      [&](int64_t begin, int64_t end) {
        for (int64_t g = begin; g < end; ++g) {
          const int64_t start = g * per_group * plane;
          const Moments moments = MomentsOf(x + start, per_group * plane);
          const double factor = 1 / std::sqrt(moments.variance + attrs.epsilon);
          for (int64_t c = 0; c < per_group; ++c) {
            const int64_t channel = g % groups * per_group + c;
            const int64_t s = attrs.scale_per_channel ? channel : g % groups;
            const double a = static_cast<double>(scale[s]) * factor;
            const double b = static_cast<double>(bias[s]);
            for (int64_t i = start + c * plane; i < start + (c + 1) * plane; ++i) {
              y[i] = static_cast<T>((static_cast<double>(x[i]) - moments.mean) * a + b);
            }
          }
        }
      });
}

Status RunAnyType(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() { return Run<T>(context); });
}

OpDef Op(absl::string_view name, std::vector<int> versions) {
  return {.domain = "",
          .name = name,
          .versions = std::move(versions),
          .min_inputs = 3,
          .max_inputs = 3,
          .infer = Infer};
}

}  // namespace

OpDef InstanceNormalizationOp() {
  OpDef op = Op("InstanceNormalization", {1, 6, 22});
  op.parse = ParseInstance;
  op.kernels = {SimpleKernel<RunAnyType>("instancenorm.reference")};
  return op;
}

OpDef GroupNormalizationOp() {
  OpDef op = Op("GroupNormalization", {18, 21});
  op.parse = ParseGroup;
  op.kernels = {SimpleKernel<RunAnyType>("groupnorm.reference")};
  return op;
}

}  // namespace sardonyx
