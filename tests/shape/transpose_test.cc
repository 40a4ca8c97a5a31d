#include <catch2/catch.hpp>
#include <numeric>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

using Perm = std::vector<int64_t>;

/// Transposes 0, 1, 2, ... in that shape.
StatusOr<std::vector<Value>> Transpose(Shape shape,
                                       const std::map<std::string, Attribute>& attributes) {
  std::vector<float> values(static_cast<size_t>(shape.Elements()));
  std::iota(values.begin(), values.end(), 0.0f);
  const Tensor data = Tensor::Of<float>(std::move(shape), absl::MakeConstSpan(values));
  return RunOp("Transpose", 13, attributes, {data});
}

}  // namespace

TEST_CASE("Transpose makes output axis i of input axis perm[i]", "[transpose]") {
  const auto result = Transpose({2, 3, 4}, {{"perm", {Perm{2, 0, 1}}}});
  REQUIRE(result.ok());
  const Tensor& y = (*result)[0].tensor();
  REQUIRE(y.shape() == Shape{4, 2, 3});
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 2; ++j) {
      for (int k = 0; k < 3; ++k) CHECK(y.data<float>()[(i * 2 + j) * 3 + k] == j * 12 + k * 4 + i);
    }
  }
}

TEST_CASE("Transpose reverses the axes where no perm is given", "[transpose]") {
  const auto result = Transpose({2, 3}, {});
  REQUIRE(result.ok());
  CHECK((*result)[0].tensor().shape() == Shape{3, 2});
  CHECK((*result)[0].tensor().data<float>()[1] == 3);
}

TEST_CASE("Transpose wants each axis of its input once", "[transpose]") {
  for (const Perm& perm : {Perm{0, 0}, Perm{0, 2}, Perm{0}, Perm{0, 1, 2}}) {
    CHECK_FALSE(Transpose({2, 3}, {{"perm", {perm}}}).ok());
  }
}

}  // namespace sardonyx
