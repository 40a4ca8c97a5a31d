#include "runtime/base/thread_pool.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace sardonyx {
namespace {

TEST_CASE("ParallelFor covers every item once", "[base]") {
  const RunControl control;
  for (int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (int64_t n : {0, 1, 7, 1000, 100'000}) {
      for (double cost : {0.1, 100.0, 1e6}) {
        if (cost * static_cast<double>(n) > 1e9) continue;
        std::vector<int> seen(n, 0);
        REQUIRE(pool.ParallelFor(n, cost, control,
                                 [&](int64_t begin, int64_t end) {
                                   for (int64_t i = begin; i < end; ++i) ++seen[i];
                                 })
                    .ok());
        CHECK(std::count(seen.begin(), seen.end(), 1) == n);
      }
    }
  }
}

TEST_CASE("several callers share a pool, and calls may be nested", "[base]") {
  ThreadPool pool(3);
  const RunControl control;
  std::atomic<int64_t> total{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        const Status status = pool.ParallelTasks(6, control, [&](int64_t) {
          (void)pool.ParallelFor(100, 1000, control,
                                 [&](int64_t begin, int64_t end) { total.fetch_add(end - begin); });
        });
        if (!status.ok()) total.fetch_add(1);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(total == 4 * 20 * 6 * 100);
}

TEST_CASE("a stopped run leaves the rest out and says so", "[base]") {
  ThreadPool pool(2);
  RunControl control;
  std::atomic<int64_t> done{0};
  const Status status = pool.ParallelFor(1'000'000, 1e6, control, [&](int64_t begin, int64_t end) {
    done.fetch_add(end - begin);
    control.Stop();
  });
  CHECK(status.code() == absl::StatusCode::kCancelled);
  CHECK(done < 1000);
}

}  // namespace
}  // namespace sardonyx
