#include "runtime/base/memory.h"

#include <algorithm>
#include <new>

namespace sardonyx {

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
  SX_ASSIGN_OR_RETURN(auto reserved, ReserveBytes(bytes, budget));
  auto* memory =
      static_cast<std::byte*>(::operator new (static_cast<size_t>(std::max<int64_t>(bytes, 1)),
                                              std::align_val_t{kAlignment}, std::nothrow));
  if (memory == nullptr) {
    return LimitExceeded("the system has no memory for ", bytes, " bytes");
  }
  return std::shared_ptr<std::byte>(memory, [reserved = std::move(reserved)](std::byte* p) {
    ::operator delete (p, std::align_val_t{kAlignment});
  });
}

}  // namespace sardonyx
