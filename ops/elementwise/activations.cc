// Relu and what came after it. The reference loops follow the specification's formulas, in forms
// that neither overflow nor cancel.
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "absl/numeric/int128.h"
#include "ops/common/contrib.h"
#include "ops/elementwise/gradients.h"
#include "ops/elementwise/native.h"
#include "ops/elementwise/unary.h"

namespace sardonyx {
namespace {

template <typename T>
T SoftplusOf(T x) {
  return std::log1p(std::exp(-std::fabs(x))) + (x < 0 ? T{0} : x);
}

/// NaN stays NaN.
template <typename T>
T Clamp01(T x) {
  const T raised = x < 0 ? T{0} : x;
  return raised > 1 ? T{1} : raised;
}

struct Relu {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    return x < 0 ? T{0} : x;
  }
};

struct LeakyRelu {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T x, const UnaryAttrs& attrs) {
    return x < 0 ? static_cast<T>(attrs.alpha) * x : x;
  }
};

struct ThresholdedRelu {
  static constexpr double kCost = 0.5;
  template <typename T>
  static T Apply(T x, const UnaryAttrs& attrs) {
    return x > static_cast<T>(attrs.alpha) ? x : T{0};
  }
};

struct Elu {
  static constexpr double kCost = 10;
  template <typename T>
  static T Apply(T x, const UnaryAttrs& attrs) {
    return x < 0 ? static_cast<T>(attrs.alpha) * std::expm1(x) : x;
  }
};

/// beta is the specification's gamma.
struct Selu {
  static constexpr double kCost = 10;
  template <typename T>
  static T Apply(T x, const UnaryAttrs& attrs) {
    const T gamma = static_cast<T>(attrs.beta);
    return x > 0 ? gamma * x : gamma * (static_cast<T>(attrs.alpha) * std::expm1(x));
  }
};

struct Celu {
  static constexpr double kCost = 10;
  template <typename T>
  static T Apply(T x, const UnaryAttrs& attrs) {
    if (std::isnan(x)) return x;
    const T alpha = static_cast<T>(attrs.alpha);
    const T negative = alpha * std::expm1(x / alpha);
    return (x > 0 ? x : T{0}) + (negative < 0 ? negative : T{0});
  }
};

struct Sigmoid {
  static constexpr double kCost = 10;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    return SigmoidOf(x);
  }
};

struct HardSigmoid {
  static constexpr double kCost = 1;
  template <typename T>
  static T Apply(T x, const UnaryAttrs& attrs) {
    return Clamp01(static_cast<T>(attrs.alpha) * x + static_cast<T>(attrs.beta));
  }
};

struct HardSwish {
  static constexpr double kCost = 1;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    return x * Clamp01(x * static_cast<T>(1.0 / 6) + T(0.5));
  }
};

struct Swish {
  static constexpr double kCost = 10;
  template <typename T>
  static T Apply(T x, const UnaryAttrs& attrs) {
    return x * SigmoidOf(static_cast<T>(attrs.alpha) * x);
  }
};

struct Softplus {
  static constexpr double kCost = 20;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    return SoftplusOf(x);
  }
};

struct Softsign {
  static constexpr double kCost = 1;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    return std::isinf(x) ? std::copysign(T{1}, x) : x / (T{1} + std::fabs(x));
  }
};

struct Mish {
  static constexpr double kCost = 30;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    return x * std::tanh(SoftplusOf(x));
  }
};

/// A whole number that any 64-bit integer can be compared with and added to; 0 for NaN.
absl::int128 Whole(double x) {
  constexpr double kFar = 0x1p70;
  return absl::int128(std::isnan(x) ? 0 : std::clamp(std::trunc(x), -kFar, kFar));
}

/// x + shift truncated towards zero, without rounding on the way; wraps where it does not fit.
template <typename T>
T AddTruncated(T x, double shift) {
  absl::int128 sum = absl::int128(x) + Whole(shift);
  const double rest = shift - std::trunc(shift);
  if (sum > 0 && rest < 0) --sum;
  if (sum < 0 && rest > 0) ++sum;
  return static_cast<T>(absl::Int128Low64(sum));
}

/// alpha is the specification's lambd, beta its bias.
struct Shrink {
  static constexpr double kCost = 1;
  template <typename T>
  static T Apply(T x, const UnaryAttrs& attrs) {
    if constexpr (std::is_floating_point_v<T>) {
      const T lambd = static_cast<T>(attrs.alpha), bias = static_cast<T>(attrs.beta);
      return x < -lambd ? x + bias : x > lambd ? x - bias : T{0};
    } else {
      const absl::int128 value(x), most = Whole(std::floor(attrs.alpha));
      const double bias = attrs.beta;
      return value < -most ? AddTruncated(x, bias) : value > most ? AddTruncated(x, -bias) : T{0};
    }
  }
};

/// The attributes alpha and beta under the names that the operator gives them.
StatusOr<std::shared_ptr<Attrs>> ParseAlphaBeta(ParseContext& context, const char* alpha,
                                                float alpha_default, const char* beta = nullptr,
                                                float beta_default = 0) {
  if (context.version() < 6) context.Ignore("consumed_inputs");
  auto attrs = std::make_shared<UnaryAttrs>();
  attrs->alpha = context.Float(alpha, alpha_default);
  if (beta != nullptr) attrs->beta = context.Float(beta, beta_default);
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseAlphaOne(ParseContext& context) {
  return ParseAlphaBeta(context, "alpha", 1.0f);
}
StatusOr<std::shared_ptr<Attrs>> ParseLeakyRelu(ParseContext& context) {
  return ParseAlphaBeta(context, "alpha", 0.01f);
}
StatusOr<std::shared_ptr<Attrs>> ParseQuickGelu(ParseContext& context) {
  return ParseAlphaBeta(context, "alpha", 1.702f);
}
StatusOr<std::shared_ptr<Attrs>> ParseHardSigmoid(ParseContext& context) {
  return ParseAlphaBeta(context, "alpha", 0.2f, "beta", 0.5f);
}
StatusOr<std::shared_ptr<Attrs>> ParseShrink(ParseContext& context) {
  return ParseAlphaBeta(context, "lambd", 0.5f, "bias", 0.0f);
}
StatusOr<std::shared_ptr<Attrs>> ParseSelu(ParseContext& context) {
  const bool first = context.version() < 6;
  return ParseAlphaBeta(context, "alpha", first ? 1.6732f : 1.67326319217681884765625f, "gamma",
                        first ? 1.0507f : 1.05070102214813232421875f);
}

using SignedNumbers = decltype(Floats{} + SignedIntegers{});

}  // namespace

std::vector<OpDef> ActivationOps() {
  return {
      WithGradient(UnaryOpWithNative<Relu, SignedNumbers, native::Relu>("Relu", {1, 6, 13, 14}),
                   ReluGradient),
      UnaryOpWithNative<LeakyRelu, Floats, native::LeakyRelu>("LeakyRelu", {1, 6, 16},
                                                              ParseLeakyRelu),
      UnaryOp<ThresholdedRelu, Floats>("ThresholdedRelu", {10, 22}, ParseAlphaOne),
      UnaryOp<Elu, Floats>("Elu", {1, 6, 22}, ParseAlphaOne),
      UnaryOp<Selu, Floats>("Selu", {1, 6, 22}, ParseSelu),
      UnaryOp<Celu, Floats>("Celu", {12, 28}, ParseAlphaOne),
      WithGradient(UnaryOpWithNative<Sigmoid, Floats, native::Sigmoid>("Sigmoid", {1, 6, 13}),
                   SigmoidGradient),
      UnaryOpWithNative<HardSigmoid, Floats, native::HardSigmoid>("HardSigmoid", {1, 6, 22},
                                                                  ParseHardSigmoid),
      UnaryOpWithNative<HardSwish, Floats, native::HardSwish>("HardSwish", {14, 22}),
      UnaryOpWithNative<Swish, Floats, native::Swish>("Swish", {24}, ParseAlphaOne),
      AsContrib(UnaryOpWithNative<Swish, Floats, native::Swish>("", {}, ParseQuickGelu),
                "QuickGelu"),
      WithGradient(UnaryOp<Softplus, Floats>("Softplus", {1, 22}), SoftplusGradient),
      UnaryOp<Softsign, Floats>("Softsign", {1, 22}),
      UnaryOp<Mish, Floats>("Mish", {18, 22}),
      UnaryOp<Shrink, Numbers>("Shrink", {9}, ParseShrink),
  };
}

}  // namespace sardonyx
