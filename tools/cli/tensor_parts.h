// Large tensors part by part, so that widening their elements takes little memory.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "runtime/base/tensor.h"

namespace sardonyx {

/// First elements and counts of consecutive parts that make up the tensor.
inline std::vector<std::pair<int64_t, int64_t>> PartsOf(const Tensor& tensor) {
  constexpr int64_t kPart = 1 << 15;
  std::vector<std::pair<int64_t, int64_t>> parts;
  for (int64_t first = 0; first < tensor.size(); first += kPart) {
    parts.emplace_back(first, std::min(kPart, tensor.size() - first));
  }
  return parts;
}

/// That part, as a tensor of rank 1 that borrows the elements.
inline Tensor Part(Tensor tensor, int64_t first, int64_t count) {
  auto* data = static_cast<std::byte*>(tensor.raw());
  return Tensor::Borrow(tensor.type(), {count},
                        data + first * static_cast<int64_t>(ElementSize(tensor.type())), nullptr);
}

}  // namespace sardonyx
