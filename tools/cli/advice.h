// What could be done about a problem of a model.
#pragma once

#include <string>

#include "tools/cli/problems.h"

namespace sardonyx {

/// A sentence; "" where nothing better is known than what the problem says itself.
std::string AdviceFor(const Problem& problem);

}  // namespace sardonyx
