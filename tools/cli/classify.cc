#include "tools/cli/classify.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "tools/cli/npy.h"

namespace sardonyx {
namespace {

bool IsDistribution(absl::Span<const double> scores) {
  double sum = 0;
  for (const double score : scores) {
    if (!(score >= 0)) return false;
    sum += score;
  }
  return std::abs(sum - 1) < 1e-3;
}

void Softmax(absl::Span<double> scores) {
  const double greatest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) sum += score = std::exp(score - greatest);
  for (double& score : scores) score /= sum;
}

}  // namespace

StatusOr<std::vector<std::string>> ReadLabels(const std::string& path) {
  SX_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path, 1 << 26));
  std::vector<std::string> labels;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    labels.emplace_back(absl::StripAsciiWhitespace(line));
  }
  while (!labels.empty() && labels.back().empty()) labels.pop_back();
  if (labels.empty()) return InvalidArgument("'", path, "' has no labels");
  return labels;
}

StatusOr<std::vector<std::vector<RankedClass>>> Classify(const Tensor& scores,
                                                         const std::vector<std::string>& labels,
                                                         int top) {
  SX_ASSIGN_OR_RETURN(std::vector<double> values, ToDoubles(scores));
  const int64_t batch = scores.rank() > 1 ? scores.dim(0) : 1;
  const int64_t classes = batch > 0 ? scores.size() / batch : 0;
  if (classes == 0) return InvalidArgument("there are no scores in ", scores.ToString());
  if (static_cast<size_t>(classes) != labels.size()) {
    return InvalidArgument("there are ", labels.size(), " labels, but ", scores.ToString(), " has ",
                           classes, " classes");
  }
  std::vector<std::vector<RankedClass>> result;
  for (int64_t i = 0; i < batch; ++i) {
    const auto row = absl::MakeSpan(values).subspan(i * classes, classes);
    for (const double score : row) {
      if (std::isnan(score)) return InvalidArgument("the scores hold NaN");
    }
    if (!IsDistribution(row)) Softmax(row);
    std::vector<int64_t> order(static_cast<size_t>(classes));
    std::iota(order.begin(), order.end(), 0);
    const auto end = order.begin() + std::min<int64_t>(top, classes);
    std::partial_sort(order.begin(), end, order.end(), [&](int64_t a, int64_t b) {
      return row[a] != row[b] ? row[a] > row[b] : a < b;
    });
    std::vector<RankedClass> ranked;
    for (auto at = order.begin(); at != end; ++at) {
      ranked.push_back({*at, labels[static_cast<size_t>(*at)], row[*at]});
    }
    result.push_back(std::move(ranked));
  }
  return result;
}

}  // namespace sardonyx
