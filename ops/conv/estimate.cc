#include "ops/conv/estimate.h"

namespace sardonyx {
namespace {

// As measured on a core of 230 GFLOP/s with 35 GB/s: only their ratios matter.
constexpr double kNsPerMultiplyAdd = 0.0091;
constexpr double kNsPerWeight = 0.15;

double Real(int64_t x) { return static_cast<double>(x); }

/// A product of [rows, in] and [in, out], `positions` times. Threads share the way to memory.
double ProductNs(double positions, double rows, double in, double out, int threads) {
  return positions * in * out * (rows * kNsPerMultiplyAdd / threads + kNsPerWeight);
}

}  // namespace

double EstimatedGemmNs(const ConvShape& conv, int threads) {
  const double positions = Real(conv.group) * Real(conv.kernel_plane());
  return ProductNs(positions, Real(conv.batch * conv.output_plane()), Real(conv.group_in()),
                   Real(conv.group_out()), threads);
}

double EstimatedWinogradNs(const ConvShape& conv, int m, int threads) {
  const auto tiles = [&](int axis) { return (conv.window[axis].output + m - 1) / m; };
  const double rows = Real(conv.batch * tiles(0) * tiles(1));
  const double in = Real(conv.in_channels), out = Real(conv.out_channels);
  const double transforms_ns = rows * (in + out) * (m == 2 ? 1.2 : 4.5);
  return ProductNs((m + 2) * (m + 2), rows, in, out, threads) + transforms_ns / threads;
}

}  // namespace sardonyx
