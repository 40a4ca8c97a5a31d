#include "tests/conformance/expected_failures.h"

#include <catch2/catch.hpp>

namespace sardonyx {

TEST_CASE("the list of expected failures", "[conformance]") {
  const auto reasons =
      ParseExpectedFailures("# why\n\nnode/test_a: no kernel: yet\n  light/light_b: drifts  \n");
  REQUIRE(reasons.ok());
  CHECK(*reasons == std::map<std::string, std::string>{{"node/test_a", "no kernel: yet"},
                                                       {"light/light_b", "drifts"}});
  CHECK(ParseExpectedFailures("")->empty());
}

TEST_CASE("the list of expected failures wants reasons and no name twice", "[conformance]") {
  for (const char* text : {"node/test_a", "node/test_a:", "node/test_a: ", ": why",
                           "node/test_a: x\nnode/test_a: y"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseExpectedFailures(text).ok());
  }
}

}  // namespace sardonyx
