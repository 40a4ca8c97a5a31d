// Abs, Neg, Sign, Ceil, Floor, Round, Sqrt, Reciprocal.
#include <cmath>
#include <limits>
#include <type_traits>

#include "ops/common/gradients.h"
#include "ops/elementwise/gradients.h"
#include "ops/elementwise/native.h"
#include "ops/elementwise/unary.h"
#include "ops/norm/fusion.h"

namespace sardonyx {
namespace {

struct Abs {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    if constexpr (std::is_floating_point_v<T>) return std::fabs(x);
    // The least integer has no opposite and stays as it is; unsigned arithmetic wraps to it.
    if constexpr (std::is_signed_v<T>) {
      return x < 0 ? static_cast<T>(uint64_t{0} - static_cast<uint64_t>(x)) : x;
    }
    return x;
  }
};

struct Neg {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    if constexpr (std::is_floating_point_v<T>) return -x;
    return static_cast<T>(uint64_t{0} - static_cast<uint64_t>(x));
  }
};

struct Sign {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    if (x != x) return x;
    return static_cast<T>((x > T{0}) - (x < T{0}));
  }
};

struct Ceil {
  static constexpr double kCost = 1;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    return std::ceil(x);
  }
};

struct Floor {
  static constexpr double kCost = 1;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    return std::floor(x);
  }
};

/// Halves go to the even neighbour, the default rounding mode, which nobody here changes.
struct Round {
  static constexpr double kCost = 1;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    return std::nearbyint(x);
  }
};

struct Sqrt {
  static constexpr double kCost = 2;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    return std::sqrt(x);
  }
};

struct Reciprocal {
  static constexpr double kCost = 1;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    return T{1} / x;
  }
};

using SignedNumbers = decltype(Floats{} + SignedIntegers{});

}  // namespace

std::vector<OpDef> RoundingOps() {
  OpDef sqrt = UnaryOpWithNative<Sqrt, Floats, native::Sqrt>("Sqrt", {1, 6, 13});
  sqrt.rewrites = SqrtRewrites();
  return {
      WithGradient(UnaryOpWithNative<Abs, Numbers, native::Abs>("Abs", {1, 6, 13}), AbsGradient),
      WithGradient(UnaryOpWithNative<Neg, SignedNumbers, native::Neg>("Neg", {1, 6, 13}),
                   NegGradient),
      WithGradient(UnaryOp<Sign, Numbers>("Sign", {9, 13}), ZeroGradient),
      WithGradient(UnaryOpWithNative<Ceil, Floats, native::Ceil>("Ceil", {1, 6, 13}), ZeroGradient),
      WithGradient(UnaryOpWithNative<Floor, Floats, native::Floor>("Floor", {1, 6, 13}),
                   ZeroGradient),
      WithGradient(UnaryOpWithNative<Round, Floats, native::Round>("Round", {11, 22}),
                   ZeroGradient),
      WithGradient(sqrt, SqrtGradient),
      WithGradient(
          UnaryOpWithNative<Reciprocal, Floats, native::Reciprocal>("Reciprocal", {1, 6, 13}),
          ReciprocalGradient),
  };
}

}  // namespace sardonyx
