// Strided copies against plain index arithmetic, over random shapes, types and thread counts.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <random>

#include "runtime/session/session.h"
#include "tests/graph_builder.h"
#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

using Random = std::mt19937;

int64_t Pick(Random& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

/// A tensor of that type whose elements all differ, as far as the type allows.
Tensor Distinct(DataType type, const Shape& shape) {
  Tensor tensor = *Tensor::Create(type, shape);
  for (int64_t i = 0; i < tensor.size(); ++i) {
    if (type == DataType::kString) {
      tensor.data<std::string>()[i] = std::to_string(i);
    } else {
      std::memcpy(tensor.data<char>() + i * ElementSize(type), &i,
                  std::min(ElementSize(type), sizeof(i)));
    }
  }
  return tensor;
}

bool SameElement(const Tensor& a, int64_t i, const Tensor& b, int64_t j) {
  if (a.type() == DataType::kString) return a.data<std::string>()[i] == b.data<std::string>()[j];
  const size_t size = ElementSize(a.type());
  return std::memcmp(a.data<char>() + i * size, b.data<char>() + j * size, size) == 0;
}

/// Position `flat` of a shape as one index per axis.
Ints IndexOf(const Shape& shape, int64_t flat) {
  Ints index(shape.rank());
  for (int i = shape.rank() - 1; i >= 0; --i) {
    index[i] = flat % shape[i];
    flat /= shape[i];
  }
  return index;
}

constexpr DataType kTypes[] = {DataType::kUInt8, DataType::kFloat16,    DataType::kFloat,
                               DataType::kInt64, DataType::kComplex128, DataType::kString};

TEST_CASE("Transpose moves every element to its place", "[shape]") {
  Random random(1);
  int64_t checked = 0;
  for (int round = 0; round < 120; ++round) {
    const int rank = static_cast<int>(Pick(random, 0, 5));
    Shape shape;
    for (int i = 0; i < rank; ++i) shape.push_back(Pick(random, 1, rank < 3 ? 90 : 11));
    std::vector<int64_t> perm(rank);
    for (int i = 0; i < rank; ++i) perm[i] = i;
    std::shuffle(perm.begin(), perm.end(), random);
    const Tensor x = Distinct(kTypes[round % 6], shape);
    const auto result = RunOp("Transpose", 13, {{"perm", IntList(perm)}}, {x}, 1, "",
                              static_cast<int>(Pick(random, 1, 3)));
    REQUIRE(result.ok());
    const Tensor& y = result->front().tensor();
    const Ints strides = shape.Strides();
    int64_t wrong = 0;
    for (int64_t flat = 0; flat < y.size(); ++flat, ++checked) {
      const Ints index = IndexOf(y.shape(), flat);
      int64_t source = 0;
      for (int i = 0; i < rank; ++i) source += index[i] * strides[perm[i]];
      wrong += !SameElement(y, flat, x, source);
    }
    CHECK(wrong == 0);
  }
  CHECK(checked > 10000);
}

TEST_CASE("Slice takes the elements that a loop would", "[shape]") {
  Random random(2);
  for (int round = 0; round < 200; ++round) {
    const int rank = static_cast<int>(Pick(random, 1, 4));
    Shape shape;
    std::vector<int64_t> starts, ends, steps;
    std::vector<std::vector<int64_t>> places(rank);
    for (int i = 0; i < rank; ++i) {
      shape.push_back(Pick(random, 0, 9));
      starts.push_back(Pick(random, -12, 12));
      ends.push_back(Pick(random, -12, 12));
      steps.push_back(Pick(random, 1, 4) * (Pick(random, 0, 1) == 0 ? 1 : -1));
      // As the specification words it: clamp, then step.
      const int64_t n = shape[i];
      const bool up = steps[i] > 0;
      int64_t at = starts[i] < 0 ? starts[i] + n : starts[i];
      int64_t end = ends[i] < 0 ? ends[i] + n : ends[i];
      at = std::min(std::max<int64_t>(at, 0), up ? n : n - 1);
      end = std::min(std::max<int64_t>(end, up ? 0 : -1), up ? n : n - 1);
      for (; up ? at < end : at > end; at += steps[i]) places[i].push_back(at);
    }
    const Tensor x = Distinct(kTypes[round % 6], shape);
    std::vector<int64_t> axes(rank);
    for (int i = 0; i < rank; ++i) axes[i] = i;
    const auto result =
        RunOp("Slice", 13, {}, {x, Longs(starts), Longs(ends), Longs(axes), Longs(steps)});
    REQUIRE(result.ok());
    const Tensor& y = result->front().tensor();
    for (int i = 0; i < rank; ++i) {
      REQUIRE(y.dim(i) == static_cast<int64_t>(places[i].size()));
    }
    const Ints strides = shape.Strides();
    int64_t wrong = 0;
    for (int64_t flat = 0; flat < y.size(); ++flat) {
      const Ints index = IndexOf(y.shape(), flat);
      int64_t source = 0;
      for (int i = 0; i < rank; ++i) source += places[i][index[i]] * strides[i];
      wrong += !SameElement(y, flat, x, source);
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("Concat undoes Split", "[shape]") {
  Random random(3);
  for (int round = 0; round < 60; ++round) {
    Shape shape;
    const int rank = static_cast<int>(Pick(random, 1, 4));
    for (int i = 0; i < rank; ++i) shape.push_back(Pick(random, 1, 12));
    const int64_t axis = Pick(random, -rank, rank - 1);
    const int64_t size = shape[static_cast<int>(axis < 0 ? axis + rank : axis)];
    const int64_t cut = Pick(random, 0, size);
    const Tensor x = Distinct(kTypes[round % 6], shape);
    const auto parts =
        RunOp("Split", 13, {{"axis", Int(axis)}}, {x, Longs({cut, size - cut})}, 2, "", 2);
    REQUIRE(parts.ok());
    const auto whole = RunOp("Concat", 13, {{"axis", Int(axis)}}, *parts, 1, "", 2);
    REQUIRE(whole.ok());
    const Tensor& y = whole->front().tensor();
    REQUIRE(y.shape() == x.shape());
    int64_t wrong = 0;
    for (int64_t i = 0; i < x.size(); ++i) wrong += !SameElement(x, i, y, i);
    CHECK(wrong == 0);
  }
}

TEST_CASE("a large transpose and a large copy are the same on any number of threads", "[shape]") {
  const Tensor x = Distinct(DataType::kFloat, {3, 500, 700});
  for (int threads : {1, 2, 5}) {
    const auto y = RunOp("Transpose", 13, {{"perm", IntList({0, 2, 1})}}, {x}, 1, "", threads);
    REQUIRE(y.ok());
    const auto back = RunOp("Transpose", 13, {{"perm", IntList({0, 2, 1})}}, *y, 1, "", threads);
    REQUIRE(back.ok());
    CHECK(y->front().tensor().data<uint32_t>()[1] == 700);
    CHECK(std::memcmp(back->front().tensor().raw(), x.raw(), x.bytes()) == 0);
  }
}

TEST_CASE("planes become pixels and pixels planes", "[shape]") {
  for (const int64_t planes : {2, 3, 4}) {
    const Tensor x = Distinct(DataType::kFloat, {2, planes, 67, 103});
    const auto y = RunOp("Transpose", 13, {{"perm", IntList({0, 2, 3, 1})}}, {x}, 1, "", 2);
    REQUIRE(y.ok());
    const uint32_t* pixel = y->front().tensor().data<uint32_t>();
    int64_t wrong = 0;
    for (int64_t i = 0; i < 2 * 67 * 103; ++i) {
      const int64_t image = i / (67 * 103), place = i % (67 * 103);
      for (int64_t p = 0; p < planes; ++p) {
        wrong += *pixel++ != (image * planes + p) * 67 * 103 + place;
      }
    }
    CHECK(wrong == 0);
    const auto back = RunOp("Transpose", 13, {{"perm", IntList({0, 3, 1, 2})}}, *y, 1, "", 2);
    REQUIRE(back.ok());
    CHECK(std::memcmp(back->front().tensor().raw(), x.raw(), x.bytes()) == 0);
  }
}

TEST_CASE("Transpose refuses what is no permutation", "[shape]") {
  for (const std::vector<int64_t>& perm :
       std::vector<std::vector<int64_t>>{{0}, {0, 0}, {0, 2}, {0, 1, 2}}) {
    CHECK(Outcome("Transpose", 13, {{"perm", IntList(perm)}}, {Counted({2, 3})})
              .rfind("error: ", 0) == 0);
  }
}

TEST_CASE("a Pad by nothing is removed", "[shape]") {
  const auto layers = [](std::vector<int64_t> pads) {
    GraphBuilder builder;
    builder.Input("x", Type::Tensor(DataType::kFloat, Shape{2, 3}));
    builder.Constant("pads", Longs(std::move(pads)).tensor());
    builder.Node("Pad", {"x", "pads"}, {"padded"});
    builder.Node("Neg", {"padded"}, {"y"});
    builder.Output("y");
    auto session = Session::Create(builder.model());
    REQUIRE(session.ok());
    return (*session)->Describe()->layers.size();
  };
  CHECK(layers({0, 0, 0, 0}) == 1);
  CHECK(layers({0, 0, 0, 1}) == 2);
}

}  // namespace
}  // namespace sardonyx
