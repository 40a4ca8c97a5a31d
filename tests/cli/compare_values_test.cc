#include "tools/cli/compare_values.h"

#include <catch2/catch.hpp>
#include <limits>

namespace sardonyx {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

Value Floats(std::initializer_list<float> values) {
  return Tensor::Of<float>({static_cast<int64_t>(values.size())}, values);
}

bool Match(const Value& actual, const Value& expected, Tolerance tolerance = {}) {
  return CompareValues(actual, expected, tolerance).match;
}

TEST_CASE("Elements agree within atol + rtol * |expected|", "[cli]") {
  const Tolerance tolerance{.rtol = 0.1, .atol = 1};
  CHECK(Match(Floats({12.1f}), Floats({10.1f}), tolerance));
  CHECK_FALSE(Match(Floats({12.2f}), Floats({10.1f}), tolerance));
  CHECK(Match(Floats({-12.1f}), Floats({-10.1f}), tolerance));
}

TEST_CASE("NaN equals NaN and an infinity itself", "[cli]") {
  CHECK(Match(Floats({kNan, kInf, -kInf, -0.0f}), Floats({kNan, kInf, -kInf, 0.0f})));
  CHECK_FALSE(Match(Floats({kNan}), Floats({1})));
  CHECK_FALSE(Match(Floats({1}), Floats({kNan})));
  CHECK_FALSE(Match(Floats({kInf}), Floats({-kInf})));
  CHECK_FALSE(Match(Floats({1}), Floats({kInf})));
  CHECK_FALSE(Match(Floats({kInf}), Floats({1}), {.atol = 1e30}));
}

TEST_CASE("The relative absolute tolerance counts from the largest magnitude", "[cli]") {
  CHECK_FALSE(Match(Floats({1000, 0.05f}), Floats({1000, 0})));
  CHECK(Match(Floats({1000, 0.05f}), Floats({1000, 0}), {.atol_relative = 1e-4}));
  CHECK_FALSE(Match(Floats({1000, 0.2f}), Floats({1000, 0}), {.atol_relative = 1e-4}));
  // An infinity in the expected values does not make everything agree.
  CHECK_FALSE(Match(Floats({kInf, 5}), Floats({kInf, 1}), {.atol_relative = 1e-4}));
}

TEST_CASE("Type, shape and kind must be the same", "[cli]") {
  const Value vector = Floats({1, 2});
  CHECK(CompareValues(Tensor::Of<double>({2}, {1, 2}), vector, {}).reason ==
        "is double[2], expected float[2]");
  CHECK_FALSE(Match(Tensor::Of<float>({1, 2}, {1, 2}), vector));
  CHECK_FALSE(Match(Value(), vector));
  CHECK(Match(Value(), Value()));
  CHECK_FALSE(Match(Value(Sequence{vector}), vector));
}

TEST_CASE("Figures say how far apart values are", "[cli]") {
  const Comparison comparison = CompareValues(Floats({1, 2, 5}), Floats({1, 4, 4}), {});
  CHECK_FALSE(comparison.match);
  CHECK(comparison.elements == 3);
  CHECK(comparison.mismatches == 2);
  CHECK(comparison.max_abs == 2);
  CHECK(comparison.max_rel == 0.5);
  CHECK(comparison.normwise == 0.5);
  CHECK(comparison.reason == "element [1] is 2, expected 4; 2 of 3 elements differ, at most by 2");
}

TEST_CASE("Strings and booleans are compared exactly", "[cli]") {
  const Value text = Tensor::Of<std::string>({2}, {"a", "b"});
  CHECK(Match(text, text));
  CHECK_FALSE(Match(Tensor::Of<std::string>({2}, {"a", "c"}), text));
  CHECK_FALSE(Match(Tensor::Of<bool>({2}, {true, true}), Tensor::Of<bool>({2}, {true, false}),
                    {.atol = 10}));
}

TEST_CASE("Narrow floats are compared by value", "[cli]") {
  const auto one = Tensor::Of<Float8E4M3FN>({1}, {Float8E4M3FN(1.0f)});
  const auto more = Tensor::Of<Float8E4M3FN>({1}, {Float8E4M3FN(1.125f)});
  CHECK_FALSE(Match(more, one));
  CHECK(Match(more, one, {.rtol = 0.125}));
  const auto nan = Tensor::Of<BFloat16>({1}, {BFloat16(kNan)});
  CHECK(Match(nan, nan));
}

TEST_CASE("Sequences and maps are compared part by part", "[cli]") {
  const Value sequence(Sequence{Floats({1}), Floats({2, 3})});
  CHECK(Match(sequence, sequence));
  CHECK_FALSE(Match(Value(Sequence{Floats({1})}), sequence));
  const Comparison comparison =
      CompareValues(Value(Sequence{Floats({1}), Floats({2, 4})}), sequence, {});
  CHECK(comparison.reason.substr(0, 26) == "element 1: element [1] is ");
  const auto map = [](std::initializer_list<int64_t> keys, float a, float b) {
    return Value(Map{Tensor::Of<int64_t>({2}, keys), {Floats({a}), Floats({b})}});
  };
  CHECK(Match(map({7, 3}, 1, 2), map({3, 7}, 2, 1)));
  CHECK_FALSE(Match(map({7, 3}, 1, 2), map({7, 3}, 1, 9)));
  CHECK_FALSE(Match(map({7, 4}, 1, 2), map({7, 3}, 1, 2)));
}

TEST_CASE("Complex numbers are compared by distance", "[cli]") {
  using C = std::complex<float>;
  const Value a = Tensor::Of<C>({1}, {C(1, 1)}), b = Tensor::Of<C>({1}, {C(1, 1.5f)});
  CHECK(Match(a, a));
  CHECK_FALSE(Match(a, b));
  CHECK(CompareValues(a, b, {.atol = 0.6}).max_abs == 0.5);
}

}  // namespace
}  // namespace sardonyx
