// What is made from the program's own description of its command line: completions for shells and
// the manual page.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/status.h"

namespace CLI {
class App;
}

namespace sardonyx {

/// The formats that Generate takes: bash, zsh and fish (scripts that complete the program's words)
/// and man (a manual page in roff).
std::vector<std::string> GeneratedFormats();

/// The text in that format. Errors: a UsageError where there is no such format.
StatusOr<std::string> Generate(const CLI::App& app, const std::string& format);

}  // namespace sardonyx
