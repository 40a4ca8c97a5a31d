#include "ops/common/gradients.h"

namespace sardonyx {
namespace {

ValueId List(NodeBuilder& builder, std::initializer_list<int64_t> values) {
  return builder.Constant(Tensor::Of<int64_t>({static_cast<int64_t>(values.size())}, values));
}

ValueId Reshape(NodeBuilder& builder, ValueId x, ValueId shape) {
  return builder.Add("Reshape", {x, shape}, {{"allowzero", {int64_t{1}}}});
}

ValueId Flat(NodeBuilder& builder, ValueId x) {
  return builder.Add("Reshape", {x, List(builder, {-1})});
}

}  // namespace

ValueId ScalarLike(NodeBuilder& builder, float value, ValueId like) {
  return builder.Add("CastLike", {builder.Constant(Tensor::Scalar(value)), like});
}

ValueId FullLike(NodeBuilder& builder, float value, ValueId like) {
  const ValueId full = builder.Add("ConstantOfShape", {builder.Add("Shape", {like})},
                                   {{"value", {Tensor::Of<float>({1}, {value})}}});
  return builder.Add("CastLike", {full, like});
}

ValueId ReshapeLike(NodeBuilder& builder, ValueId x, ValueId like) {
  return Reshape(builder, x, builder.Add("Shape", {like}));
}

ValueId SumToLike(NodeBuilder& builder, ValueId x, ValueId like) {
  // The shape of `like` with ones before it, up to the rank of x; where it has a one, x is summed.
  const ValueId target = builder.Add("Shape", {like});
  const ValueId rank = builder.Add("Shape", {builder.Add("Shape", {x})});
  const ValueId missing = builder.Add("Sub", {rank, builder.Add("Shape", {target})});
  const ValueId ones =
      builder.Add("ConstantOfShape", {missing}, {{"value", {Tensor::Of<int64_t>({1}, {1})}}});
  const ValueId aligned = builder.Add("Concat", {ones, target}, {{"axis", {int64_t{0}}}});
  const ValueId stretched = builder.Add("Equal", {aligned, List(builder, {1})});
  const ValueId axes = Flat(builder, builder.Add("NonZero", {stretched}));
  const ValueId sum = builder.Add("ReduceSum", {x, axes}, {{"noop_with_empty_axes", {int64_t{1}}}});
  return Reshape(builder, sum, target);
}

Status ViewGradient(GradientContext& context) {
  context.set_input_gradient(0, ReshapeLike(context, context.output_gradient(), context.input(0)));
  return absl::OkStatus();
}

Status MovedGradient(GradientContext& context) {
  // The operator moves the elements' numbers too, which say where each gradient belongs.
  const ValueId x = context.input(0);
  const ValueId zeros = Flat(context, FullLike(context, 0, x));
  const ValueId count = context.Add("Size", {x});
  const auto number = [&](int64_t value) { return context.Constant(Tensor::Scalar(value)); };
  const ValueId numbers = context.Add("Range", {number(0), count, number(1)});
  std::vector<ValueId> inputs = context.node().inputs;
  inputs[0] = ReshapeLike(context, numbers, x);
  const ValueId places = Flat(context, context.Repeat(inputs));
  const ValueId sums =
      context.Add("ScatterElements", {zeros, places, Flat(context, context.output_gradient())},
                  {{"reduction", {std::string("add")}}});
  context.set_input_gradient(0, ReshapeLike(context, sums, x));
  return absl::OkStatus();
}

Status ZeroGradient(GradientContext&) { return absl::OkStatus(); }

}  // namespace sardonyx
