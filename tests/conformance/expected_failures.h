// The list of official cases that are known to fail.
#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "runtime/base/status.h"

namespace sardonyx {

/// Reasons by case name. A line reads "name: reason"; empty lines and those from '#' are comments.
/// Errors: a line without a reason, a name listed twice.
StatusOr<std::map<std::string, std::string>> ParseExpectedFailures(absl::string_view text);

}  // namespace sardonyx
