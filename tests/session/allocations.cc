#include "tests/session/allocations.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#ifdef SARDONYX_COUNTS_ALLOCATIONS

namespace {

std::atomic<int64_t> allocations{0}, live{0};
std::atomic<int64_t> until_failure{-1};
std::atomic<bool> has_failed{false};

/// Null where it is to fail, or there is no memory.
void* Allocate(size_t size, size_t alignment) {
  ++allocations;
  if (until_failure >= 0 && until_failure.fetch_sub(1) == 0) {
    has_failed = true;
    return nullptr;
  }
  const size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory != nullptr) ++live;
  return memory;
}

void* AllocateOrThrow(size_t size, size_t alignment) {
  void* memory = Allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void Free(void* memory) {
  if (memory != nullptr) --live;
  std::free(memory);
}

}  // namespace

// The other forms call these.
void* operator new(size_t size) { return AllocateOrThrow(size, alignof(std::max_align_t)); }
void* operator new(size_t size, std::align_val_t alignment) {
  return AllocateOrThrow(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return Allocate(size, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept { Free(memory); }
void operator delete(void* memory, size_t) noexcept { Free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { Free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { Free(memory); }

namespace sardonyx {

int64_t Allocations() { return allocations; }
int64_t LiveAllocations() { return live; }

bool FailAllocationAfter(int64_t n) {
  until_failure = n;
  return has_failed.exchange(false);
}

}  // namespace sardonyx

#endif
