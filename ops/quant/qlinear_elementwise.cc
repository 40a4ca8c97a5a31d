// QLinearAdd, QLinearMul, QLinearSigmoid and QLinearLeakyRelu.
#include <cmath>

#include "ops/common/broadcast.h"
#include "ops/common/contrib.h"
#include "ops/common/require_input.h"
#include "ops/quant/qlinear.h"

namespace sardonyx {
namespace {

// ---- QLinearAdd, QLinearMul ---------------------------------------------------------------

StatusOr<std::shared_ptr<Attrs>> ParsePair(ParseContext& context) {
  RequireInput(context, 3, "B");
  RequireInput(context, 4, "B_scale");
  RequireInput(context, 6, "C_scale");
  return std::make_shared<Attrs>();
}

Status InferPair(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckBytes(context, {0, 3}, {1, 4, 6}, {2, 5, 7}));
  SX_ASSIGN_OR_RETURN(auto shape, BroadcastSymbolic(context.shape(0), context.shape(3)));
  const DataType type =
      context.element(0) != DataType::kUndefined ? context.element(0) : context.element(3);
  context.set_output(0, type, std::move(shape));
  return absl::OkStatus();
}

template <bool multiply>
Status RunPair(KernelContext& context) {
  const Tensor &a = context.input(0), &b = context.input(3);
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(const Linear of_a, LinearOf(context, 1, 2, a.type()));
  SX_ASSIGN_OR_RETURN(const Linear of_b, LinearOf(context, 4, 5, b.type()));
  SX_ASSIGN_OR_RETURN(const Linear of_y, LinearOf(context, 6, 7, y.type()));
  const Shape* shapes[] = {&a.shape(), &b.shape()};
  SX_ASSIGN_OR_RETURN(const BroadcastPlan plan, PlanBroadcast(y.shape(), shapes));
  return ForEachRow(context, plan, 3, [&](const int64_t* at, int64_t out, int64_t n) {
    const uint8_t* left = a.data<uint8_t>() + at[0];
    const uint8_t* right = b.data<uint8_t>() + at[1];
    uint8_t* to = y.data<uint8_t>() + out;
    for (int64_t i = 0; i < n; ++i) {
      const float p = of_a.Real(left[i * plan.steps[0][0]]);
      const float q = of_b.Real(right[i * plan.steps[1][0]]);
      to[i] = of_y.Byte(multiply ? p * q : p + q);
    }
  });
}

// ---- QLinearSigmoid, QLinearLeakyRelu -----------------------------------------------------

struct QuantUnaryAttrs : Attrs {
  bool leaky = false;
  float alpha = 0.01f;
};

StatusOr<std::shared_ptr<Attrs>> ParseUnary(ParseContext& context) {
  RequireInput(context, 3, "Y_scale");
  auto attrs = std::make_shared<QuantUnaryAttrs>();
  attrs->leaky = context.node().op_type == "QLinearLeakyRelu";
  if (attrs->leaky) attrs->alpha = context.Float("alpha", 0.01f);
  return attrs;
}

Status InferUnaryBytes(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckBytes(context, {0}, {1, 3}, {2, 4}));
  context.set_output(0, context.element(0), context.input(0).shape);
  return absl::OkStatus();
}

Status RunUnaryBytes(KernelContext& context) {
  const auto& attrs = context.attrs<QuantUnaryAttrs>();
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(const Linear of_x, LinearOf(context, 1, 2, x.type()));
  SX_ASSIGN_OR_RETURN(const Linear of_y, LinearOf(context, 3, 4, y.type()));
  const auto table = ByteTable(of_x, of_y, [&attrs](float x) {
    if (!attrs.leaky) return 1.0f / (1.0f + std::exp(-x));
    return x < 0 ? attrs.alpha * x : x;
  });
  return context.ParallelFor(x.size(), 0.7, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y.data<uint8_t>()[i] = table[x.data<uint8_t>()[i]];
  });
}

OpDef PairOp(KernelDef kernel) {
  return {.min_inputs = 2,
          .max_inputs = 8,
          .parse = ParsePair,
          .infer = InferPair,
          .kernels = {kernel}};
}

OpDef UnaryOp() {
  return {.min_inputs = 2,
          .max_inputs = 5,
          .parse = ParseUnary,
          .infer = InferUnaryBytes,
          .kernels = {SimpleKernel<RunUnaryBytes>("quantized.loop")}};
}

}  // namespace

std::vector<OpDef> QLinearElementwiseOps() {
  return {AsContrib(PairOp(SimpleKernel<RunPair<false>>("quantized.loop")), "QLinearAdd"),
          AsContrib(PairOp(SimpleKernel<RunPair<true>>("quantized.loop")), "QLinearMul"),
          AsContrib(UnaryOp(), "QLinearSigmoid"), AsContrib(UnaryOp(), "QLinearLeakyRelu")};
}

}  // namespace sardonyx
