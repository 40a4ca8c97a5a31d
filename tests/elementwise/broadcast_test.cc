#include "ops/common/broadcast.h"

#include <catch2/catch.hpp>

namespace sardonyx {
namespace {

TEST_CASE("dimensions collapse as far as every operand allows", "[elementwise]") {
  const Shape out({2, 3, 4}), same({2, 3, 4}), channel({3, 1}), row({4}), scalar;
  const auto rows = [&](std::initializer_list<const Shape*> operands) {
    return PlanBroadcast(out, absl::MakeConstSpan(operands.begin(), operands.size()))->sizes;
  };
  CHECK(rows({&same, &same}) == Ints{24});
  CHECK(rows({&same, &scalar}) == Ints{24});
  CHECK(rows({&same, &row}) == Ints{4, 6});
  CHECK(rows({&same, &channel}) == Ints{4, 3, 2});
}

TEST_CASE("a walk may begin and end inside rows", "[elementwise]") {
  const Shape out({2, 3, 4}), channel({3, 1});
  const Shape* operands[] = {&channel};
  const auto plan = PlanBroadcast(out, operands);
  REQUIRE(plan.ok());
  for (int64_t begin = 0; begin <= 24; ++begin) {
    for (int64_t end = begin; end <= 24; ++end) {
      int64_t next = begin;
      WalkRows(*plan, begin, end, [&](const int64_t* at, int64_t first, int64_t n) {
        REQUIRE(first == next);
        REQUIRE(n >= 1);
        REQUIRE(at[0] == first / 4 % 3);
        REQUIRE((first + n - 1) / 4 == first / 4);
        next += n;
      });
      REQUIRE(next == end);
    }
  }
}

TEST_CASE("a shape that does not broadcast is an error", "[elementwise]") {
  const Shape out({2, 3}), wrong({2}), longer({1, 2, 3});
  for (const Shape* shape : {&wrong, &longer}) {
    const Shape* operands[] = {shape};
    CHECK_FALSE(PlanBroadcast(out, operands).ok());
  }
}

}  // namespace
}  // namespace sardonyx
