// Speed of the matrix product: GFLOP/s, and what part of the machine's peak that is.
#include <benchmark/benchmark.h>

#include <vector>

#include "bench/peak.h"
#include "ops/matmul/gemm.h"
#include "runtime/base/memory.h"

namespace sardonyx {
namespace {

/// Arguments: m, n, k, B transposed, A and B packed beforehand, threads.
void BM_Gemm(benchmark::State& state) {
  const int64_t m = state.range(0), n = state.range(1), k = state.range(2);
  const bool transposed = state.range(3) != 0, packed = state.range(4) != 0;
  const int threads = static_cast<int>(state.range(5));
  const std::vector<float> a(static_cast<size_t>(m * k), 0.5f), b(static_cast<size_t>(k * n), 2);
  std::vector<float> c(static_cast<size_t>(m * n));
  GemmProblem problem{.m = m, .n = n, .k = k, .c_stride = n};
  problem.a.row_stride = k;
  problem.b = {.row_stride = transposed ? 1 : n, .column_stride = transposed ? k : 1};
  std::shared_ptr<const PackedMatrix> left, right;
  if (packed) {
    left = PackedMatrix::Left(a.data(), k, 1, m, k);
    right = PackedMatrix::Right(b.data(), problem.b.row_stride, problem.b.column_stride, k, n);
    problem.a.layout = problem.b.layout = GemmProblem::Layout::kPacked;
  }
  const GemmPlan plan(problem, threads);
  const auto scratch = *AllocateBytes(plan.scratch_bytes(), nullptr);
  ThreadPool pool(threads);
  const RunControl control;
  for (auto _ : state) {
    const Status status = plan.Run(
        [&](int64_t) {
          return GemmOperands{.a = packed ? left->data() : a.data(),
                              .b = packed ? right->data() : b.data(),
                              .c = c.data()};
        },
        nullptr, {scratch.get(), static_cast<size_t>(plan.scratch_bytes())}, pool, control);
    if (!status.ok()) state.SkipWithError(std::string(status.message()).c_str());
    benchmark::ClobberMemory();
  }
  const double operations = 2.0 * static_cast<double>(m * n * k);
  const double done = operations * static_cast<double>(state.iterations());
  state.counters["FLOP/s"] = benchmark::Counter(done, benchmark::Counter::kIsRate);
  state.counters["of peak"] =
      benchmark::Counter(done / (PeakFlops() * threads), benchmark::Counter::kIsRate);
}

BENCHMARK(BM_Gemm)
    ->ArgNames({"m", "n", "k", "bT", "packed", "threads"})
    ->Args({1024, 1024, 1024, 0, 0, 1})
    ->Args({1024, 1024, 1024, 1, 0, 1})
    ->Args({1024, 1024, 1024, 0, 1, 1})
    ->Args({1024, 1024, 1024, 0, 0, 2})
    ->Args({256, 256, 256, 0, 0, 1})
    ->Args({64, 3136, 576, 0, 1, 1})
    ->Args({512, 49, 4608, 0, 1, 1})
    ->Args({64, 64, 64, 0, 0, 1})
    ->Args({8, 8, 8, 0, 0, 1})
    ->Args({1, 1000, 512, 1, 0, 1})
    ->Args({1, 4096, 4096, 1, 0, 1})
    ->Args({1, 4096, 4096, 0, 0, 1})
    ->Args({4096, 1, 4096, 0, 0, 1})
    ->Args({4096, 4, 4096, 0, 0, 1})
    ->Args({197, 768, 768, 0, 1, 1})
    ->UseRealTime();

}  // namespace
}  // namespace sardonyx
