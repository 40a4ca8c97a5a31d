// One row of a matrix product, plainly: the arithmetic of the reference kernels.
#pragma once

#include <algorithm>

#include "ops/common/accumulate.h"

namespace sardonyx {

/// A matrix inside a tensor: elements to step over from row to row and from column to column.
template <typename T>
struct MatrixView {
  const T* data = nullptr;
  int64_t row = 0, column = 0;
};

/// Calls store(j, sum) with sum_p a(i,p) b(p,j) in T's accumulator, for each of b's n columns.
template <typename T, typename Store>
void ProductRow(const MatrixView<T>& a, const MatrixView<T>& b, int64_t i, int64_t k, int64_t n,
                const Store& store) {
  constexpr int64_t kBlock = 16;  // columns at a time, so that rows of b are read along
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t count = std::min(kBlock, n - begin);
    Accumulator<T> sums[kBlock] = {};
    for (int64_t p = 0; p < k; ++p) {
      const Accumulator<T> left = Widen(a.data[i * a.row + p * a.column]);
      const T* right = b.data + p * b.row + begin * b.column;
      for (int64_t j = 0; j < count; ++j) sums[j] += left * Widen(right[j * b.column]);
    }
    for (int64_t j = 0; j < count; ++j) store(begin + j, sums[j]);
  }
}

}  // namespace sardonyx
