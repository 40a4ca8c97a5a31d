// Tables of small cases for the operators of indices, with values worked out by hand.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

void Check(const std::vector<OpCase>& cases) {
  for (const OpCase& c : cases) CHECK(Fault(c) == "");
}
Attributes Axis(int64_t axis) { return {{"axis", Int(axis)}}; }
Attributes Reduce(const char* how) { return {{"reduction", Text(how)}}; }

TEST_CASE("Gather, GatherElements, GatherND", "[index]") {
  const Value x = Counted({2, 3});
  const Value narrow = Tensor::Of<int32_t>({2}, {-1, 0});
  const Attributes batched = {{"batch_dims", Int(1)}};
  Check({
      {"Gather", 13, {}, {x, Longs({1, 0})}, "[2,3] 3 4 5 0 1 2"},
      {"Gather", 13, Axis(1), {x, narrow}, "[2,2] 2 0 5 3"},
      {"Gather", 1, Axis(-1), {x, Longs({}, {1})}, "[2] 1 4"},
      {"Gather", 13, {}, {x, Longs({0, 2}, {})}, "[0,2,3]"},
      {"Gather", 13, {}, {Strings({2}, {"a", "b"}), Longs({1})}, "[1] b"},
      {"Gather", 13, {}, {x, Longs({2})}, "error: index 2 is outside [-2,1]"},
      {"Gather", 13, {}, {x, Longs({0, kMin})}, "error: outside"},
      {"Gather", 13, {}, {Counted({0}), Longs({0})}, "error: outside"},
      {"Gather", 13, Axis(2), {x, Longs({0})}, "error: axis 2"},
      {"Gather", 13, {}, {Reals({}, {1}), Longs({0})}, "error: axis 0"},
      {"Gather", 13, {}, {x, Reals({1}, {0})}, "error: int32 or int64"},
      {"GatherElements", 13, Axis(1), {x, Longs({2, 2}, {2, 0, -1, 1})}, "[2,2] 2 0 5 4"},
      {"GatherElements", 13, {}, {x, Longs({1, 3}, {1, 0, -2})}, "[1,3] 3 1 2"},
      {"GatherElements", 13, {}, {x, Longs({1, 2}, {1, 1})}, "[1,2] 3 4"},
      {"GatherElements", 13, {}, {x, Longs({1, 4}, {0, 0, 0, 0})}, "error: larger than data"},
      {"GatherElements", 13, {}, {x, Longs({1})}, "error: differ in rank"},
      {"GatherElements", 13, {}, {x, Longs({1, 1}, {2})}, "error: outside"},
      {"GatherND", 13, {}, {x, Longs({2, 2}, {0, 1, -1, -1})}, "[2] 1 5"},
      {"GatherND", 13, {}, {x, Longs({1, 1}, {1})}, "[1,3] 3 4 5"},
      {"GatherND", 13, batched, {x, Longs({2, 1}, {2, 0})}, "[2] 2 3"},
      {"GatherND", 13, {}, {x, Longs({1, 3}, {0, 0, 0})}, "error: name 3 axes"},
      {"GatherND", 13, {}, {x, Longs({1, 2}, {0, 3})}, "error: outside"},
      {"GatherND", 13, {}, {x, Longs({1, 2}, {kMax, 0})}, "error: outside"},
      {"GatherND", 13, batched, {x, Longs({3, 1}, {0, 0, 0})}, "error: differ in batch"},
      {"GatherND", 13, {{"batch_dims", Int(2)}}, {x, Longs({2, 3}, {0, 0, 0, 0, 0, 0})}, "error: "},
      {"GatherND", 13, {{"batch_dims", Int(-1)}}, {x, Longs({1, 1}, {0})}, "error: batch_dims"},
      {"GatherND", 13, {}, {x, Longs({}, {0})}, "error: rank 1 or more"},
      {"GatherND", 13, {}, {x, Longs({1, 0}, {})}, "error: name 0 axes"},
  });
}

TEST_CASE("Scatter, ScatterElements, ScatterND", "[index]") {
  const Value x = Counted({3});
  const Value twice = Longs({1, -2});
  const Value ten = Reals({2}, {10, 20});
  Check({
      {"Scatter", 9, {}, {x, Longs({2, 0}), ten}, "[3] 20 1 10"},
      {"ScatterElements", 13, {}, {x, Longs({-1, 0}), ten}, "[3] 20 1 10"},
      {"ScatterElements",
       13,
       Axis(1),
       {Counted({2, 2}), Longs({1, 1}, {1}), Reals({1, 1}, {9})},
       "[2,2] 0 9 2 3"},
      {"ScatterElements",
       13,
       Axis(0),
       {Counted({2, 2}), Longs({1, 2}, {1, 0}), Reals({1, 2}, {8, 9})},
       "[2,2] 0 9 8 3"},
      {"ScatterElements", 18, {}, {x, twice, ten}, "[3] 0 20 2"},
      {"ScatterElements", 18, Reduce("add"), {x, twice, ten}, "[3] 0 31 2"},
      {"ScatterElements", 18, Reduce("mul"), {x, twice, ten}, "[3] 0 200 2"},
      {"ScatterElements", 18, Reduce("max"), {x, twice, ten}, "[3] 0 20 2"},
      {"ScatterElements", 18, Reduce("min"), {x, twice, ten}, "[3] 0 1 2"},
      {"ScatterElements", 18, Reduce("max"), {x, Longs({0}), Reals({1}, {kNan})}, "[3] nan 1 2"},
      {"ScatterElements",
       18,
       Reduce("add"),
       {Longs({kMax}), Longs({0}), Longs({1})},
       "[1] -9.22337e+18"},
      {"ScatterElements", 18, {}, {x, Longs({0}, {}), Reals({0}, {})}, "[3] 0 1 2"},
      {"ScatterElements", 13, {}, {Strings({1}, {"a"}), Longs({0}), Strings({1}, {"b"})}, "[1] b"},
      {"ScatterElements", 16, Reduce("max"), {x, twice, ten}, "error: reduction is 'max'"},
      {"ScatterElements", 13, Reduce("add"), {x, twice, ten}, "error: 'reduction' is unknown"},
      {"ScatterElements", 13, {}, {x, Longs({3, 0}), ten}, "error: index 3"},
      {"ScatterElements", 13, {}, {x, Longs({0}), ten}, "error: differ in shape"},
      {"ScatterElements", 13, {}, {x, Longs({1, 1}, {0}), ten}, "error: differ in rank"},
      {"ScatterElements", 13, {}, {x, Longs({0}), Longs({5})}, "error: updates int64"},
      {"ScatterElements",
       13,
       Axis(1),
       {Counted({1, 2}), Longs({2, 1}, {0, 0}), Reals({2, 1}, {1, 1})},
       "error: larger than data"},
      {"ScatterND", 13, {}, {x, Longs({2, 1}, {2, -3}), ten}, "[3] 20 1 10"},
      {"ScatterND",
       13,
       {},
       {Counted({2, 2}), Longs({1, 1}, {1}), Reals({1, 2}, {8, 9})},
       "[2,2] 0 1 8 9"},
      {"ScatterND", 18, Reduce("add"), {x, Longs({2, 1}, {1, 1}), ten}, "[3] 0 31 2"},
      {"ScatterND", 18, Reduce("min"), {x, Longs({2, 1}, {2, 2}), ten}, "[3] 0 1 2"},
      {"ScatterND", 13, {}, {x, Longs({2, 1}, {2, 3}), ten}, "error: index 3"},
      {"ScatterND", 13, {}, {x, Longs({1, 1}, {2}), ten}, "error: updates have shape"},
      {"ScatterND", 13, {}, {x, Longs({1, 2}, {0, 0}), Reals({1}, {1})}, "error: name 2 axes"},
  });
}

TEST_CASE("TensorScatter writes a cache in place of its oldest or given steps", "[index]") {
  const Value cache = Counted({1, 3, 1}), one = Reals({1, 1, 1}, {9});
  const Value two = Reals({1, 2, 1}, {8, 9});
  const Attributes circular = {{"mode", Text("circular")}};
  Check({
      {"TensorScatter", 24, {}, {cache, one}, "[1,3,1] 9 1 2"},
      {"TensorScatter", 24, {}, {cache, two, Longs({1})}, "[1,3,1] 0 8 9"},
      {"TensorScatter", 24, circular, {cache, two, Longs({2})}, "[1,3,1] 9 1 8"},
      {"TensorScatter", 24, circular, {cache, one, Longs({kMax})}, "[1,3,1] 0 9 2"},
      {"TensorScatter", 24, {}, {cache, two, Longs({2})}, "error: cache holds 3"},
      {"TensorScatter", 24, {}, {cache, two, Longs({-1})}, "error: write_indices has -1"},
      {"TensorScatter", 24, {}, {cache, Counted({1, 4, 1})}, "error: does not fit"},
      {"TensorScatter", 24, Axis(0), {cache, one}, "error: batch"},
      {"TensorScatter", 24, {}, {cache, one, Longs({0, 0})}, "error: batch of 1"},
  });
}

TEST_CASE("NonZero and Compress", "[index]") {
  const Value x = Counted({2, 3});
  Check({
      {"NonZero", 13, {}, {Reals({2, 2}, {1, 0, -0.0f, kNan})}, "[2,2] 0 1 0 1"},
      {"NonZero", 13, {}, {Bools({true, false, true})}, "[1,2] 0 2"},
      {"NonZero", 13, {}, {Reals({}, {5})}, "[0,1]"},
      {"NonZero", 13, {}, {Counted({0, 2})}, "[2,0]"},
      {"NonZero", 13, {}, {Strings({2}, {"", "a"})}, "[1,1] 1"},
      {"NonZero", 13, {}, {Tensor::Of<Half>({2}, {Half(-0.0f), Half(2.0f)})}, "[1,1] 1"},
      {"Compress", 11, {}, {x, Bools({false, true, false, false, true})}, "[2] 1 4"},
      {"Compress", 11, Axis(0), {x, Bools({false, true})}, "[1,3] 3 4 5"},
      {"Compress", 11, Axis(-1), {x, Bools({true, false, true})}, "[2,2] 0 2 3 5"},
      {"Compress", 11, Axis(1), {x, Bools({false})}, "[2,0]"},
      {"Compress", 11, Axis(0), {x, Bools({false, true, false})}, "[1,3] 3 4 5"},
      {"Compress", 11, Axis(0), {x, Bools({false, true, true})}, "error: chooses element 2"},
      {"Compress", 11, Axis(2), {x, Bools({true})}, "error: axis 2"},
      {"Compress", 11, {}, {x, Longs({1})}, "error: not bool"},
  });
}

TEST_CASE("TopK", "[index]") {
  const Value x = Reals({2, 3}, {1, 3, 2, 5, 4, 5});
  const Attributes smallest = {{"largest", Int(0)}};
  Check({
      {"TopK", 11, {}, {x, Longs({2})}, "[2,2] 3 2 5 5; [2,2] 1 2 0 2", 2},
      {"TopK", 11, smallest, {x, Longs({2})}, "[2,2] 1 2 4 5; [2,2] 0 2 1 0", 2},
      {"TopK", 11, Axis(0), {x, Longs({1})}, "[1,3] 5 4 5; [1,3] 1 1 1", 2},
      {"TopK", 1, {{"k", Int(1)}}, {x}, "[2,1] 3 5; [2,1] 1 0", 2},
      {"TopK", 10, {}, {x, Longs({0})}, "[2,0]; [2,0]", 2},
      {"TopK",
       11,
       {},
       {Reals({4}, {kNan, kInf, -kInf, 0}), Longs({3})},
       "[3] nan inf 0; [3] 0 1 3",
       2},
      {"TopK",
       11,
       smallest,
       {Reals({3}, {kNan, -kInf, 0}), Longs({3})},
       "[3] -inf 0 nan; [3] 1 2 0",
       2},
      {"TopK", 11, {}, {Reals({2}, {-0.0f, 0}), Longs({2})}, "[2] -0 0; [2] 0 1", 2},
      {"TopK", 11, {}, {Longs({kMin, kMax, -1}), Longs({2})}, "[2] 9.22337e+18 -1; [2] 1 2", 2},
      {"TopK", 11, {}, {x, Longs({4})}, "error: has only 3", 2},
      {"TopK", 11, {}, {x, Longs({-1})}, "error: K is -1", 2},
      {"TopK", 11, {}, {x, Longs({1, 1})}, "error: K must have one", 2},
      {"TopK", 11, Axis(2), {x, Longs({1})}, "error: axis 2", 2},
      {"TopK", 11, {}, {x}, "error: 'K'", 2},
  });
}

TEST_CASE("Unique", "[index]") {
  const Value x = Reals({6}, {2, 1, 1, 3, 4, 3});
  const Value rows = Reals({3, 2}, {1, 0, 1, 0, 0, 5});
  const Attributes unsorted = {{"sorted", Int(0)}};
  Check({
      {"Unique", 11, {}, {x}, "[4] 1 2 3 4; [4] 1 0 3 4; [6] 1 0 0 2 3 2; [4] 2 1 2 1", 4},
      {"Unique", 11, unsorted, {x}, "[4] 2 1 3 4; [4] 0 1 3 4; [6] 0 1 1 2 3 2; [4] 1 2 2 1", 4},
      {"Unique", 11, Axis(0), {rows}, "[2,2] 0 5 1 0; [2] 2 0; [3] 1 1 0; [2] 1 2", 4},
      {"Unique",
       11,
       Axis(-1),
       {Reals({1, 3}, {7, 6, 7})},
       "[1,2] 6 7; [2] 1 0; [3] 1 0 1; [2] 1 2",
       4},
      {"Unique",
       11,
       {},
       {Reals({3}, {kNan, 1, kNan})},
       "[2] 1 nan; [2] 1 0; [3] 1 0 1; [2] 1 2",
       4},
      {"Unique", 11, {}, {Strings({3}, {"b", "a", "b"})}, "[2] a b", 1},
      {"Unique", 11, {}, {Counted({0})}, "[0]; [0]; [0]; [0]", 4},
      {"Unique", 11, {}, {Reals({}, {4})}, "[1] 4; [1] 0; [1] 0; [1] 1", 4},
      {"Unique", 11, Axis(1), {x}, "error: axis 1", 4},
  });
}

TEST_CASE("indices on several threads: the first bad one is named, good ones agree", "[index]") {
  std::vector<int64_t> places(300000);
  for (size_t i = 0; i < places.size(); ++i) places[i] = static_cast<int64_t>(i * 7919 % 1000);
  const Value data = Counted({1000, 3});
  const auto one = RunOp("Gather", 13, {}, {data, Longs(places)}, 1, "", 1);
  const auto many = RunOp("Gather", 13, {}, {data, Longs(places)}, 1, "", 4);
  REQUIRE(one.ok());
  REQUIRE(many.ok());
  const auto a = one->front().tensor().span<float>(), b = many->front().tensor().span<float>();
  CHECK(std::equal(a.begin(), a.end(), b.begin()));
  CHECK(a[3] == 3 * 919);
  places[200000] = 1000;
  places[250000] = 1001;
  const auto bad = RunOp("Gather", 13, {}, {data, Longs(places)}, 1, "", 1);
  CHECK(std::string(bad.status().message()).find("index 1000 is outside") != std::string::npos);
}

}  // namespace
}  // namespace sardonyx
