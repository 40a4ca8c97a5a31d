// Objects that applications hold by handles which may outlive them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace sardonyx {

/// Hands out handles of type H* that are no addresses and never come twice: one that was released
/// is known as such. Thread-safe; whoever got an object keeps it, whatever becomes of its handle.
template <typename H, typename T>
class Handles {
 public:
  H* Add(std::shared_ptr<T> object) {
    std::lock_guard lock(mutex_);
    next_ += kStep;
    objects_.emplace(next_, std::move(object));
    return reinterpret_cast<H*>(next_);
  }
  /// Null for null and for a handle that was released.
  std::shared_ptr<T> Get(const H* handle) const {
    std::lock_guard lock(mutex_);
    const auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
    return found == objects_.end() ? nullptr : found->second;
  }
  void Release(const H* handle) {
    std::shared_ptr<T> last;  // destroyed without the lock
    std::lock_guard lock(mutex_);
    const auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
    if (found == objects_.end()) return;
    last = std::move(found->second);
    objects_.erase(found);
  }

 private:
  static constexpr uintptr_t kStep = 64;

  mutable std::mutex mutex_;  // guards the rest
  uintptr_t next_ = 0;
  std::unordered_map<uintptr_t, std::shared_ptr<T>> objects_;
};

}  // namespace sardonyx
