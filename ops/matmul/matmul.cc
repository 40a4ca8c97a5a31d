#include "ops/matmul/matmul.h"

#include <algorithm>

namespace sardonyx {

bool MatMulShape::SharesB() const {
  if (batches <= 1) return true;
  return k > 0 &&
         std::all_of(b_step.begin(), b_step.end(), [](int64_t step) { return step == 0; }) &&
         AOffset(batches - 1) == (batches - 1) * m * k;
}

int64_t MatMulShape::Offset(const Ints& step, int64_t index) const {
  int64_t offset = 0;
  for (int axis = batch.rank() - 1; axis >= 0; --axis) {
    if (batch[axis] == 0) return 0;
    offset += index % batch[axis] * step[axis];
    index /= batch[axis];
  }
  return offset;
}

namespace {

/// Row-major steps over `dims` (the batch axes of an operand whose matrices have `matrix`
/// elements), aligned to the right of `rank` axes; 0 along axes of size 1.
Ints BatchSteps(absl::Span<const int64_t> dims, int64_t matrix, int rank) {
  Ints steps(rank, 0);
  int64_t step = matrix;
  for (int i = 1; i <= static_cast<int>(dims.size()); ++i) {
    const int64_t dim = dims[dims.size() - i];
    steps[rank - i] = dim == 1 ? 0 : step;
    step *= dim;
  }
  return steps;
}

}  // namespace

StatusOr<MatMulShape> MakeMatMulShape(const Shape& a, const Shape& b) {
  if (a.rank() == 0 || b.rank() == 0) {
    return InvalidArgument("A has shape ", a.ToString(), " and B ", b.ToString(),
                           ", but neither may be a scalar");
  }
  const int a_batch = std::max(a.rank() - 2, 0), b_batch = std::max(b.rank() - 2, 0);
  MatMulShape shape;
  shape.m = a.rank() == 1 ? 1 : a[a.rank() - 2];
  shape.k = a[a.rank() - 1];
  shape.n = b.rank() == 1 ? 1 : b[b.rank() - 1];
  if (const int64_t k = b.rank() == 1 ? b[0] : b[b.rank() - 2]; k != shape.k) {
    return InvalidArgument("A has shape ", a.ToString(), " and B ", b.ToString(), ": A's columns (",
                           shape.k, ") must be as many as B's rows (", k, ")");
  }
  const auto a_dims = a.dims().subspan(0, a_batch), b_dims = b.dims().subspan(0, b_batch);
  SX_ASSIGN_OR_RETURN(shape.batch, BroadcastShapes(Shape(a_dims), Shape(b_dims)));
  shape.batches = shape.batch.Elements();
  if (a.Elements() == 0 || b.Elements() == 0) {  // nothing to step over; sizes might overflow
    shape.a_step = shape.b_step = Ints(shape.batch.rank(), 0);
    return shape;
  }
  shape.a_step = BatchSteps(a_dims, shape.m * shape.k, shape.batch.rank());
  shape.b_step = BatchSteps(b_dims, shape.k * shape.n, shape.batch.rank());
  return shape;
}

StatusOr<GemmShape> MakeGemmShape(const Shape& a, const Shape& b, const GemmAttrs& attrs) {
  if (a.rank() != 2 || b.rank() != 2) {
    return InvalidArgument("A and B must be matrices, but have shapes ", a.ToString(), " and ",
                           b.ToString());
  }
  const GemmShape shape{.m = a[attrs.trans_a], .k = a[!attrs.trans_a], .n = b[!attrs.trans_b]};
  if (const int64_t k = b[attrs.trans_b]; k != shape.k) {
    return InvalidArgument("A has shape ", a.ToString(), attrs.trans_a ? " transposed" : "",
                           " and B ", b.ToString(), attrs.trans_b ? " transposed" : "",
                           ": the inner dimensions ", shape.k, " and ", k, " must be equal");
  }
  return shape;
}

GemmBias StridesOfBias(const Shape& c) {
  const int64_t columns = c.rank() < 1 ? 1 : c[c.rank() - 1];
  const int64_t rows = c.rank() < 2 ? 1 : c[c.rank() - 2];
  return {.row = rows == 1 ? 0 : columns, .column = columns == 1 ? 0 : 1};
}

double MatMulMultiplyAdds(const PrepareContext& context) {
  const auto a = context.shape(0), b = context.shape(1);
  if (!a || !b) return 0;
  const auto shape = MakeMatMulShape(*a, *b);
  if (!shape.ok()) return 0;
  return static_cast<double>(shape->batches) * shape->m * shape->k * shape->n;
}

double GemmMultiplyAdds(const PrepareContext& context) {
  const auto a = context.shape(0), b = context.shape(1);
  if (!a || !b) return 0;
  const auto shape = MakeGemmShape(*a, *b, context.attrs<GemmAttrs>());
  return shape.ok() ? static_cast<double>(shape->m) * shape->k * shape->n : 0;
}

}  // namespace sardonyx
