#include <catch2/catch.hpp>
#include <numeric>

#include "runtime/session/session.h"
#include "tests/graph_builder.h"
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

TEST_CASE("Transpose of axes of which all but one in order are 1 is a view", "[transpose]") {
  const auto kernel_for = [](const Shape& shape, Perm perm) {
    GraphBuilder builder;
    builder.Input("x", Type::Tensor(DataType::kFloat, shape));
    builder.Node("Transpose", {"x"}, {"t"}, {{"perm", IntsAttribute(std::move(perm))}});
    builder.Node("Neg", {"t"}, {"y"});
    builder.Output("y");
    const auto session = Session::Create(builder.model(), {.threads = 1});
    REQUIRE(session.ok());
    const auto report = (*session)->Describe();
    REQUIRE(report.ok());
    return report->layers[0].kernel;
  };
  CHECK(kernel_for({1, 5, 3}, {1, 0, 2}) == "view");
  CHECK(kernel_for({4, 1, 3, 1}, {1, 0, 3, 2}) == "view");
  CHECK(kernel_for({2, 5, 3}, {1, 0, 2}) == "transpose.strided");
  CHECK(kernel_for({0, 5, 3}, {1, 0, 2}) == "transpose.strided");
}

}  // namespace sardonyx
