// Integer matrix products: attributes, types and the list of operators.
#include <algorithm>

#include "ops/common/contrib.h"
#include "ops/common/infer.h"
#include "ops/common/require_input.h"
#include "ops/quant/families.h"
#include "ops/quant/integer_matmul.h"

namespace sardonyx {
namespace {

template <IntegerSlots slots>
StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext&) {
  auto attrs = std::make_shared<IntegerMatMulAttrs>();
  attrs->slots = slots;
  return attrs;
}

constexpr IntegerSlots kMatMulSlots = [] {
  IntegerSlots slots = kQLinearSlots;
  slots.bias = -1;
  return slots;
}();

StatusOr<std::shared_ptr<Attrs>> ParseQGemm(ParseContext& context) {
  auto attrs = std::make_shared<IntegerMatMulAttrs>();
  attrs->slots = kQLinearSlots;
  attrs->slots.bias = 6;
  attrs->slots.y_scale = 7;
  attrs->slots.y_zero = 8;
  attrs->product.a.transposed = context.Flag("transA", false);
  attrs->product.b.transposed = context.Flag("transB", false);
  attrs->alpha = context.Float("alpha", 1);
  const std::vector<ValueId>& inputs = context.node().inputs;
  const auto given = [&](size_t i) { return i < inputs.size() && inputs[i] != kNoValue; };
  if (given(7) != given(8)) context.Fail("y_scale and y_zero_point must be given together");
  if (!given(7)) attrs->slots.y_scale = attrs->slots.y_zero = -1;
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseToFloat(ParseContext&) {
  auto attrs = std::make_shared<IntegerMatMulAttrs>();
  attrs->slots = {.x = 0, .x_scale = 2, .x_zero = 4, .w = 1, .w_scale = 3, .w_zero = 5};
  attrs->float_bias = 6;
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseDynamic(ParseContext&) {
  auto attrs = std::make_shared<IntegerMatMulAttrs>();
  attrs->slots = {.x = 0, .x_zero = -1, .w = 1, .w_scale = 2, .w_zero = 3};
  attrs->float_bias = 4;
  attrs->dynamic = true;
  return attrs;
}

/// Scales and zero points: one, or one for each row of A or column of B.
Status CheckParameterCounts(const InferContext& context, const IntegerSlots& slots, const Shape& a,
                            const Shape& b, const MatMulShape& shape) {
  const int64_t k = std::max<int64_t>(shape.k, 1);
  const Dim rows(a.Elements() / k), columns(b.Elements() / k);
  SX_RETURN_IF_ERROR(CheckCount(context, slots.x_zero, "a_zero_point", {shape.m, rows}));
  SX_RETURN_IF_ERROR(CheckCount(context, slots.x_scale, "a_scale", {shape.m, rows}));
  SX_RETURN_IF_ERROR(CheckCount(context, slots.w_zero, "b_zero_point", {shape.n, columns}));
  SX_RETURN_IF_ERROR(CheckCount(context, slots.w_scale, "b_scale", {shape.n, columns}));
  SX_RETURN_IF_ERROR(CheckCount(context, slots.y_zero, "y_zero_point", {}));
  return CheckCount(context, slots.y_scale, "y_scale", {});
}

/// C must broadcast to the result, a matrix; the bias have one number for each of its columns.
Status CheckAdded(const InferContext& context, const IntegerMatMulAttrs& attrs,
                  const SymbolicShape& result) {
  if (const int i = attrs.slots.bias; i >= 0 && context.has_input(i)) {
    SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int32_t>{}, {i}).status());
    SX_RETURN_IF_ERROR(CheckGemmBias(context.shape(i), result));
  }
  if (const int i = attrs.float_bias; i >= 0 && context.has_input(i)) {
    SX_RETURN_IF_ERROR(
        CommonElement(context, TypeList<float, Half>{}, {attrs.slots.w_scale, i}).status());
    SX_RETURN_IF_ERROR(CheckRank(context, i, 1, "bias"));
    if (const SymbolicShape* bias = context.shape(i); bias != nullptr && !result.empty()) {
      SX_RETURN_IF_ERROR(MergeDims(result.back(), (*bias)[0],
                                   "the columns of the product, and of "
                                   "the bias")
                             .status());
    }
  }
  return absl::OkStatus();
}

Status InferIntegerMatMul(InferContext& context) {
  const auto& attrs = context.attrs<IntegerMatMulAttrs>();
  const IntegerSlots& slots = attrs.slots;
  SX_ASSIGN_OR_RETURN(const DataType type, CheckIntegerTypes(context, slots));
  const SymbolicShape *a = context.shape(slots.x), *b = context.shape(slots.w);
  std::optional<SymbolicShape> shape;
  if (a != nullptr && b != nullptr) {
    if (slots.bias >= 0 && (a->size() != 2 || b->size() != 2)) {
      return InvalidArgument("A and B must be matrices, but have shapes ", ToString(*a), " and ",
                             ToString(*b));
    }
    SX_ASSIGN_OR_RETURN(shape, MatMulResult(attrs.product.a.Seen(*a, static_cast<int>(a->size())),
                                            attrs.product.b.Seen(*b, static_cast<int>(b->size()))));
    SX_RETURN_IF_ERROR(CheckAdded(context, attrs, *shape));
    const auto static_a = ToShape(*a), static_b = ToShape(*b);
    if (static_a && static_b) {
      SX_ASSIGN_OR_RETURN(const MatMulShape sizes,
                          MakeMatMulShape(*static_a, *static_b, attrs.product));
      SX_RETURN_IF_ERROR(CheckParameterCounts(context, slots, *static_a, *static_b, sizes));
    }
  }
  context.set_output(0, type, std::move(shape));
  return absl::OkStatus();
}

double IntegerMultiplyAdds(const PrepareContext& context) {
  const IntegerSlots& slots = context.attrs<IntegerMatMulAttrs>().slots;
  const auto a = context.shape(slots.x), b = context.shape(slots.w);
  if (!a || !b) return 0;
  const auto shape = MakeMatMulShape(*a, *b, context.attrs<IntegerMatMulAttrs>().product);
  if (!shape.ok()) return 0;
  return static_cast<double>(shape->batches * shape->m) * static_cast<double>(shape->n) *
         static_cast<double>(shape->k);
}

OpDef IntegerMatMulOp(StatusOr<std::shared_ptr<Attrs>> (*parse)(ParseContext&), int min_inputs,
                      int max_inputs) {
  return {.min_inputs = min_inputs,
          .max_inputs = max_inputs,
          .parse = parse,
          .infer = InferIntegerMatMul,
          .kernels = {IntegerMatMulDot(), SimpleKernel<RunIntegerMatMul>("matmul.integer")},
          .multiply_adds = IntegerMultiplyAdds};
}

}  // namespace

std::vector<OpDef> IntegerMatMulOps() {
  OpDef integer = IntegerMatMulOp(Parse<kIntegerSlots>, 2, 4);
  integer.name = "MatMulInteger";
  integer.versions = {10};
  OpDef qlinear = IntegerMatMulOp(Parse<kMatMulSlots>, 8, 8);
  qlinear.name = "QLinearMatMul";
  qlinear.versions = {10, 21};
  return {integer, qlinear, AsContrib(IntegerMatMulOp(ParseQGemm, 6, 9), "QGemm"),
          AsContrib(IntegerMatMulOp(ParseToFloat, 4, 7), "MatMulIntegerToFloat"),
          AsContrib(IntegerMatMulOp(ParseDynamic, 3, 5), "DynamicQuantizeMatMul")};
}

}  // namespace sardonyx
