// QLinearConcat: inputs are the scale and zero point of the output, then a tensor, its scale and
// its zero point for each part.
#include "ops/common/axis_split.h"
#include "ops/common/contrib.h"
#include "ops/common/int_inputs.h"
#include "ops/quant/qlinear.h"
#include "ops/shape/concat.h"

namespace sardonyx {
namespace {

struct QuantConcatAttrs : Attrs {
  int64_t axis = 0;
};

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<QuantConcatAttrs>();
  context.Require("axis");
  attrs->axis = context.Int("axis", 0);
  const std::vector<ValueId>& inputs = context.node().inputs;
  if (inputs.size() % 3 != 2) {
    context.Fail(
        absl::StrCat("there are ", inputs.size(), " inputs, not two and three for each tensor"));
  }
  return attrs;
}

Status Infer(InferContext& context) {
  std::vector<int> parts;
  for (int i = 2; i < context.input_count(); i += 3) {
    SX_RETURN_IF_ERROR(CheckBytes(context, {i}, {0, i + 1}, {1, i + 2}));
    parts.push_back(i);
  }
  SX_ASSIGN_OR_RETURN(auto shape,
                      JoinedShape(context, parts, context.attrs<QuantConcatAttrs>().axis));
  const DataType type =
      context.element(1) != DataType::kUndefined ? context.element(1) : context.element(2);
  if (shape) SX_RETURN_IF_ERROR(CheckPlausible(type, *shape));
  context.set_output(0, type, std::move(shape));
  return absl::OkStatus();
}

Status Run(KernelContext& context) {
  Tensor& y = context.output(0);
  if (y.size() == 0) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(const int axis,
                      NormalizeAxis(context.attrs<QuantConcatAttrs>().axis, y.rank()));
  SX_ASSIGN_OR_RETURN(const Linear of_y, LinearOf(context, 0, 1, y.type()));
  const AxisSplit all(y.shape(), axis);
  const int64_t row = all.length * all.inner;
  int64_t offset = 0;
  for (int i = 2; i < context.input_count(); i += 3) {
    const Tensor& part = context.input(i);
    SX_ASSIGN_OR_RETURN(const Linear of_part, LinearOf(context, i + 1, i + 2, part.type()));
    const auto table = ByteTable(of_part, of_y, [](float x) { return x; });
    const int64_t length = part.dim(axis) * all.inner;
    const uint8_t* from = part.data<uint8_t>();
    uint8_t* to = y.data<uint8_t>() + offset;
    SX_RETURN_IF_ERROR(context.ParallelFor(all.outer, 0.7 * static_cast<double>(length),
                                           [&](int64_t begin, int64_t end) {
                                             for (int64_t r = begin; r < end; ++r) {
                                               for (int64_t j = 0; j < length; ++j)
                                                 to[r * row + j] = table[from[r * length + j]];
                                             }
                                           }));
    offset += length;
  }
  return absl::OkStatus();
}

}  // namespace

OpDef QLinearConcatOp() {
  return AsContrib({.min_inputs = 5,
                    .max_inputs = kVariadic,
                    .parse = Parse,
                    .infer = Infer,
                    .kernels = {SimpleKernel<Run>("quantized.loop")}},
                   "QLinearConcat");
}

}  // namespace sardonyx
