// oneDNN, versions 2.6 and 3, behind the few things our kernels ask of it.
//
// oneDNN brings OpenMP's threads. Ours are to do the work, so every primitive is made and run for
// one thread, the calling one, and kernels cut their work into slices for the thread pool.
#pragma once

#include <memory>
#include <vector>

#include "runtime/op.h"

namespace sardonyx::onednn {

/// C = alpha * op(A) * op(B) + beta * C with op(A) [m, k], op(B) [k, n], C [m, n], all row-major
/// with lda, ldb, ldc elements from one row (of the matrix as stored) to the next. C is not read
/// where beta is 0.
struct Gemm {
  bool transpose_a = false;
  bool transpose_b = false;
  int64_t m = 0, n = 0, k = 0;
  float alpha = 1;
  const float* a = nullptr;
  int64_t lda = 0;
  const float* b = nullptr;
  int64_t ldb = 0;
  float beta = 0;
  float* c = nullptr;
  int64_t ldc = 0;
};
/// On the calling thread alone: for many products, each a task of one's own ParallelFor.
Status Run(const Gemm& gemm);
/// Cut into slices of rows or columns over the run's threads.
Status Run(const KernelContext& context, const Gemm& gemm);

}  // namespace sardonyx::onednn
