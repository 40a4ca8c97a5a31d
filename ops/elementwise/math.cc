// Exp, Log, Erf, the trigonometric and hyperbolic functions and their inverses.
#include <cmath>

#include "ops/elementwise/gradients.h"
#include "ops/elementwise/native.h"
#include "ops/elementwise/rewrites.h"
#include "ops/elementwise/unary.h"

namespace sardonyx {
namespace {

/// A function of <cmath>: with libm's accuracy for float and double.
#define SX_MATH_FUNCTION(Name, function)     \
  struct Name {                              \
    static constexpr double kCost = 10;      \
    template <typename T>                    \
    static T Apply(T x, const UnaryAttrs&) { \
      return std::function(x);               \
    }                                        \
  };
SX_MATH_FUNCTION(Exp, exp)
SX_MATH_FUNCTION(Log, log)
SX_MATH_FUNCTION(Sin, sin)
SX_MATH_FUNCTION(Cos, cos)
SX_MATH_FUNCTION(Tan, tan)
SX_MATH_FUNCTION(Asin, asin)
SX_MATH_FUNCTION(Acos, acos)
SX_MATH_FUNCTION(Atan, atan)
SX_MATH_FUNCTION(Sinh, sinh)
SX_MATH_FUNCTION(Cosh, cosh)
SX_MATH_FUNCTION(Tanh, tanh)
SX_MATH_FUNCTION(Asinh, asinh)
SX_MATH_FUNCTION(Acosh, acosh)
SX_MATH_FUNCTION(Atanh, atanh)
#undef SX_MATH_FUNCTION

/// Integers are allowed: their results are those of the function, truncated.
struct Erf {
  static constexpr double kCost = 15;
  template <typename T>
  static T Apply(T x, const UnaryAttrs&) {
    return static_cast<T>(std::erf(x));
  }
};

}  // namespace

std::vector<OpDef> MathOps() {
  OpDef erf = UnaryOpWithNative<Erf, Numbers, native::Erf>("Erf", {9, 13});
  erf.rewrites = ErfRewrites();
  return {
      WithGradient(UnaryOpWithNative<Exp, Floats, native::Exp>("Exp", {1, 6, 13}), ExpGradient),
      WithGradient(UnaryOpWithNative<Log, Floats, native::Log>("Log", {1, 6, 13}), LogGradient),
      WithGradient(UnaryOpWithNative<Tanh, Floats, native::Tanh>("Tanh", {1, 6, 13}), TanhGradient),
      erf,
      WithGradient(UnaryOp<Sin, Floats>("Sin", {7, 22}), SinGradient),
      WithGradient(UnaryOp<Cos, Floats>("Cos", {7, 22}), CosGradient),
      UnaryOp<Tan, Floats>("Tan", {7, 22}),
      UnaryOp<Asin, Floats>("Asin", {7, 22}),
      UnaryOp<Acos, Floats>("Acos", {7, 22}),
      UnaryOp<Atan, Floats>("Atan", {7, 22}),
      UnaryOp<Sinh, Floats>("Sinh", {9, 22}),
      UnaryOp<Cosh, Floats>("Cosh", {9, 22}),
      UnaryOp<Asinh, Floats>("Asinh", {9, 22}),
      UnaryOp<Acosh, Floats>("Acosh", {9, 22}),
      UnaryOp<Atanh, Floats>("Atanh", {9, 22}),
  };
}

}  // namespace sardonyx
