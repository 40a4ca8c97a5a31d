#include "ops/common/caches.h"

#include <unistd.h>

#include <algorithm>

namespace sardonyx {
namespace {

int64_t SizeOr(int name, int64_t otherwise, int64_t least, int64_t most) {
  const int64_t size = sysconf(name);
  return std::clamp(size > 0 ? size : otherwise, least, most);
}

}  // namespace

const Caches& SystemCaches() {
  static const Caches caches = {
      .l1 = SizeOr(_SC_LEVEL1_DCACHE_SIZE, 32 << 10, 16 << 10, 256 << 10),
      .l2 = SizeOr(_SC_LEVEL2_CACHE_SIZE, 512 << 10, 128 << 10, 8 << 20),
  };
  return caches;
}

}  // namespace sardonyx
