#include "runtime/base/nearest.h"

#include <catch2/catch.hpp>

namespace sardonyx {
namespace {

TEST_CASE("The nearest name is one that could be meant", "[base]") {
  const std::vector<std::string> names = {"conv1", "conv2", "input", "Output"};
  CHECK(NearestName("conv3", names) == "conv1");
  CHECK(NearestName("covn2", names) == "conv2");
  CHECK(NearestName("output", names) == "Output");
  CHECK(NearestName("inputs", names) == "input");
  CHECK(NearestName("zebra", names).empty());
  CHECK(NearestName("", names).empty());
  CHECK(NearestName("x", std::vector<std::string>{"X", "y"}) == "X");
  CHECK(DidYouMean("imput", names) == "; did you mean 'input'?");
  CHECK(DidYouMean("zebra", names).empty());
}

}  // namespace
}  // namespace sardonyx
