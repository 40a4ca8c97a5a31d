// What the machine can do at most, and how near a layer comes to it.
#pragma once

#include "runtime/base/thread_pool.h"
#include "runtime/session/session.h"

namespace sardonyx {

/// The two ceilings of the roofline model (Williams, Waterman and Patterson, Roofline: an
/// insightful visual performance model for multicore architectures, 2009).
struct Roofline {
  double flops = 0;             // per second; a multiplication and an addition count as two
  double bytes_per_second = 0;  // from memory beyond the caches
};

/// Measures both with as many threads as the pool has, in about a tenth of a second.
Roofline MeasureRoofline(ThreadPool& pool);

/// Bytes of tensors whose shapes are known.
int64_t BytesOf(const std::vector<Type>& types);

/// Bytes that a layer must at least read and write; 0 for a view.
int64_t TrafficOf(const LayerReport& layer);

/// Bytes of a layer's outputs, as far as their shapes are known; a view has none of its own.
int64_t ActivationBytes(const LayerReport& layer);

/// The least that a layer can take, in seconds. What lies in caches may be faster.
double LeastSeconds(const LayerReport& layer, const Roofline& roofline);

}  // namespace sardonyx
