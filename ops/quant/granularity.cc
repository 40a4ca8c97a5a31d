#include "ops/quant/granularity.h"

#include <algorithm>

#include "ops/common/element_check.h"

namespace sardonyx {

StatusOr<Granularity> ResolveGranularity(const LinearAttrs& attrs, const Shape& x,
                                         const Shape& scale) {
  Granularity result;
  if (scale.rank() <= 1 && scale.Elements() == 1) {
    result.inner = x.Elements();
    return result;
  }
  const auto axis = NormalizeAxis(attrs.axis, x.rank());
  if (!axis.ok()) {
    return InvalidArgument("attribute 'axis' is ", attrs.axis, ", but x has shape ", x.ToString());
  }
  const int at = *axis;
  result.outer = x.Elements(0, at);
  result.axis = x[at];
  result.inner = x.Elements(at + 1, x.rank());
  if (attrs.block_size == 0) {
    result.kind = Granularity::Kind::kAxis;
    if (scale.rank() != 1 || scale[0] != x[at]) {
      return InvalidArgument("the scale has shape ", scale.ToString(), "; a scalar or [", x[at],
                             "] is needed for x of shape ", x.ToString(), " and axis ", at);
    }
    return result;
  }
  result.kind = Granularity::Kind::kBlock;
  result.block = attrs.block_size;
  result.blocks = x[at] == 0 ? 0 : (x[at] - 1) / attrs.block_size + 1;
  Shape wanted = x;
  wanted[at] = result.blocks;
  if (scale != wanted) {
    return InvalidArgument("the scale has shape ", scale.ToString(), "; ", wanted.ToString(),
                           " is needed for x of shape ", x.ToString(), ", axis ", at,
                           " and blocks of ", attrs.block_size);
  }
  return result;
}

Status Granularity::ForEachRun(const KernelContext& context, double cost, Run run) const {
  if (kind == Kind::kTensor) {
    return context.ParallelFor(inner, cost,
                               [&](int64_t begin, int64_t end) { run(begin, end - begin, 0, 0); });
  }
  if (kind == Kind::kAxis && inner == 1) {
    return context.ParallelFor(outer, cost * static_cast<double>(axis),
                               [&](int64_t begin, int64_t end) {
                                 for (int64_t o = begin; o < end; ++o) run(o * axis, axis, 0, 1);
                               });
  }
  if (kind == Kind::kBlock && inner == 1) {
    return context.ParallelFor(outer * blocks, cost * static_cast<double>(std::min(block, axis)),
                               [&](int64_t begin, int64_t end) {
                                 for (int64_t i = begin; i < end; ++i) {
                                   const int64_t at = i % blocks * block;
                                   run(i / blocks * axis + at, std::min(block, axis - at), i, 0);
                                 }
                               });
  }
  const double row_cost = cost * static_cast<double>(inner);
  return context.ParallelFor(outer * axis, row_cost, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t at = i % axis;
      if (kind == Kind::kAxis) {
        run(i * inner, inner, at, 0);
      } else {
        run(i * inner, inner, (i / axis * blocks + at / block) * inner, 1);
      }
    }
  });
}

Status CheckLinearShapes(const InferContext& context) {
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.has_input(i)) SX_RETURN_IF_ERROR(CheckIsTensor(context, i));
  }
  const auto x = context.input(0).StaticShape(), scale = context.input(1).StaticShape();
  const auto zero = context.input(2).StaticShape();
  if (scale && zero && *scale != *zero && (scale->Elements() != 1 || zero->Elements() != 1)) {
    return InvalidArgument("the scale has shape ", scale->ToString(), " and the zero point ",
                           zero->ToString(), ", which must be the same");
  }
  if (x && scale) {
    return ResolveGranularity(context.attrs<LinearAttrs>(), *x, *scale).status();
  }
  return absl::OkStatus();
}

}  // namespace sardonyx
