// Lanes so long that threads share them: the same result, and an end when the run is stopped.
#include <catch2/catch.hpp>
#include <chrono>
#include <numeric>
#include <random>

#include "ops/index/parallel_sort.h"
#include "runtime/session/session.h"
#include "tests/graph_builder.h"
#include "tests/test_ops.h"

namespace sardonyx {
namespace {

/// Few different values, so that ties are many.
Tensor Noise(int64_t n) {
  Tensor tensor = *Tensor::Create(DataType::kInt32, {n});
  std::mt19937 random(5);
  for (int32_t& x : tensor.span<int32_t>()) x = static_cast<int32_t>(random() % 1000) - 500;
  return tensor;
}

TEST_CASE("TopK of a long lane is what sorting all of it gives", "[index]") {
  const int64_t n = 100'003;
  const Tensor x = Noise(n);
  const int32_t* value = x.data<int32_t>();
  for (const int64_t largest : {0, 1}) {
    std::vector<int64_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return largest ? value[a] > value[b] : value[a] < value[b];
    });
    for (const int64_t k : {int64_t{1}, int64_t{16'384}, int64_t{70'000}, n}) {
      for (const int threads : {1, 3}) {
        const auto result = RunOp("TopK", 11, {{"largest", {largest}}},
                                  {x, Tensor::Of<int64_t>({1}, {k})}, 2, "", threads);
        REQUIRE(result.ok());
        const auto indices = (*result)[1].tensor().span<int64_t>();
        CHECK(std::equal(indices.begin(), indices.end(), order.begin(), order.begin() + k));
      }
    }
  }
}

TEST_CASE("Unique of a long input is the same on any number of threads", "[index]") {
  const Tensor x = Noise(100'003);
  const auto one = RunOp("Unique", 11, {}, {x}, 4), three = RunOp("Unique", 11, {}, {x}, 4, "", 3);
  REQUIRE(one.ok());
  REQUIRE(three.ok());
  const Tensor& values = (*one)[0].tensor();
  REQUIRE(values.shape() == Shape{1000});
  for (int64_t i = 0; i < 1000; ++i) CHECK(values.data<int32_t>()[i] == i - 500);
  for (int i = 1; i < 4; ++i) {
    const auto a = (*one)[i].tensor().span<int64_t>(), b = (*three)[i].tensor().span<int64_t>();
    CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  }
}

TEST_CASE("a deadline ends a long sort soon", "[index]") {
  const int64_t n = 20'000'000;
  for (const char* op : {"TopK", "Unique"}) {
    GraphBuilder g;
    g.Input("x", Type::Tensor(DataType::kInt32, Shape{n}));
    if (op == std::string("TopK")) {
      g.Constant("k", Tensor::Of<int64_t>({1}, {n}));
      g.Node("TopK", {"x", "k"}, {"y", "i"});
    } else {
      g.Node("Unique", {"x"}, {"y"});
    }
    g.Output("y");
    const auto session = Session::Create(g.model());
    REQUIRE(session.ok());
    const Tensor x = *Tensor::Create(DataType::kInt32, {n});
    const RunControl control(RunControl::Clock::now() + std::chrono::milliseconds(5));
    const auto result = (*session)->Run({{"x", x}}, {.control = &control});
    CHECK(result.status().code() == absl::StatusCode::kDeadlineExceeded);
  }
}

}  // namespace
}  // namespace sardonyx
