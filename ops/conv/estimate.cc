#include "ops/conv/estimate.h"

#include <algorithm>

#include "ops/common/ceil.h"
#include "ops/conv/grouped_layout.h"
#include "ops/conv/winograd.h"
#include "ops/matmul/row_kernel.h"

namespace sardonyx {
namespace {

// As measured on a core of 230 GFLOP/s that reads memory at 30 GB/s: only their ratios matter.
constexpr double kNsPerMultiplyAdd = 0.0091;
constexpr double kNsPerWeight = 0.13;
constexpr int kThreadsToMemory = 4;  // more of them read no faster
constexpr double kNsPerDepthwiseTap = 0.024;
constexpr double kOneDnnCallNs = 3000;
// Of conv.gemm with groups, whose rows are short: for each kernel position, and each channel there.
constexpr double kNsPerRun = 3.6, kNsPerCopied = 0.12;
// Of conv.grouped_last: its multiplications against those of products, and vectors moved.
constexpr double kGroupedProduct = 1.25, kNsPerVector = 3;

double Real(int64_t x) { return static_cast<double>(x); }

/// Reading weights once, each thread its part.
double WeightsNs(double weights, int threads) {
  return weights * kNsPerWeight / std::min(threads, kThreadsToMemory);
}

/// Multiplications and additions of all groups, output channels filled up to whole vectors.
double MultiplyAdds(const ConvShape& conv, double depth) {
  const int64_t columns = RoundUp(conv.group_out(), RowKernelsOfThisCpu().lanes);
  return Real(conv.batch * conv.output_plane()) * Real(conv.group) * Real(columns) * depth;
}

double Depth(const ConvShape& conv) { return Real(conv.group_in() * conv.kernel_plane()); }

}  // namespace

double EstimatedGemmNs(const ConvShape& conv, int threads) {
  // Beginning and storing a tile takes as long as so many steps in depth.
  constexpr double kTileSteps = 20;
  double ns = MultiplyAdds(conv, Depth(conv) + kTileSteps) * kNsPerMultiplyAdd;
  if (conv.group > 1) {
    const double runs =
        Real(conv.batch * conv.output_plane()) * Real(conv.group) * Real(conv.kernel_plane());
    ns += runs * (kNsPerRun + kNsPerCopied * Real(conv.group_in()));
  }
  return ns / threads + WeightsNs(Depth(conv) * Real(conv.out_channels), threads);
}

double EstimatedGroupedNs(const ConvShape& conv, int threads) {
  const GroupedLayout layout(conv);
  const double bundles = Real(layout.bundles), rows = Real(conv.batch * conv.output_plane());
  const double weights = bundles * Real(layout.vectors * layout.weight_floats());
  const double copied =
      Real(conv.batch * conv.input_plane()) * Real(CeilDiv(layout.bundle_in(), layout.lanes));
  const double moved = bundles * (copied + rows * Real(layout.vectors));
  const double multiply_ns = kGroupedProduct * rows * weights * kNsPerMultiplyAdd;
  return (multiply_ns + kNsPerVector * moved) / threads + WeightsNs(weights, threads);
}

double EstimatedDepthwiseNs(const ConvShape& conv, int threads) {
  const double taps = Real(conv.batch * conv.output_plane() * conv.kernel_plane());
  return taps * Real(conv.out_channels) * kNsPerDepthwiseTap / threads;
}

double EstimatedOneDnnNs(const ConvShape& conv, int threads) {
  if (conv.group > 1 && conv.group_in() == 1 && conv.group_out() == 1) {
    return kOneDnnCallNs + 0.85 * EstimatedDepthwiseNs(conv, threads);
  }
  if (conv.group > 1) {
    return kOneDnnCallNs + 1.3 * MultiplyAdds(conv, Depth(conv)) * kNsPerMultiplyAdd / threads;
  }
  if (conv.in_channels <= 4) return kOneDnnCallNs + 1.1 * EstimatedGemmNs(conv, threads);
  if (conv.kernel_plane() == 1) return kOneDnnCallNs + 1.02 * EstimatedGemmNs(conv, threads);
  // Its kernels for windows are better than conv.gemm as long as they do not wait for weights.
  const double weights = Depth(conv) * Real(conv.out_channels);
  return kOneDnnCallNs + 0.9 * EstimatedGemmNs(conv, threads) + 0.6 * WeightsNs(weights, threads);
}

template <int m>
double EstimatedWinogradNs(const ConvShape& conv, int threads) {
  const auto tiles = [&](int axis) { return (conv.window[axis].output + m - 1) / m; };
  const double rows = Real(conv.batch * tiles(0) * tiles(1));
  const double in = Real(conv.in_channels), out = Real(conv.out_channels);
  const double weights = (m + 2) * (m + 2) * in * out;
  const double transforms_ns = rows * (in + out) * (m == 2 ? 1.2 : m == 4 ? 5.0 : 9.0);
  // Reading weights again, a part of them from the third cache.
  const double passes = 1 + 0.4 * Real(WinogradPlan(conv, m, threads).weight_passes() - 1);
  return (rows * weights * kNsPerMultiplyAdd + transforms_ns) / threads +
         passes * WeightsNs(weights, threads);
}

template double EstimatedWinogradNs<2>(const ConvShape&, int);
template double EstimatedWinogradNs<4>(const ConvShape&, int);
template double EstimatedWinogradNs<6>(const ConvShape&, int);

}  // namespace sardonyx
