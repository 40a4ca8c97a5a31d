// Walking over the outputs of a pool and the elements of their windows, plainly.
#pragma once

#include "ops/pool/pool.h"

namespace sardonyx {

/// Calls visit(position in the plane) for each tap of output `out` inside the input.
template <typename Visit>
void VisitWindow(const Window& window, const Position& out, Visit&& visit) {
  Ints starts, counts;
  for (size_t i = 0; i < window.size(); ++i) {
    int64_t first, last;
    window[i].Inside(out[i], &first, &last);
    if (first == last) return;
    counts.push_back(last - first);
    starts.push_back(out[i] * window[i].stride - window[i].pad_begin + first * window[i].dilation);
  }
  Position k(counts, 0);
  do {
    int64_t offset = 0;
    for (size_t i = 0; i < window.size(); ++i) {
      offset = offset * window[i].input + starts[i] + k[i] * window[i].dilation;
    }
    visit(offset);
  } while (k.Next());
}

/// Calls body(plane, where the output lies, its position) for every output.
template <typename Body>
Status ForEachOutput(KernelContext& context, const PoolShape& pool, const Body& body) {
  Ints outputs;
  for (const WindowAxis& axis : pool.window) outputs.push_back(axis.output);
  const int64_t size = pool.output_plane();
  if (size == 0 || pool.planes() == 0) return absl::OkStatus();
  const double cost = 4.0 * static_cast<double>(pool.kernel_plane());
  return context.ParallelFor(pool.planes() * size, cost, [&](int64_t begin, int64_t end) {
    Position out(outputs, begin % size);
    for (int64_t i = begin; i < end; ++i, out.Next()) {
      const int64_t plane = i / size;
      body(plane, pool.Start(plane, size) + i % size * pool.step(), out);
    }
  });
}

}  // namespace sardonyx
