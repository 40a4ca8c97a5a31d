// Sizes of this machine's caches, which decide how kernels cut their loops into blocks.
#pragma once

#include <cstdint>

#include "ops/common/ceil.h"

namespace sardonyx {

struct Caches {
  int64_t l1 = 0;  // bytes of data cache of one core
  int64_t l2 = 0;
};

/// As the system reports them, or common sizes where it does not. Read once.
const Caches& SystemCaches();

/// At least `floats`, an odd number of cache lines: rows so far apart spread over the sets of L1.
constexpr int64_t OddLines(int64_t floats) { return (CeilDiv(floats, 16) | 1) * 16; }

}  // namespace sardonyx
