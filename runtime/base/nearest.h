// Suggestions for misspelt names.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sardonyx {

/// The candidate closest to `name` by edit distance (insertions, deletions, substitutions and
/// swaps of neighbours; a change of case counts for less), or "" if none is close enough to be
/// meant. Looks at the first few thousand candidates only.
std::string NearestName(absl::string_view name, absl::Span<const std::string> candidates);

/// "; did you mean 'conv1'?", or "" where nothing is near: to put at the end of a message.
std::string DidYouMean(absl::string_view name, absl::Span<const std::string> candidates);

}  // namespace sardonyx
