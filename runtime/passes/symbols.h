// Sizes for the symbolic dimensions of a graph's inputs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "runtime/graph/graph.h"

namespace sardonyx {

/// Puts sizes in the place of symbols in the graph's inputs. Errors: no input has that symbol, a
/// negative size.
Status SetSymbols(const std::map<std::string, int64_t>& symbols, Graph& graph);

}  // namespace sardonyx
