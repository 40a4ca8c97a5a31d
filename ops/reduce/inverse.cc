// com.microsoft's Inverse: the inverses of a batch of square matrices.
#include <algorithm>
#include <cmath>

#include "ops/common/contrib.h"
#include "ops/common/infer.h"
#include "ops/reduce/reduce.h"

namespace sardonyx {
namespace {

Status InferInverse(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const DataType element, CommonElement(context, Floats{}, {0}));
  const SymbolicShape* shape = context.shape(0);
  if (shape != nullptr) SX_RETURN_IF_ERROR(CheckSquareMatrices(*shape));
  context.set_output(0, element, context.input(0).shape);
  return absl::OkStatus();
}

/// Gauss-Jordan elimination with partial pivoting: rows of [A | I], 2n wide, become those of
/// [I | inverse]. Of a singular matrix nothing but infinities and NaN comes out. Stops where the
/// run should.
void Invert(const KernelContext& context, double* rows, int64_t n) {
  const int64_t width = 2 * n;
  for (int64_t column = 0; column < n; ++column) {
    if (!GoesOn(context, column, n)) return;
    int64_t pivot = column;
    for (int64_t row = column + 1; row < n; ++row) {
      if (std::abs(rows[row * width + column]) > std::abs(rows[pivot * width + column])) {
        pivot = row;
      }
    }
    double* head = rows + column * width;
    if (pivot != column) std::swap_ranges(head, head + width, rows + pivot * width);
    const double divisor = head[column];
    for (int64_t j = 0; j < width; ++j) head[j] /= divisor;
    for (int64_t row = 0; row < n; ++row) {
      if (row == column) continue;
      const double factor = rows[row * width + column];
      for (int64_t j = 0; j < width; ++j) rows[row * width + j] -= factor * head[j];
    }
  }
}

Status RunInverse(KernelContext& context) {
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  if (output.size() == 0) return absl::OkStatus();
  const int64_t n = input.dim(input.rank() - 1), count = input.size() / (n * n);
  SX_ASSIGN_OR_RETURN(Tensor work, context.Temporary(DataType::kDouble, {count, n, 2 * n}));
  SX_RETURN_IF_ERROR(Dispatch(input.type(), Floats{}, [&]<typename T>() {
    return context.ParallelFor(count, 2.0 * n * n * n + 5, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        double* rows = work.data<double>() + i * 2 * n * n;
        const T* x = input.data<T>() + i * n * n;
        T* y = output.data<T>() + i * n * n;
        for (int64_t row = 0; row < n; ++row) {
          for (int64_t j = 0; j < n; ++j) {
            rows[row * 2 * n + j] = Widen(x[row * n + j]);
            rows[row * 2 * n + n + j] = row == j ? 1 : 0;
          }
        }
        Invert(context, rows, n);
        for (int64_t row = 0; row < n; ++row) {
          for (int64_t j = 0; j < n; ++j) y[row * n + j] = Narrow<T>(rows[row * 2 * n + n + j]);
        }
      }
    });
  }));
  return context.Check();
}

}  // namespace

OpDef InverseOp() {
  return AsContrib({.min_inputs = 1,
                    .max_inputs = 1,
                    .infer = InferInverse,
                    .kernels = {SimpleKernel<RunInverse>("inverse.reference")}},
                   "Inverse");
}

}  // namespace sardonyx
