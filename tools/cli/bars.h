// Small pictures made of characters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sardonyx {

/// Whether stdout is a terminal that shows them.
bool ShowsPictures();

/// A bar of `part` (0 to 1) of `cells` characters, to an eighth of one.
std::string Bar(double part, int cells);

/// A character for each count, as high as its share of the greatest.
std::string Sparkline(const std::vector<int64_t>& counts);

}  // namespace sardonyx
