// Sorting that shares the work among threads and stops with the run.
#pragma once

#include <algorithm>
#include <utility>

#include "runtime/op.h"

namespace sardonyx {

/// How many of the first `count` elements of the merge of two sorted runs come from `left`.
template <typename T, typename Less>
int64_t TakenFromLeft(const T* left, int64_t left_size, const T* right, int64_t right_size,
                      int64_t count, const Less& less) {
  int64_t low = std::max<int64_t>(0, count - right_size), high = std::min(count, left_size);
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (less(right[count - middle - 1], left[middle])) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/// Sorts data[0, n) by `less`, a total order, with `buffer` of n elements for its own use. `cost`
/// is about how many nanoseconds a comparison takes. Blocks are sorted, then merged in pairs; each
/// thread finds the part of a merge that it writes (Odeh et al., "Merge Path", 2012).
template <typename T, typename Less>
Status ParallelSort(const KernelContext& context, T* data, T* buffer, int64_t n, double cost,
                    const Less& less) {
  // About a millisecond for each block, so that the run can be stopped.
  const int64_t block = std::clamp<int64_t>(static_cast<int64_t>(1e5 / cost), 2, 1 << 14);
  const int64_t blocks = n / block + (n % block != 0 ? 1 : 0);
  const double each = cost * static_cast<double>(block);
  SX_RETURN_IF_ERROR(context.ParallelFor(blocks, 14 * each, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::sort(data + i * block, data + std::min(n, (i + 1) * block), less);
    }
  }));
  T *from = data, *to = buffer;
  for (int64_t run = block; run < n; run *= 2, std::swap(from, to)) {
    SX_RETURN_IF_ERROR(context.ParallelFor(blocks, 2 * each, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i * block, last = std::min(n, first + block);
        const int64_t pair = first / (2 * run) * (2 * run);
        const T *left = from + pair, *right = from + std::min(n, pair + run);
        const int64_t left_size = right - left;
        const int64_t right_size = from + std::min(n, pair + 2 * run) - right;
        const int64_t a = TakenFromLeft(left, left_size, right, right_size, first - pair, less);
        const int64_t b = TakenFromLeft(left, left_size, right, right_size, last - pair, less);
        std::merge(left + a, left + b, right + (first - pair - a), right + (last - pair - b),
                   to + first, less);
      }
    }));
  }
  if (from != data) std::copy_n(from, n, data);
  return absl::OkStatus();
}

}  // namespace sardonyx
