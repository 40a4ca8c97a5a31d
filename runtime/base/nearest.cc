#include "runtime/base/nearest.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace sardonyx {
namespace {

constexpr size_t kLongestName = 128;
constexpr size_t kMostCandidates = 5000;
constexpr int kStep = 4;  // one edit; a change of case costs 1

// Optimal string alignment distance (Damerau 1964, restricted), by three rolling rows.
int Distance(absl::string_view a, absl::string_view b) {
  std::vector<int> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<int>(j) * kStep;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i) * kStep;
    for (size_t j = 1; j <= b.size(); ++j) {
      const char x = a[i - 1];
      const char y = b[j - 1];
      const int change = x == y ? 0 : absl::ascii_tolower(x) == absl::ascii_tolower(y) ? 1 : kStep;
      row[j] = std::min({last[j] + kStep, row[j - 1] + kStep, last[j - 1] + change});
      if (i > 1 && j > 1 && x == b[j - 2] && a[i - 2] == y) {
        row[j] = std::min(row[j], before[j - 2] + kStep);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string NearestName(absl::string_view name, absl::Span<const std::string> candidates) {
  if (name.empty() || name.size() > kLongestName) return "";
  // At most a third of the letters may differ, and always room for one slip.
  int best = std::max(kStep, static_cast<int>(name.size()) * kStep / 3) + 1;
  std::string nearest;
  for (const std::string& candidate : candidates.subspan(0, kMostCandidates)) {
    const size_t lengths = candidate.size() > name.size() ? candidate.size() - name.size()
                                                          : name.size() - candidate.size();
    if (candidate.empty() || candidate.size() > kLongestName ||
        static_cast<int>(lengths) * kStep >= best) {
      continue;
    }
    const int distance = Distance(name, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string DidYouMean(absl::string_view name, absl::Span<const std::string> candidates) {
  const std::string nearest = NearestName(name, candidates);
  return nearest.empty() ? "" : absl::StrCat("; did you mean '", nearest, "'?");
}

}  // namespace sardonyx
