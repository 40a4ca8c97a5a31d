// About how long kernels of Conv take, so that they can be compared before anything is measured.
#pragma once

#include "ops/conv/conv.h"

namespace sardonyx {

/// Fewer multiplications are not worth a second thread.
constexpr double kSmallConv = 500'000;

/// Nanoseconds of conv.gemm with so many threads.
double EstimatedGemmNs(const ConvShape& conv, int threads);

/// Of conv.depthwise_last.
double EstimatedDepthwiseNs(const ConvShape& conv, int threads);

/// Of conv.onednn.
double EstimatedOneDnnNs(const ConvShape& conv, int threads);

/// Of conv.grouped_last.
double EstimatedGroupedNs(const ConvShape& conv, int threads);

/// Of F(m x m, 3 x 3) on two axes with one group; m is 2, 4 or 6.
template <int m>
double EstimatedWinogradNs(const ConvShape& conv, int threads);

/// KernelDef::estimate_ns by one of these; 0 where the shapes are not known.
template <double (*estimate)(const ConvShape&, int threads)>
double EstimateBy(const PrepareContext& context) {
  const StatusOr<ConvShape> conv = StaticFloatConv(context);
  return conv.ok() ? estimate(*conv, context.threads()) : 0;
}

}  // namespace sardonyx
