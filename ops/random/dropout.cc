// Dropout: the identity, but since opset 12 random where a model asks to be trained.
#include <random>

#include "ops/common/element_check.h"
#include "ops/common/float8.h"
#include "ops/common/pass_through.h"
#include "ops/random/families.h"
#include "ops/random/philox.h"

namespace sardonyx {
namespace {

using DropoutTypes = decltype(Floats{} + Float8s{});

struct DropoutAttrs : Attrs {
  std::optional<int64_t> seed;
};

/// Before opset 12 a model could not say when it runs whether it is being trained; here it never
/// is, whatever is_test says.
StatusOr<std::shared_ptr<Attrs>> ParseDropout(ParseContext& context) {
  auto attrs = std::make_shared<DropoutAttrs>();
  if (context.version() < 6) context.Ignore("consumed_inputs");
  if (context.version() < 7) context.Ignore("is_test");
  if (context.version() < 12) {
    const float ratio = context.Float("ratio", 0.5f);
    if (!(ratio >= 0 && ratio <= 1)) {
      context.Fail(absl::StrCat("attribute 'ratio' is ", ratio, ", not within [0, 1]"));
    }
  } else if (context.Has("seed")) {
    attrs->seed = context.Int("seed", 0);
  }
  return attrs;
}

Status InferDropout(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
  SX_RETURN_IF_ERROR(CheckElement(context.element(0), DropoutTypes{}, "data"));
  if (context.version() < 12 && context.input_count() > 1) {
    return InvalidArgument("takes one input before opset 12, but has ", context.input_count());
  }
  for (int i = 1; i < context.input_count(); ++i) {
    const auto shape = context.input(i).StaticShape();
    if (shape && shape->Elements() != 1) {
      return InvalidArgument(i == 1 ? "ratio" : "training_mode", " has shape ", shape->ToString(),
                             "; it must be a scalar");
    }
  }
  SX_RETURN_IF_ERROR(CheckElement(context.element(1), DropoutTypes{}, "ratio"));
  SX_RETURN_IF_ERROR(CheckElement(context.element(2), TypeList<bool>{}, "training_mode"));
  context.set_output(0, context.element(0), context.input(0).shape);
  const DataType mask = context.version() < 10 ? context.element(0) : DataType::kBool;
  context.set_output(1, mask, context.input(0).shape);
  return absl::OkStatus();
}

/// Marks every element as kept.
Status FillMask(KernelContext& context) {
  Tensor& mask = context.output(1);
  using Types = decltype(Floats{} + TypeList<bool>{});
  return Dispatch(mask.type(), Types{}, [&]<typename T>() -> Status {
    for (T& kept : mask.span<T>()) kept = T(true);
    return absl::OkStatus();
  });
}

StatusOr<double> Ratio(const KernelContext& context) {
  if (!context.has_input(1)) return 0.5;
  SX_ASSIGN_OR_RETURN(const std::vector<double> values, ToDoubles(context.input(1)));
  if (values.size() != 1 || !(values[0] >= 0 && values[0] < 1)) {
    return InvalidArgument("ratio must be one number within [0, 1)");
  }
  return values[0];
}

/// Draws as NumPy's RandomState(seed).uniform does, with which the official cases were made: two
/// outputs of the Mersenne Twister (Matsumoto and Nishimura, 1998) give 53 bits.
class LegacyUniform {
 public:
  explicit LegacyUniform(uint32_t seed) : twister_(seed) {}
  double Next() {
    const uint64_t high = twister_() >> 5, low = twister_() >> 6;
    return static_cast<double>((high << 26) | low) * 0x1p-53;
  }

 private:
  std::mt19937 twister_;
};

Status RunDropout(KernelContext& context) {
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0);
  const Tensor& training = context.input(2);
  double ratio = 0;
  if (context.version() >= 12 && training.size() == 1 && training.type() == DataType::kBool &&
      *training.data<bool>()) {
    SX_ASSIGN_OR_RETURN(ratio, Ratio(context));
  }
  if (ratio == 0) {
    if (context.has_output(0)) y.CopyFrom(x);
    return context.has_output(1) ? FillMask(context) : absl::OkStatus();
  }
  const auto& attrs = context.attrs<DropoutAttrs>();
  auto seed = static_cast<uint32_t>(attrs.seed.value_or(0));
  if (!attrs.seed) {
    seed = Philox(context.environment().seed).At(static_cast<uint64_t>(context.node().index))[0];
  }
  LegacyUniform uniform(seed);
  bool* mask = context.has_output(1) ? context.output(1).data<bool>() : nullptr;
  const double scale = 1.0 / (1.0 - ratio);
  return Dispatch(x.type(), DropoutTypes{}, [&]<typename T>() -> Status {
    using C = ComputeType<T>;
    const T* in = x.data<T>();
    for (int64_t i = 0; i < x.size(); ++i) {
      if (i % 65536 == 0) SX_RETURN_IF_ERROR(context.Check());
      const bool kept = uniform.Next() >= ratio;
      if (context.has_output(0)) {
        y.data<T>()[i] = kept ? static_cast<T>(static_cast<C>(in[i]) * static_cast<C>(scale)) : T();
      }
      if (mask != nullptr) mask[i] = kept;
    }
    return absl::OkStatus();
  });
}

/// A Dropout that is known not to train hands its input on.
StatusOr<bool> RemoveInference(Graph& graph, int index, const std::vector<int>&,
                               const std::vector<int>& uses) {
  Node& node = graph.nodes[index];
  if (node.outputs.empty() || node.outputs[0] == kNoValue) return false;
  if (node.outputs.size() > 1 && node.outputs[1] != kNoValue && uses[node.outputs[1]] > 0) {
    return false;
  }
  if (node.inputs.size() > 2 && node.inputs[2] != kNoValue) {
    const Tensor* training = graph.constant(node.inputs[2]);
    if (training == nullptr || training->type() != DataType::kBool || training->size() != 1 ||
        *training->data<bool>()) {
      return false;
    }
  }
  return PassThrough(graph, node);
}

}  // namespace

OpDef DropoutOp() {
  return {.name = "Dropout",
          .versions = {1, 6, 7, 10, 12, 13, 22},
          .min_inputs = 1,
          .max_inputs = 3,
          .min_outputs = 1,
          .max_outputs = 2,
          .parse = ParseDropout,
          .infer = InferDropout,
          .kernels = {SimpleKernel<RunDropout>("dropout.loop")},
          .rewrites = {{.name = "dropout", .apply = RemoveInference}},
          .in_place = {0},
          .pure = false};
}

}  // namespace sardonyx
