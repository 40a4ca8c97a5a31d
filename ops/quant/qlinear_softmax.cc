// QLinearSoftmax.
#include <cmath>
#include <limits>

#include "ops/common/contrib.h"
#include "ops/common/require_input.h"
#include "ops/quant/qlinear.h"

namespace sardonyx {
namespace {

struct QuantSoftmaxAttrs : Attrs {
  int64_t axis = -1;
  bool flatten = false;  // opset below 13: over all axes from `axis` on
};

StatusOr<std::shared_ptr<Attrs>> ParseSoftmax(ParseContext& context) {
  RequireInput(context, 3, "y_scale");
  RequireInput(context, 4, "y_zero_point");
  auto attrs = std::make_shared<QuantSoftmaxAttrs>();
  attrs->flatten = context.Int("opset", 13) < 13;
  attrs->axis = context.Int("axis", attrs->flatten ? 1 : -1);
  return attrs;
}

Status InferSoftmax(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckBytes(context, {0}, {1, 3}, {2, 4}));
  if (const SymbolicShape* x = context.shape(0)) {
    SX_RETURN_IF_ERROR(
        NormalizeAxis(context.attrs<QuantSoftmaxAttrs>().axis, static_cast<int>(x->size()))
            .status());
  }
  context.set_output(0, context.element(0), context.input(0).shape);
  return absl::OkStatus();
}

Status RunSoftmax(KernelContext& context) {
  const auto& attrs = context.attrs<QuantSoftmaxAttrs>();
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, x.rank()));
  SX_ASSIGN_OR_RETURN(const Linear of_x, LinearOf(context, 1, 2, x.type()));
  SX_ASSIGN_OR_RETURN(const Linear of_y, LinearOf(context, 3, 4, y.type()));
  const int64_t outer = x.shape().Elements(0, axis);
  const int64_t n = attrs.flatten ? x.shape().Elements(axis, x.rank()) : x.dim(axis);
  const int64_t inner = attrs.flatten ? 1 : x.shape().Elements(axis + 1, x.rank());
  return context.ParallelFor(
      outer * inner, 20.0 * static_cast<double>(n), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const int64_t base = row / inner * n * inner + row % inner;
          const uint8_t* from = x.data<uint8_t>() + base;
          uint8_t* to = y.data<uint8_t>() + base;
          float greatest = -std::numeric_limits<float>::infinity();
          for (int64_t i = 0; i < n; ++i) greatest = std::max(greatest, of_x.Real(from[i * inner]));
          double sum = 0;
          for (int64_t i = 0; i < n; ++i) sum += std::exp(of_x.Real(from[i * inner]) - greatest);
          for (int64_t i = 0; i < n; ++i) {
            const double share = std::exp(of_x.Real(from[i * inner]) - greatest) / sum;
            to[i * inner] = of_y.Byte(static_cast<float>(share));
          }
        }
      });
}

}  // namespace

OpDef QLinearSoftmaxOp() {
  return AsContrib({.min_inputs = 2,
                    .max_inputs = 5,
                    .parse = ParseSoftmax,
                    .infer = InferSoftmax,
                    .kernels = {SimpleKernel<RunSoftmax>("quantized.loop")}},
                   "QLinearSoftmax");
}

}  // namespace sardonyx
