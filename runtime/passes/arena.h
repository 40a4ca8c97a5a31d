// Placing buffers that live for a while in one block of memory.
#pragma once

#include <cstdint>
#include <vector>

namespace sardonyx {

/// A buffer that is in use from step `first` to step `last`, both included.
struct Buffer {
  int64_t bytes = 0;
  int first = 0;
  int last = 0;
  int64_t offset = -1;  // the result: bytes from the arena's start, a multiple of kAlignment
};

/// Gives each buffer an offset so that no two that live at the same time overlap; buffers must be
/// in order of `first`. Returns the bytes of the arena. Best fit among the free blocks, in order
/// of time (Knuth, The Art of Computer Programming 1, section 2.5).
int64_t PlaceBuffers(std::vector<Buffer>& buffers);

}  // namespace sardonyx
