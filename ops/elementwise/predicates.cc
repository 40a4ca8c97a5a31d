// IsNaN, IsInf, Not, BitwiseNot.
#include <cmath>

#include "ops/common/float8.h"
#include "ops/elementwise/unary.h"

namespace sardonyx {
namespace {

struct IsNan {
  static constexpr double kCost = 0.5;
  template <typename T>
  static bool Apply(T x, const UnaryAttrs&) {
    return std::isnan(x);
  }
};

/// flag: negative infinity counts; other_flag: positive infinity does.
struct IsInf {
  static constexpr double kCost = 0.5;
  template <typename T>
  static bool Apply(T x, const UnaryAttrs& attrs) {
    return std::isinf(x) && (x < 0 ? attrs.flag : attrs.other_flag);
  }
};

struct Not {
  static constexpr double kCost = 0.5;
  static bool Apply(bool x, const UnaryAttrs&) { return !x; }
};

struct BitwiseNot {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    return static_cast<T>(~x);
  }
};

StatusOr<std::shared_ptr<Attrs>> ParseIsInf(ParseContext& context) {
  auto attrs = std::make_shared<UnaryAttrs>();
  attrs->flag = context.Flag("detect_negative", true);
  attrs->other_flag = context.Flag("detect_positive", true);
  return attrs;
}

using AllFloats = decltype(Floats{} + Float8s{});

template <typename F>
OpDef FloatPredicate(absl::string_view name, std::vector<int> versions, ParseFn parse) {
  return {.name = name,
          .versions = std::move(versions),
          .min_inputs = 1,
          .max_inputs = 1,
          .parse = parse,
          .infer = InferPredicate<AllFloats>,
          .kernels = {SimpleKernel<RunPredicate<F, AllFloats>>("elementwise.loop")},
          .in_place = {0}};
}

}  // namespace

std::vector<OpDef> PredicateOps() {
  return {
      FloatPredicate<IsNan>("IsNaN", {9, 13, 20}, ParseNoAttributes),
      FloatPredicate<IsInf>("IsInf", {10, 20}, ParseIsInf),
      UnaryOp<Not, TypeList<bool>>("Not", {1}),
      UnaryOp<BitwiseNot, Integers>("BitwiseNot", {18}),
  };
}

}  // namespace sardonyx
