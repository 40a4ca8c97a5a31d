// What `sardonyx generate` prints; tests/shell_test.py gives it to real shells.
#include <catch2/catch.hpp>

#include "tests/cli/program.h"

namespace sardonyx {
namespace {

using Catch::Contains;

TEST_CASE("generate prints completions and the manual page", "[cli][generate]") {
  for (const std::string format : {"bash", "zsh", "fish", "man"}) {
    const ProgramResult result = RunProgram({"generate", format});
    CAPTURE(format);
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    for (const char* word : {"inspect", "reduce", "generate"})
      CHECK_THAT(result.out, Contains(word));
    const ProgramResult json = RunProgram({"generate", format, "--json", "-"});
    CHECK(json.json()["schema"] == "sardonyx.generate/1");
    CHECK(json.json()["text"] == result.out);
  }
  const ProgramResult wrong = RunProgram({"generate", "bahs"});
  CHECK(wrong.status == 2);
  CHECK_THAT(wrong.err, Contains("one of bash, fish, man, zsh; did you mean 'bash'?"));
}

}  // namespace
}  // namespace sardonyx
