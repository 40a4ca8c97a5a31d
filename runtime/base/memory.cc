#include "runtime/base/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace sardonyx {
namespace {

// What a small block takes besides: what counts and frees it, its rounding, and the tensor that
// holds it. A sequence may be a million of these.
constexpr int64_t kBlockBytes = 512, kSmallBlock = 4096;

constexpr size_t kHugePage = size_t{2} << 20;

/// Large blocks lie in huge pages as far as they fill them: fewer faults when they are first
/// touched, and fewer misses of the TLB, which cost much in a virtual machine.
std::byte* Allocate(size_t bytes, std::align_val_t alignment) {
  void* memory = ::operator new(bytes, alignment, std::nothrow);
#ifdef MADV_HUGEPAGE
  if (memory != nullptr && bytes >= kHugePage) {
    madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);  // advice; without it, all works
  }
#endif
  return static_cast<std::byte*>(memory);
}

}  // namespace

Status MemoryBudget::Take(int64_t bytes) {
  const int64_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
  if (bytes > limit_ - before) {
    Give(bytes);
    return LimitExceeded("memory limit of ", limit_, " bytes reached: ", before, " in use and ",
                         bytes, " more needed");
  }
  int64_t peak = peak_.load(std::memory_order_relaxed);
  while (peak < before + bytes &&
         !peak_.compare_exchange_weak(peak, before + bytes, std::memory_order_relaxed)) {
  }
  return absl::OkStatus();
}

StatusOr<std::shared_ptr<void>> ReserveBytes(int64_t bytes,
                                             const std::shared_ptr<MemoryBudget>& budget) {
  if (bytes < 0) return InvalidArgument("allocation of ", bytes, " bytes");
  if (budget == nullptr) return nullptr;
  SX_RETURN_IF_ERROR(budget->Take(bytes));
  return std::shared_ptr<void>(nullptr, [budget, bytes](void*) { budget->Give(bytes); });
}

StatusOr<std::shared_ptr<std::byte>> AllocateBytes(int64_t bytes,
                                                   const std::shared_ptr<MemoryBudget>& budget) {
  const int64_t beside = bytes >= 0 && bytes < kSmallBlock ? kBlockBytes : 0;
  SX_ASSIGN_OR_RETURN(auto reserved, ReserveBytes(bytes + beside, budget));
  const size_t size = static_cast<size_t>(std::max<int64_t>(bytes, 1));
  const std::align_val_t alignment{size < kHugePage ? kAlignment : kHugePage};
  std::byte* memory = Allocate(size, alignment);
  if (memory == nullptr) {
    return LimitExceeded("the system has no memory for ", bytes, " bytes");
  }
  return std::shared_ptr<std::byte>(memory, [reserved = std::move(reserved), alignment](
                                                std::byte* p) { ::operator delete(p, alignment); });
}

}  // namespace sardonyx
