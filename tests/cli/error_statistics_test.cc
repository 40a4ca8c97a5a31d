#include "tools/cli/error_statistics.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tools/cli/difference.h"

namespace sardonyx {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

Tensor Floats(std::initializer_list<float> values) {
  return Tensor::Of<float>({static_cast<int64_t>(values.size())}, values);
}

ErrorStatistics Measure(const Tensor& actual, const Tensor& expected, Tolerance tolerance = {}) {
  StatusOr<ErrorStatistics> result = MeasureErrors(actual, expected, tolerance);
  REQUIRE(result.ok());
  return *std::move(result);
}

TEST_CASE("Means, cosine and PSNR of two tensors", "[cli]") {
  const ErrorStatistics errors = Measure(Floats({3, 5, 0, 1}), Floats({4, 4, 0, 0}));
  CHECK(errors.mean_abs == 0.75);
  CHECK(errors.mean_rel == 0.25);
  CHECK(errors.cosine == Approx(32 / (std::sqrt(35.0) * std::sqrt(32.0))));
  CHECK(errors.psnr == Approx(20 * std::log10(4 / std::sqrt(0.75))));
  const ErrorStatistics same = Measure(Floats({1, 2}), Floats({1, 2}));
  CHECK(same.cosine == Approx(1));
  CHECK(std::isinf(same.psnr));
  CHECK(Measure(Floats({0, 0}), Floats({0, 0})).cosine == 1);
  CHECK(Measure(Floats({1, 0}), Floats({0, 0})).cosine == 0);
  CHECK(Measure(Floats({}), Floats({})).mean_abs == 0);
}

TEST_CASE("The least tolerance passes, and a smaller one does not", "[cli]") {
  const Tensor actual = Floats({1.5f, 10, -3.25f, 0}), expected = Floats({1, 11, -3, 0});
  const Tolerance tolerance{.rtol = 0.01, .atol = 0.3};
  const ErrorStatistics errors = Measure(actual, expected, tolerance);
  const auto passes = [&](double atol, double rtol) {
    return CompareValues(actual, expected, {.rtol = rtol, .atol = atol}).match;
  };
  CHECK(errors.least_atol == Approx(1 - 0.01 * 11));
  CHECK(passes(errors.least_atol * 1.0001, 0.01));
  CHECK_FALSE(passes(errors.least_atol * 0.9999, 0.01));
  CHECK(errors.least_rtol == Approx(0.2));
  CHECK(passes(0.3, errors.least_rtol * 1.0001));
  CHECK_FALSE(passes(0.3, errors.least_rtol * 0.9999));
  // Where zero was expected no relative tolerance helps.
  CHECK(std::isinf(Measure(Floats({1}), Floats({0})).least_rtol));
}

TEST_CASE("Units in the last place are counted across zero and by type", "[cli]") {
  const float next = std::nextafter(1.0f, 2.0f);
  const float least = std::numeric_limits<float>::denorm_min();
  CHECK(Measure(Floats({1, next, least, 1 + 5 * (next - 1)}), Floats({1, 1, -least, 1})).ulps ==
        std::vector<int64_t>{1, 1, 1, 0, 1});
  CHECK(Measure(Floats({0}), Floats({-0.0f})).ulps == std::vector<int64_t>{1});
  CHECK(Measure(Floats({kNan, kInf}), Floats({1, 1})).ulps.empty());
  const auto half = [](float value) { return Tensor::Of<Half>({1}, {Half(value)}); };
  CHECK(Measure(half(1.0f + 1.0f / 1024), half(1)).ulps == std::vector<int64_t>{0, 1});
  const double huge = std::numeric_limits<double>::max();
  CHECK(Measure(Tensor::Of<double>({1}, {huge}), Tensor::Of<double>({1}, {-huge})).ulps.size() ==
        66);
  CHECK(Measure(Tensor::Of<int32_t>({1}, {1}), Tensor::Of<int32_t>({1}, {2})).ulps.empty());
  CHECK(UlpRange(0) == "0");
  CHECK(UlpRange(2) == "2");
  CHECK(UlpRange(3) == "3-4");
  CHECK(UlpRange(4) == "5-8");
  CHECK(UlpRange(65) == "2^63 and more");
}

TEST_CASE("NaN and infinities are counted and left out of the figures", "[cli]") {
  const ErrorStatistics errors = Measure(Floats({kNan, 2, kInf, 1}), Floats({1, 1, -kInf, kNan}));
  CHECK(errors.actual.nan == 1);
  CHECK(errors.actual.infinite == 1);
  CHECK(errors.expected.nan == 1);
  CHECK(errors.expected.infinite == 1);
  CHECK(errors.mean_abs == 1);
}

TEST_CASE("Complex numbers count as pairs; strings have no figures", "[cli]") {
  using C = std::complex<float>;
  CHECK(Measure(Tensor::Of<C>({1}, {C(1, 3)}), Tensor::Of<C>({1}, {C(1, 1)})).mean_abs == 1);
  const Tensor text = Tensor::Of<std::string>({1}, {"a"});
  CHECK_FALSE(MeasureErrors(text, text, {}).ok());
}

TEST_CASE("Large tensors are measured to their last element", "[cli]") {
  const int64_t size = 100'003;
  auto a = Tensor::Create(DataType::kFloat, {size}), b = Tensor::Create(DataType::kFloat, {size});
  REQUIRE((a.ok() && b.ok()));
  a->data<float>()[size - 1] = 2;
  CHECK(Measure(*a, *b).mean_abs == Approx(2.0 / static_cast<double>(size)));
  const Comparison comparison = CompareValues(*a, *b, {});
  CHECK(comparison.first == size - 1);
  CHECK(comparison.max_abs == 2);
}

TEST_CASE("Narrow floats get a tolerance of their precision, unless it is to be exact", "[cli]") {
  const auto half = [](float value) { return Value(Tensor::Of<Half>({1}, {Half(value)})); };
  const Value next = half(1.0f + 1.0f / 1024), one = half(1);
  const Tolerance narrow{.rtol = 1e-4}, exact{.rtol = 0, .atol = 0};
  CHECK(MeasureDifference(next, one, narrow, 5).comparison.match);
  CHECK_FALSE(MeasureDifference(half(1.1f), one, narrow, 5).comparison.match);
  CHECK_FALSE(MeasureDifference(next, one, exact, 5).comparison.match);
  CHECK_FALSE(MeasureDifference(Floats({1.001f}), Floats({1}), narrow, 5).comparison.match);
}

TEST_CASE("Scores agree on the best classes", "[cli]") {
  const Tensor expected = Tensor::Of<float>({2, 3}, {1, 2, 3, 3, 2, 1});
  const auto top = CompareTop(Tensor::Of<float>({2, 3}, {1, 3, 2, 3, 2, 1}), expected, 2);
  REQUIRE(top.has_value());
  CHECK(top->rows == 2);
  CHECK(top->first == 1);
  CHECK(top->best == 2);
  CHECK(CompareTop(Floats({1, 2}), Floats({kNan, 2}), 5)->first == 1);
  CHECK_FALSE(CompareTop(Floats({1}), Floats({1}), 5).has_value());
  CHECK_FALSE(CompareTop(Tensor::Of<int64_t>({2}, {1, 2}), Tensor::Of<int64_t>({2}, {1, 2}), 1));
}

}  // namespace
}  // namespace sardonyx
