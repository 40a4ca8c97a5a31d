// Det: the determinants of a batch of square matrices.
#include <algorithm>
#include <cmath>

#include "ops/common/infer.h"
#include "ops/reduce/reduce.h"

namespace sardonyx {

Status CheckSquareMatrices(const SymbolicShape& shape) {
  const size_t rank = shape.size();
  if (rank >= 2 && (!shape[rank - 1].known() || !shape[rank - 2].known() ||
                    shape[rank - 1].value == shape[rank - 2].value)) {
    return absl::OkStatus();
  }
  return InvalidArgument("X has shape ", ToString(shape), ", but must hold square matrices");
}

namespace {

Status InferDet(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const DataType element, CommonElement(context, Floats{}, {0}));
  const SymbolicShape* shape = context.shape(0);
  if (shape == nullptr) {
    context.set_output(0, element, std::nullopt);
    return absl::OkStatus();
  }
  SX_RETURN_IF_ERROR(CheckSquareMatrices(*shape));
  context.set_output(0, element, SymbolicShape(shape->begin(), shape->end() - 2));
  return absl::OkStatus();
}

/// Gaussian elimination with partial pivoting, in place. Stops where the run should.
double Determinant(const KernelContext& context, double* a, int64_t n) {
  double product = 1;
  for (int64_t column = 0; column < n; ++column) {
    if (!GoesOn(context, column, n)) return 0;
    int64_t pivot = column;
    for (int64_t row = column + 1; row < n; ++row) {
      if (std::abs(a[row * n + column]) > std::abs(a[pivot * n + column])) pivot = row;
    }
    const double head = a[pivot * n + column];
    if (head == 0) return 0;
    if (pivot != column) {
      std::swap_ranges(a + pivot * n, a + (pivot + 1) * n, a + column * n);
      product = -product;
    }
    product *= head;
    for (int64_t row = column + 1; row < n; ++row) {
      const double factor = a[row * n + column] / head;
      for (int64_t j = column + 1; j < n; ++j) a[row * n + j] -= factor * a[column * n + j];
    }
  }
  return product;
}

Status RunDet(KernelContext& context) {
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  const int64_t n = input.dim(input.rank() - 1);
  if (output.size() == 0) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(Tensor work, context.Temporary(DataType::kDouble, input.shape()));
  double* a = work.data<double>();
  SX_RETURN_IF_ERROR(Dispatch(input.type(), Floats{}, [&]<typename T>() {
    return context.ParallelFor(output.size(), 1.0 * n * n * n + 5, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        double* matrix = a + i * n * n;
        for (int64_t j = 0; j < n * n; ++j) matrix[j] = Widen(input.data<T>()[i * n * n + j]);
        output.data<T>()[i] = Narrow<T>(Determinant(context, matrix, n));
      }
    });
  }));
  return context.Check();
}

}  // namespace

OpDef DetOp() {
  return {.name = "Det",
          .versions = {11, 22},
          .min_inputs = 1,
          .max_inputs = 1,
          .infer = InferDet,
          .kernels = {SimpleKernel<RunDet>("det.reference")}};
}

}  // namespace sardonyx
