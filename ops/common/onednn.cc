#include "ops/common/onednn.h"

#include <omp.h>

#include <algorithm>
#include <dnnl.hpp>
#include <mutex>

namespace sardonyx::onednn {
namespace {

/// While it lives, OpenMP regions that the current thread opens have one thread.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) {
    if (before_ != 1) omp_set_num_threads(1);
  }
  ~OneThread() {
    if (before_ != 1) omp_set_num_threads(before_);
  }

 private:
  const int before_;
};

}  // namespace

Status Run(const Gemm& gemm) {
  if (gemm.m <= 0 || gemm.n <= 0) return absl::OkStatus();
  if (gemm.k <= 0) {
    for (int64_t i = 0; i < gemm.m; ++i) {
      float* row = gemm.c + i * gemm.ldc;
      for (int64_t j = 0; j < gemm.n; ++j) row[j] = gemm.beta == 0 ? 0 : row[j] * gemm.beta;
    }
    return absl::OkStatus();
  }
  const OneThread one;
  const dnnl_status_t status =
      dnnl_sgemm(gemm.transpose_a ? 'T' : 'N', gemm.transpose_b ? 'T' : 'N', gemm.m, gemm.n, gemm.k,
                 gemm.alpha, gemm.a, gemm.lda, gemm.b, gemm.ldb, gemm.beta, gemm.c, gemm.ldc);
  if (status == dnnl_success) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("oneDNN's sgemm gave status ", static_cast<int>(status)));
}

Status Run(const KernelContext& context, const Gemm& gemm) {
  const bool by_rows = gemm.m >= gemm.n;
  const int64_t length = by_rows ? gemm.m : gemm.n;
  constexpr int64_t kUnit = 16;  // slices of whole vectors and register tiles
  const int64_t units = (length + kUnit - 1) / kUnit;
  const double cost = static_cast<double>(kUnit) * static_cast<double>(by_rows ? gemm.n : gemm.m) *
                      static_cast<double>(std::max<int64_t>(gemm.k, 1)) / 20.0;
  // A slice packs the other operand anew, so there are few of them: enough for the threads, and no
  // longer than a few milliseconds each.
  const int64_t threads = context.environment().pool->threads();
  int64_t slices =
      std::max<int64_t>(threads, static_cast<int64_t>(cost * static_cast<double>(units) / 5e6));
  if (cost * static_cast<double>(units) < 20'000) slices = 1;
  slices = std::clamp<int64_t>(slices, 1, std::max<int64_t>(units, 1));
  std::mutex mutex;
  Status status;
  SX_RETURN_IF_ERROR(context.ParallelTasks(slices, [&](int64_t i) {
    const int64_t begin = units * i / slices * kUnit;
    const int64_t end = std::min(units * (i + 1) / slices * kUnit, length);
    if (begin >= end) return;
    Gemm slice = gemm;
    if (by_rows) {
      slice.m = end - begin;
      slice.a += begin * (gemm.transpose_a ? 1 : gemm.lda);
      slice.c += begin * gemm.ldc;
    } else {
      slice.n = end - begin;
      slice.b += begin * (gemm.transpose_b ? gemm.ldb : 1);
      slice.c += begin;
    }
    if (const Status result = Run(slice); !result.ok()) {
      std::lock_guard lock(mutex);
      status = result;
    }
  }));
  return status;
}

}  // namespace sardonyx::onednn
