// Speed of every Conv kernel on layers of networks in use. FLOP/s count the multiplications and
// additions of the definition, whatever a kernel does instead.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/peak.h"
#include "ops/conv/conv.h"
#include "tests/conv/run_case.h"

namespace sardonyx {
namespace {

void RunLayer(benchmark::State& state, const KernelDef& def, const ConvCase& layer, int threads) {
  ConvRun run(layer, threads);
  if (const Status status = run.Prepare(def); !status.ok()) {
    state.SkipWithError(std::string(status.message()).c_str());
    return;
  }
  for (auto _ : state) {
    if (const Status status = run.Run(); !status.ok()) {
      state.SkipWithError(std::string(status.message()).c_str());
    }
  }
  const ConvShape& conv = run.conv();
  const double done = 2.0 * static_cast<double>(conv.output().Elements()) *
                      static_cast<double>(conv.group_in() * conv.kernel_plane()) *
                      static_cast<double>(state.iterations());
  state.counters["FLOP/s"] = benchmark::Counter(done, benchmark::Counter::kIsRate);
  state.counters["of peak"] =
      benchmark::Counter(done / (PeakFlops() * threads), benchmark::Counter::kIsRate);
}

/// Registers layer / kernel / threads for every kernel of Conv but the reference.
const bool registered = [] {
  const OpDef* conv = FindOp("", "Conv");
  if (conv == nullptr) return false;
  for (const ConvCase& layer : InBothLayouts(NetworkConvCases())) {
    for (const KernelDef& def : conv->kernels) {
      if (def.backend == Backend::kReference) continue;
      for (int threads : {1, 2}) {
        const std::string name =
            layer.name + "/" + std::string(def.name) + "/threads:" + std::to_string(threads);
        benchmark::RegisterBenchmark(name.c_str(), [&def, layer, threads](benchmark::State& state) {
          RunLayer(state, def, layer, threads);
        })->UseRealTime();
      }
    }
  }
  return true;
}();

}  // namespace
}  // namespace sardonyx
