// Sizes of this machine's caches, which decide how kernels cut their loops into blocks.
#pragma once

#include <cstdint>

namespace sardonyx {

struct Caches {
  int64_t l1 = 0;  // bytes of data cache of one core
  int64_t l2 = 0;
};

/// As the system reports them, or common sizes where it does not. Read once.
const Caches& SystemCaches();

}  // namespace sardonyx
