#include <catch2/catch.hpp>

#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

TEST_CASE("Inverse of matrices, pivoting", "[reduce]") {
  const OpCase cases[] = {
      Contrib("Inverse", {}, {Reals({2, 2}, {0, 1, 2, 0})}, "[2,2] 0 0.5 1 0"),
      Contrib("Inverse", {}, {Reals({2, 1, 1}, {4, -0.5f})}, "[2,1,1] 0.25 -2"),
      Contrib("Inverse", {}, {Reals({0, 2, 2}, {})}, "[0,2,2]"),
      Contrib("Inverse", {}, {Reals({2, 0, 0}, {})}, "[2,0,0]"),
      Contrib("Inverse", {}, {Reals({1, 1}, {0})}, "[1,1] inf"),
      Contrib("Inverse", {}, {Reals({1, 2}, {1, 2})}, "error: square"),
      Contrib("Inverse", {}, {Longs({1, 1}, {1})}, "error: int64"),
  };
  for (const OpCase& c : cases) CHECK(FaultOfAnyKernel(c) == "");
}

}  // namespace
}  // namespace sardonyx
