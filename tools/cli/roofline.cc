#include "tools/cli/roofline.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "absl/strings/str_format.h"
#include "bench/peak.h"
#include "runtime/base/shape.h"

namespace sardonyx {
namespace {

constexpr size_t kStreamed = size_t{64} << 20;  // bytes of each thread: beyond its caches
constexpr int kRounds = 3;

/// Sums of 64-bit numbers keep up with any memory.
double MeasureBandwidth(ThreadPool& pool) {
  using Clock = std::chrono::steady_clock;
  const int threads = pool.threads();
  const size_t count = kStreamed / sizeof(uint64_t);
  std::vector<uint64_t> data(count * static_cast<size_t>(threads), 1);
  std::vector<uint64_t> sums(static_cast<size_t>(threads));
  const RunControl unlimited;
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Clock::time_point begin = Clock::now();
    const Status status = pool.ParallelTasks(threads, unlimited, [&](int64_t i) {
      const uint64_t* part = data.data() + static_cast<size_t>(i) * count;
      sums[static_cast<size_t>(i)] += std::accumulate(part, part + count, uint64_t{0});
    });
    const std::chrono::duration<double> time = Clock::now() - begin;
    if (status.ok()) best = std::max(best, static_cast<double>(data.size() * 8) / time.count());
  }
  return sums[0] == count * kRounds ? best : 0;  // the sums are needed, so they are computed
}

}  // namespace

Roofline MeasureRoofline(ThreadPool& pool) {
  return {.flops = PeakFlops() * pool.threads(), .bytes_per_second = MeasureBandwidth(pool)};
}

int64_t BytesOf(const std::vector<Type>& types) {
  int64_t total = 0;
  for (const Type& type : types) {
    const std::optional<Shape> shape = type.is_tensor() ? type.StaticShape() : std::nullopt;
    if (!shape) continue;
    const StatusOr<int64_t> bytes = CheckedBytes(type.element, *shape);
    total = CheckedAdd(total, bytes.ok() ? *bytes : 0).value_or(total);
  }
  return total;
}

int64_t ActivationBytes(const LayerReport& layer) {
  return layer.kernel == "view" ? 0 : BytesOf(layer.outputs);
}

int64_t TrafficOf(const LayerReport& layer) {
  if (layer.kernel == "view") return 0;
  return CheckedAdd(BytesOf(layer.inputs), BytesOf(layer.outputs)).value_or(0);
}

double LeastSeconds(const LayerReport& layer, const Roofline& roofline) {
  const double work = roofline.flops > 0 ? 2 * layer.multiply_adds / roofline.flops : 0;
  const double traffic = roofline.bytes_per_second > 0
                             ? static_cast<double>(TrafficOf(layer)) / roofline.bytes_per_second
                             : 0;
  return std::max(work, traffic);
}

std::string RooflineText(double least, double took) {
  if (least <= 0 || took <= 0) return "";
  return least > took ? "> 100 %" : absl::StrFormat("%.0f %%", 100 * least / took);
}

}  // namespace sardonyx
