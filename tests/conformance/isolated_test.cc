#include "tests/conformance/isolated.h"

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <vector>

namespace sardonyx {

TEST_CASE("isolated cases outlive those that crash, exit or hang", "[conformance]") {
  std::vector<std::string> seen;
  RunIsolated(
      6, 1,
      [](int i) -> Verdict {
        if (i == 1) raise(SIGKILL);
        if (i == 2) _exit(7);
        if (i == 3) return {false, "two\nlines"};
        while (i == 4) pause();
        return {true, ""};
      },
      [&](int i, const Verdict& verdict) {
        seen.push_back(std::to_string(i) + (verdict.passed ? " passed" : " " + verdict.reason));
      });
  CHECK(seen == std::vector<std::string>{"0 passed", "1 crash: Killed",
                                         "2 the process ended with status 7", "3 two lines",
                                         "4 not done after 1 s", "5 passed"});
}

}  // namespace sardonyx
