// Equal, Greater, GreaterOrEqual, Less, LessOrEqual.
#include "ops/elementwise/binary.h"

namespace sardonyx {
namespace {

struct Equal {
  static constexpr double kCost = 0.5;
  template <typename T>
  static bool Apply(const T& a, const T& b, const BinaryAttrs&) {
    return a == b;
  }
};

struct Greater {
  static constexpr double kCost = 0.5;
  template <typename T>
  static bool Apply(T a, T b, const BinaryAttrs&) {
    return a > b;
  }
};

struct GreaterOrEqual {
  static constexpr double kCost = 0.5;
  template <typename T>
  static bool Apply(T a, T b, const BinaryAttrs&) {
    return a >= b;
  }
};

struct Less {
  static constexpr double kCost = 0.5;
  template <typename T>
  static bool Apply(T a, T b, const BinaryAttrs&) {
    return a < b;
  }
};

struct LessOrEqual {
  static constexpr double kCost = 0.5;
  template <typename T>
  static bool Apply(T a, T b, const BinaryAttrs&) {
    return a <= b;
  }
};

template <typename F, typename Types>
OpDef Comparison(absl::string_view name, std::vector<int> versions) {
  return {.name = name,
          .versions = std::move(versions),
          .min_inputs = 2,
          .max_inputs = 2,
          .parse = ParseBinary,
          .infer = InferComparison<Types>,
          .kernels = {SimpleKernel<RunComparison<F, Types>>("elementwise.loop")}};
}

}  // namespace

std::vector<OpDef> CompareOps() {
  using Comparable = decltype(Numbers{} + TypeList<bool, std::string>{});
  return {
      Comparison<Equal, Comparable>("Equal", {1, 7, 11, 13, 19}),
      Comparison<Greater, Numbers>("Greater", {1, 7, 9, 13}),
      Comparison<GreaterOrEqual, Numbers>("GreaterOrEqual", {12, 16}),
      Comparison<Less, Numbers>("Less", {1, 7, 9, 13}),
      Comparison<LessOrEqual, Numbers>("LessOrEqual", {12, 16}),
  };
}

}  // namespace sardonyx
