#include "ops/matmul/matmul.h"

#include <algorithm>

namespace sardonyx {

bool MatMulShape::SharesB() const {
  if (batches <= 1) return true;
  return k > 0 && a_row == k && a_column == 1 &&
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

/// Steps over the batch axes of an operand, aligned to the right of `rank` axes; 0 along axes of
/// size 1. `strides` are those of all its axes.
Ints BatchSteps(absl::Span<const int64_t> batch, const Ints& strides, int rank) {
  Ints steps(rank, 0);
  const size_t missing = rank - batch.size();
  for (size_t i = 0; i < batch.size(); ++i) steps[missing + i] = batch[i] == 1 ? 0 : strides[i];
  return steps;
}

/// An operand as it enters the product.
struct Seen {
  Shape shape;
  Ints strides;
  absl::Span<const int64_t> batch;

  Seen(const Shape& given, const MatMulOperand& operand)
      : shape(operand.Seen(given, given.rank())),
        strides(operand.Seen(given.Strides(), given.rank())),
        batch(shape.dims().subspan(0, std::max(given.rank() - 2, 0))) {}
  Seen(const Seen&) = delete;  // `batch` lies in `shape`
};

}  // namespace

StatusOr<MatMulShape> MakeMatMulShape(const Shape& a, const Shape& b, const MatMulAttrs& attrs) {
  if (a.rank() == 0 || b.rank() == 0) {
    return InvalidArgument("A has shape ", a.ToString(), " and B ", b.ToString(),
                           ", but neither may be a scalar");
  }
  const Seen left(a, attrs.a), right(b, attrs.b);
  const int a_last = a.rank() - 1, b_last = b.rank() - 1;
  MatMulShape shape;
  shape.k = left.shape[a_last];
  shape.a_column = left.strides[a_last];
  shape.a_row = shape.k;
  if (a_last > 0) {
    shape.m = left.shape[a_last - 1];
    shape.a_row = left.strides[a_last - 1];
  }
  const int b_inner = std::max(b_last - 1, 0);
  shape.b_row = right.strides[b_inner];
  if (b_last > 0) {
    shape.n = right.shape[b_last];
    shape.b_column = right.strides[b_last];
  }
  if (const int64_t k = right.shape[b_inner]; k != shape.k) {
    return InvalidArgument("A has shape ", left.shape.ToString(), " and B ", right.shape.ToString(),
                           ": A's columns (", shape.k, ") must be as many as B's rows (", k, ")");
  }
  SX_ASSIGN_OR_RETURN(shape.batch, BroadcastShapes(Shape(left.batch), Shape(right.batch)));
  shape.batches = shape.batch.Elements();
  if (a.Elements() == 0 || b.Elements() == 0) {  // nothing to step over
    shape.a_step = shape.b_step = Ints(shape.batch.rank(), 0);
    return shape;
  }
  shape.a_step = BatchSteps(left.batch, left.strides, shape.batch.rank());
  shape.b_step = BatchSteps(right.batch, right.strides, shape.batch.rank());
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
  const auto shape = MakeMatMulShape(*a, *b, context.attrs<MatMulAttrs>());
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
