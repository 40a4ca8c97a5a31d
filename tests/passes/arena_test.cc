#include "runtime/passes/arena.h"

#include <catch2/catch.hpp>
#include <random>

#include "runtime/base/memory.h"

namespace sardonyx {
namespace {

TEST_CASE("buffers that live at once never overlap", "[passes]") {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<Buffer> buffers;
    int64_t sum = 0;
    for (int i = 0; i < 60; ++i) {
      buffers.push_back({.bytes = static_cast<int64_t>(random() % 1000),
                         .first = i / 2,
                         .last = i / 2 + static_cast<int>(random() % 8)});
      sum += buffers.back().bytes + static_cast<int64_t>(kAlignment);
    }
    const int64_t end = PlaceBuffers(buffers);
    CHECK(end <= sum);
    for (size_t a = 0; a < buffers.size(); ++a) {
      CHECK(buffers[a].offset % static_cast<int64_t>(kAlignment) == 0);
      CHECK(buffers[a].offset + buffers[a].bytes <= end);
      for (size_t b = 0; b < a; ++b) {
        if (buffers[b].last < buffers[a].first) continue;
        const bool apart = buffers[a].offset + buffers[a].bytes <= buffers[b].offset ||
                           buffers[b].offset + buffers[b].bytes <= buffers[a].offset;
        if (!apart) FAIL("buffers " << a << " and " << b << " overlap");
      }
    }
  }
}

TEST_CASE("a chain of equal buffers takes two", "[passes]") {
  std::vector<Buffer> buffers;
  for (int i = 0; i < 10; ++i) buffers.push_back({.bytes = 256, .first = i, .last = i + 1});
  CHECK(PlaceBuffers(buffers) == 512);
}

}  // namespace
}  // namespace sardonyx
