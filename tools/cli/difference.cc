#include "tools/cli/difference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace sardonyx {
namespace {

Json UlpsToJson(const std::vector<int64_t>& ulps) {
  Json list = Json::array();
  for (size_t i = 0; i < ulps.size(); ++i) {
    list.push_back({{"distance", UlpRange(i)}, {"count", ulps[i]}});
  }
  return list;
}

Json ToJson(const NonFinite& actual, const NonFinite& expected) {
  Json item;
  item["nan"] = {{"actual", actual.nan}, {"expected", expected.nan}};
  item["infinite"] = {{"actual", actual.infinite}, {"expected", expected.infinite}};
  return item;
}

/// The histogram's shares, where they are not zero; large distances together.
std::string DescribeUlps(const std::vector<int64_t>& ulps) {
  constexpr size_t kShown = 6;
  const auto all = static_cast<double>(std::accumulate(ulps.begin(), ulps.end(), int64_t{0}));
  std::vector<std::string> shares;
  const auto add = [&](int64_t count, const std::string& range) {
    if (count == 0) return;
    shares.push_back(
        absl::StrFormat("%s in %.3g %%", range, 100 * static_cast<double>(count) / all));
  };
  const size_t shown = std::min(kShown, ulps.size());
  for (size_t i = 0; i < shown; ++i) add(ulps[i], UlpRange(i));
  add(std::accumulate(ulps.begin() + shown, ulps.end(), int64_t{0}), "more than 16");
  return absl::StrCat("  units in the last place: ", absl::StrJoin(shares, ", "), "\n");
}

std::string Describe(const ErrorStatistics& errors) {
  std::string text = absl::StrFormat("  cosine %.9f, PSNR ", errors.cosine);
  absl::StrAppend(&text,
                  errors.psnr == std::numeric_limits<double>::infinity()
                      ? "infinite"
                      : absl::StrFormat("%.1f dB", errors.psnr),
                  "; passes from --atol ", FormatError(errors.least_atol), " or --rtol ",
                  FormatError(errors.least_rtol), "\n");
  if (!errors.ulps.empty()) absl::StrAppend(&text, DescribeUlps(errors.ulps));
  const NonFinite &a = errors.actual, &b = errors.expected;
  if (a.nan + a.infinite + b.nan + b.infinite > 0) {
    absl::StrAppendFormat(&text, "  %d NaN (%d expected), %d infinite (%d expected)\n", a.nan,
                          b.nan, a.infinite, b.infinite);
  }
  return text;
}

}  // namespace

Tolerance ToleranceFor(const Value& expected, Tolerance tolerance) {
  constexpr double kUnits = 4;  // layers round one after another
  const DataType type = expected.is_tensor() ? expected.tensor().type() : DataType::kUndefined;
  const double least = kUnits * (type == DataType::kFloat16    ? std::ldexp(1, -10)
                                 : type == DataType::kBFloat16 ? std::ldexp(1, -7)
                                                               : 0);
  for (double* relative : {&tolerance.rtol, &tolerance.atol_relative}) {
    if (*relative > 0) *relative = std::max(*relative, least);
  }
  return tolerance;
}

Difference MeasureDifference(const Value& actual, const Value& expected, const Tolerance& given,
                             int64_t classes) {
  const Tolerance tolerance = ToleranceFor(expected, given);
  Difference result{.comparison = CompareValues(actual, expected, tolerance)};
  if (!actual.is_tensor() || !expected.is_tensor()) return result;
  const Tensor &a = actual.tensor(), &b = expected.tensor();
  if (a.type() != b.type() || a.shape() != b.shape()) return result;
  if (auto errors = MeasureErrors(a, b, tolerance); errors.ok()) result.errors = *std::move(errors);
  result.top = CompareTop(a, b, classes);
  return result;
}

Json ToJson(const Difference& difference) {
  const Comparison& comparison = difference.comparison;
  Json item;
  item["match"] = comparison.match;
  item["reason"] = comparison.reason;
  item["max_abs_error"] = comparison.max_abs;
  item["max_rel_error"] = comparison.max_rel;
  item["normwise_error"] = comparison.normwise;
  item["mismatches"] = comparison.mismatches;
  item["elements"] = comparison.elements;
  if (difference.errors) {
    const ErrorStatistics& errors = *difference.errors;
    item["mean_abs_error"] = errors.mean_abs;
    item["mean_rel_error"] = errors.mean_rel;
    item["cosine"] = errors.cosine;
    item["psnr_db"] = errors.psnr;
    item["least_atol"] = errors.least_atol;
    item["least_rtol"] = errors.least_rtol;
    item.update(ToJson(errors.actual, errors.expected));
    if (!errors.ulps.empty()) item["ulps"] = UlpsToJson(errors.ulps);
  }
  if (difference.top) {
    item["top"] = {{"rows", difference.top->rows},
                   {"same_first", difference.top->first},
                   {"k", difference.top->k},
                   {"same_k", difference.top->best}};
  }
  return item;
}

std::string Describe(const Difference& difference) {
  std::string text;
  if (difference.errors) absl::StrAppend(&text, Describe(*difference.errors));
  if (difference.top) {
    const TopAgreement& top = *difference.top;
    absl::StrAppendFormat(&text, "  the same best class in %d of %d, the same best %d in %d\n",
                          top.first, top.rows, top.k, top.best);
  }
  return text;
}

}  // namespace sardonyx
