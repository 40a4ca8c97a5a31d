#include "tools/cli/bars.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace sardonyx {
namespace {

// Of one to eight eighths, from the left and from below.
constexpr const char* kAcross[] = {"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
constexpr const char* kUp[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

}  // namespace

bool ShowsPictures() {
  const char* term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && term != nullptr && std::string(term) != "dumb";
}

std::string Bar(double part, int cells) {
  int eighths = static_cast<int>(std::lround(std::clamp(part, 0.0, 1.0) * cells * 8));
  std::string bar;
  for (; eighths > 0; eighths -= 8) bar += kAcross[std::min(eighths, 8) - 1];
  return bar;
}

std::string Sparkline(const std::vector<int64_t>& counts) {
  const int64_t most = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
  std::string line;
  for (const int64_t count : counts) {
    const auto step = most > 0 ? static_cast<int>(std::ceil(8.0 * static_cast<double>(count) /
                                                            static_cast<double>(most)))
                               : 0;
    line += step > 0 ? kUp[step - 1] : " ";
  }
  return line;
}

}  // namespace sardonyx
