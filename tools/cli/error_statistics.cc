#include "tools/cli/error_statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "tools/cli/tensor_parts.h"

namespace sardonyx {
namespace {

/// The same elements as a tensor of real numbers.
Tensor AsReal(Tensor tensor) {
  if (tensor.type() == DataType::kComplex64) {
    return Tensor::Borrow(DataType::kFloat, {2 * tensor.size()}, tensor.raw(), nullptr);
  }
  if (tensor.type() == DataType::kComplex128) {
    return Tensor::Borrow(DataType::kDouble, {2 * tensor.size()}, tensor.raw(), nullptr);
  }
  return tensor;
}

/// A float's place among all floats of its type, from its bits in sign-magnitude form. Bits is
/// unsigned and as wide as the type.
template <typename Bits>
int64_t PlaceOf(Bits bits) {
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  const auto magnitude = static_cast<int64_t>(bits & ~kSign);
  return (bits & kSign) != 0 ? -magnitude : magnitude;
}

size_t UlpBucket(uint64_t distance) {
  return distance == 0 ? 0 : 1 + static_cast<size_t>(std::bit_width(distance - 1));
}

template <typename Bits>
void CountUlps(const Tensor& actual, const Tensor& expected, const std::vector<bool>& counts,
               std::vector<int64_t>& ulps) {
  for (size_t i = 0; i < counts.size(); ++i) {
    if (!counts[i]) continue;
    const int64_t a = PlaceOf(actual.data<Bits>()[i]), b = PlaceOf(expected.data<Bits>()[i]);
    const uint64_t distance = static_cast<uint64_t>(std::max(a, b)) -  // wraps to what is right
                              static_cast<uint64_t>(std::min(a, b));
    const size_t bucket = UlpBucket(distance);
    if (bucket >= ulps.size()) ulps.resize(bucket + 1);
    ++ulps[bucket];
  }
}

bool Count(double number, NonFinite& count) {
  if (std::isnan(number)) ++count.nan;
  if (std::isinf(number)) ++count.infinite;
  return std::isfinite(number);
}

/// Sums over the pairs so far.
class Accumulator {
 public:
  Accumulator(double atol, double rtol) : atol_(atol), rtol_(rtol) {}

  /// Takes a part of the elements; also as numbers.
  void Add(const Tensor& actual, const Tensor& expected, const std::vector<double>& a,
           const std::vector<double>& b) {
    std::vector<bool> finite(b.size());
    for (size_t i = 0; i < b.size(); ++i) {
      const bool is_a = Count(a[i], result_.actual), is_b = Count(b[i], result_.expected);
      finite[i] = is_a && is_b;
      if (finite[i]) AddPair(a[i], b[i]);
    }
    switch (expected.type()) {
      case DataType::kFloat16:
      case DataType::kBFloat16:
        return CountUlps<uint16_t>(actual, expected, finite, result_.ulps);
      case DataType::kFloat:
        return CountUlps<uint32_t>(actual, expected, finite, result_.ulps);
      case DataType::kDouble:
        return CountUlps<uint64_t>(actual, expected, finite, result_.ulps);
      default:
        return;
    }
  }

  ErrorStatistics Finish(double peak) {
    if (pairs_ > 0) result_.mean_abs = abs_ / static_cast<double>(pairs_);
    if (nonzero_ > 0) result_.mean_rel = rel_ / static_cast<double>(nonzero_);
    if (aa_ > 0 && bb_ > 0) {
      result_.cosine = std::clamp(ab_ / (std::sqrt(aa_) * std::sqrt(bb_)), -1.0, 1.0);
    } else if (aa_ > 0 || bb_ > 0) {
      result_.cosine = 0;
    }
    if (squares_ > 0) {
      const double rms = std::sqrt(squares_ / static_cast<double>(pairs_));
      result_.psnr = 20 * std::log10(peak / rms);
    }
    return std::move(result_);
  }

 private:
  void AddPair(double a, double b) {
    const double distance = std::abs(a - b), magnitude = std::abs(b);
    ++pairs_;
    abs_ += distance;
    squares_ += distance * distance;
    ab_ += a * b;
    aa_ += a * a;
    bb_ += b * b;
    if (magnitude > 0) {
      ++nonzero_;
      rel_ += distance / magnitude;
    }
    result_.least_atol = std::max(result_.least_atol, distance - rtol_ * magnitude);
    if (distance > atol_) {
      result_.least_rtol = std::max(result_.least_rtol, (distance - atol_) / magnitude);
    }
  }

  double atol_, rtol_;
  int64_t pairs_ = 0, nonzero_ = 0;
  double abs_ = 0, rel_ = 0, squares_ = 0, ab_ = 0, aa_ = 0, bb_ = 0;
  ErrorStatistics result_;
};

/// Classes of row `row`, the `k` best first; equal scores in order of class.
std::vector<int64_t> Best(const std::vector<double>& scores, int64_t row, int64_t classes,
                          int64_t k) {
  std::vector<int64_t> order(static_cast<size_t>(classes));
  std::iota(order.begin(), order.end(), int64_t{0});
  const double* const at = scores.data() + row * classes;
  // NaN is no number that could be compared: it comes last.
  const auto score = [&](int64_t i) {
    return std::isnan(at[i]) ? -std::numeric_limits<double>::infinity() : at[i];
  };
  std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int64_t x, int64_t y) {
    return score(x) != score(y) ? score(x) > score(y) : x < y;
  });
  order.resize(static_cast<size_t>(k));
  return order;
}

}  // namespace

StatusOr<ErrorStatistics> MeasureErrors(const Tensor& actual, const Tensor& expected,
                                        const Tolerance& tolerance) {
  const Tensor a = AsReal(actual), b = AsReal(expected);
  double greatest = 0;
  for (const auto& [first, count] : PartsOf(b)) {
    SX_ASSIGN_OR_RETURN(const std::vector<double> numbers, ToDoubles(Part(b, first, count)));
    for (const double number : numbers) {
      if (std::isfinite(number)) greatest = std::max(greatest, std::abs(number));
    }
  }
  Accumulator sums(std::max(tolerance.atol, tolerance.atol_relative * greatest), tolerance.rtol);
  for (const auto& [first, count] : PartsOf(b)) {
    const Tensor part_a = Part(a, first, count), part_b = Part(b, first, count);
    SX_ASSIGN_OR_RETURN(const std::vector<double> numbers_a, ToDoubles(part_a));
    SX_ASSIGN_OR_RETURN(const std::vector<double> numbers_b, ToDoubles(part_b));
    sums.Add(part_a, part_b, numbers_a, numbers_b);
  }
  return sums.Finish(greatest);
}

std::string UlpRange(size_t bucket) {
  if (bucket < 3) return absl::StrCat(bucket);
  const uint64_t end = uint64_t{1} << (bucket - 2);
  return bucket > 64 ? "2^63 and more" : absl::StrCat(end + 1, "-", 2 * end);
}

std::optional<TopAgreement> CompareTop(const Tensor& actual, const Tensor& expected, int64_t k) {
  const int rank = expected.rank();
  if (!IsFloatingPoint(expected.type()) || rank < 1 || rank > 2 || expected.size() == 0) return {};
  const int64_t classes = expected.dim(rank - 1);
  const StatusOr<std::vector<double>> a = ToDoubles(actual), b = ToDoubles(expected);
  if (classes < 2 || !a.ok() || !b.ok()) return {};
  TopAgreement result{.rows = expected.size() / classes, .k = std::min(k, classes)};
  for (int64_t row = 0; row < result.rows; ++row) {
    std::vector<int64_t> x = Best(*a, row, classes, result.k), y = Best(*b, row, classes, result.k);
    result.first += x[0] == y[0];
    std::sort(x.begin(), x.end());
    std::sort(y.begin(), y.end());
    result.best += x == y;
  }
  return result;
}

}  // namespace sardonyx
