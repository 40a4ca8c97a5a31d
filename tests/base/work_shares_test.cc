#include "runtime/base/work_shares.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace sardonyx {
namespace {

TEST_CASE("Shares cover all items once, each participant's own share first", "[threads]") {
  for (const int64_t items : {0, 1, 2, 7, 100}) {
    for (const int64_t shares : {1, 2, 3, 16, 40}) {
      WorkShares work(items, shares);
      std::vector<int> taken(static_cast<size_t>(items), 0);
      int64_t begin = 0, end = 0, last = -1;
      while (work.Take(0, 3, &begin, &end)) {
        CHECK(begin ==
              last + 1);  // participant 0 begins at the front and goes on from share to share
        for (int64_t i = begin; i < end; ++i) ++taken[static_cast<size_t>(i)];
        last = end - 1;
      }
      CHECK(work.empty());
      CHECK(std::count(taken.begin(), taken.end(), 1) == items);
    }
  }
  WorkShares halves(10, 2);
  int64_t begin = 0, end = 0;
  REQUIRE(halves.Take(1, 2, &begin, &end));
  CHECK(begin == 5);
  halves.Drop();
  CHECK_FALSE(halves.Take(0, 1, &begin, &end));
}

TEST_CASE("Threads that share work take every item once", "[threads]") {
  constexpr int64_t kItems = 100'000;
  constexpr int kThreads = 4;
  WorkShares work(kItems, kThreads);
  std::vector<std::vector<int64_t>> taken(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t item, end; work.Take(t, 7, &item, &end);) {
        for (; item < end; ++item) taken[static_cast<size_t>(t)].push_back(item);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<int> count(kItems, 0);
  for (const auto& items : taken) {
    for (const int64_t item : items) ++count[static_cast<size_t>(item)];
  }
  CHECK(std::count(count.begin(), count.end(), 1) == kItems);
}

}  // namespace
}  // namespace sardonyx
