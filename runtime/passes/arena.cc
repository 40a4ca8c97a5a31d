#include "runtime/passes/arena.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "runtime/base/memory.h"

namespace sardonyx {
namespace {

constexpr int64_t kAlign = static_cast<int64_t>(kAlignment);

/// The free blocks of an arena that grows at its end.
class FreeList {
 public:
  int64_t Take(int64_t bytes) {
    const auto best = by_size_.lower_bound({bytes, 0});
    if (best != by_size_.end()) {
      const auto [size, offset] = *best;
      Remove(offset, size);
      if (size > bytes) Add(offset + bytes, size - bytes);
      return offset;
    }
    int64_t offset = end_;
    if (!by_offset_.empty()) {  // a block at the end grows instead of lying idle
      const auto [last, size] = *by_offset_.rbegin();
      if (last + size == end_) {
        offset = last;
        Remove(last, size);
      }
    }
    end_ = offset + bytes;
    return offset;
  }

  void Give(int64_t offset, int64_t bytes) {
    const auto next = by_offset_.lower_bound(offset);
    if (next != by_offset_.end() && offset + bytes == next->first) {
      bytes += next->second;
      Remove(next->first, next->second);
    }
    const auto after = by_offset_.lower_bound(offset);
    if (after != by_offset_.begin()) {
      const auto before = std::prev(after);
      if (before->first + before->second == offset) {
        offset = before->first;
        bytes += before->second;
        Remove(before->first, before->second);
      }
    }
    Add(offset, bytes);
  }

  int64_t end() const { return end_; }

 private:
  void Add(int64_t offset, int64_t bytes) {
    by_size_.emplace(bytes, offset);
    by_offset_.emplace(offset, bytes);
  }
  void Remove(int64_t offset, int64_t bytes) {
    by_size_.erase({bytes, offset});
    by_offset_.erase(offset);
  }

  std::set<std::pair<int64_t, int64_t>> by_size_;  // {bytes, offset}
  std::map<int64_t, int64_t> by_offset_;
  int64_t end_ = 0;
};

}  // namespace

int64_t PlaceBuffers(std::vector<Buffer>& buffers) {
  FreeList free;
  std::multimap<int, const Buffer*> ends;  // live buffers by their last step
  for (Buffer& buffer : buffers) {
    while (!ends.empty() && ends.begin()->first < buffer.first) {
      const Buffer& dead = *ends.begin()->second;
      free.Give(dead.offset, (dead.bytes + kAlign - 1) / kAlign * kAlign);
      ends.erase(ends.begin());
    }
    const int64_t bytes = (std::max<int64_t>(buffer.bytes, 1) + kAlign - 1) / kAlign * kAlign;
    buffer.bytes = bytes;
    buffer.offset = free.Take(bytes);
    ends.emplace(buffer.last, &buffer);
  }
  return free.end();
}

}  // namespace sardonyx
