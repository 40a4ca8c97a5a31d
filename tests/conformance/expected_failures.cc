#include "tests/conformance/expected_failures.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace sardonyx {

StatusOr<std::map<std::string, std::string>> ParseExpectedFailures(absl::string_view text) {
  std::map<std::string, std::string> reasons;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(": ", 1));
    if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
      return InvalidArgument("line ", number, ": expected 'name: reason', found '", line, "'");
    }
    if (!reasons.emplace(std::string(parts[0]), std::string(parts[1])).second) {
      return InvalidArgument("line ", number, ": '", parts[0], "' is listed twice");
    }
  }
  return reasons;
}

}  // namespace sardonyx
