// Items that several threads take as they get to them, each beginning with a share of its own.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace sardonyx {

/// Items [0, n) in shares of neighbours. Whoever takes some begins with its own share and then
/// helps with the others', so that what one thread computed for a layer it mostly reads in the
/// next, out of its own caches, and no thread is waited for that has not come. Thread-safe.
class WorkShares {
 public:
  static constexpr int kMostShares = 16;

  WorkShares(int64_t n, int64_t shares)
      : count_(static_cast<int>(std::clamp<int64_t>(shares, 1, kMostShares))) {
    for (int64_t i = 0, begin = 0; i < count_; ++i) {
      const int64_t end = begin + n / count_ + (i < n % count_ ? 1 : 0);
      shares_[i].next.store(begin, std::memory_order_relaxed);
      shares_[i].end = begin = end;
    }
  }

  /// Up to `grain` items, [begin, end), for a participant, counted from 0; false where none is
  /// left.
  bool Take(int64_t participant, int64_t grain, int64_t* begin, int64_t* end) {
    for (int i = 0; i < count_; ++i) {
      Share& share = shares_[(participant + i) % count_];
      if (share.next.load(std::memory_order_relaxed) >= share.end) continue;
      *begin = share.next.fetch_add(grain, std::memory_order_relaxed);
      *end = std::min(*begin + grain, share.end);
      if (*begin < *end) return true;
    }
    return false;
  }

  bool empty() const {
    return std::none_of(shares_.begin(), shares_.begin() + count_, [](const Share& share) {
      return share.next.load(std::memory_order_relaxed) < share.end;
    });
  }

  /// Leaves out what nobody has taken yet.
  void Drop() {
    for (int i = 0; i < count_; ++i) {
      shares_[i].next.store(shares_[i].end, std::memory_order_relaxed);
    }
  }

 private:
  struct alignas(64) Share {  // a cache line each
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };

  std::array<Share, kMostShares> shares_;
  int count_;
};

}  // namespace sardonyx
