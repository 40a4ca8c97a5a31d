// What the machine can do at most, and how near a layer comes to it.
#pragma once

#include <string>

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

/// The share of the roofline for a table, "62 %"; "> 100 %" where caches, or an algorithm that
/// needs fewer multiplications than are counted, make a layer faster than that; "" where nothing is
/// known.
std::string RooflineText(double least, double took);

/// What a table with such shares should say of them.
inline constexpr const char* kAboveRoofline =
    "above 100 %: data lie in caches, or fewer multiplications are needed than are counted "
    "(Winograd's)";

}  // namespace sardonyx
