// Accounting of the memory that a model asks for.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "runtime/base/status.h"

namespace sardonyx {

/// Alignment of every tensor's first byte: one cache line, one AVX-512 register.
inline constexpr size_t kAlignment = 64;

/// A ceiling on bytes held at once, shared by everything that one session allocates. Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t limit = std::numeric_limits<int64_t>::max()) : limit_(limit) {}

  /// Counts `bytes` in, or refuses naming the limit.
  Status Take(int64_t bytes);
  void Give(int64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  int64_t limit() const { return limit_; }
  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  int64_t peak() const { return peak_.load(std::memory_order_relaxed); }

 private:
  const int64_t limit_;
  std::atomic<int64_t> used_{0};
  std::atomic<int64_t> peak_{0};
};

/// Counts `bytes` that somebody else allocates in `budget` (may be null) for as long as the result
/// lives. Errors: negative, over the budget.
StatusOr<std::shared_ptr<void>> ReserveBytes(int64_t bytes,
                                             const std::shared_ptr<MemoryBudget>& budget);

/// `bytes` (may be 0) of uninitialised memory aligned to kAlignment, counted in `budget` (may be
/// null) for as long as it lives. Errors: over the budget, or the system has no more.
StatusOr<std::shared_ptr<std::byte>> AllocateBytes(int64_t bytes,
                                                   const std::shared_ptr<MemoryBudget>& budget);

}  // namespace sardonyx
