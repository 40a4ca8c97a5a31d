// Activations that a kernel applies to its results before it stores them: what Conv, Gemm, MatMul
// and others absorb from the node behind them.
#pragma once

#include <cmath>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "runtime/op.h"

namespace sardonyx {

struct Activation {
  enum class Kind {
    kNone,
    kRelu,
    kClip,       // [a, b]
    kLeakyRelu,  // slope a below zero
    kSigmoid,
    kTanh,
    kHardSigmoid,  // clip(a x + b, 0, 1)
    kHardSwish,    // x clip(x/6 + 1/2, 0, 1)
    kSwish,        // x sigmoid(a x)
    kGelu,         // x (1 + erf(x / sqrt 2)) / 2
    kGeluTanh,     // its approximation, x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3)
  };

  Kind kind = Kind::kNone;
  float a = 0;
  float b = 0;

  explicit operator bool() const { return kind != Kind::kNone; }
  friend bool operator==(const Activation&, const Activation&) = default;
};

/// One element in float or double, as the operators' reference kernels compute it; NaN stays NaN.
template <typename T>
T Apply(const Activation& activation, T x) {
  const T a = static_cast<T>(activation.a), b = static_cast<T>(activation.b);
  const auto clip = [](T v, T low, T high) {
    const T raised = v < low ? low : v;
    return raised > high ? high : raised;
  };
  switch (activation.kind) {
    case Activation::Kind::kNone:
      return x;
    case Activation::Kind::kRelu:
      return x < 0 ? T{0} : x;
    case Activation::Kind::kClip:
      return clip(x, a, b);
    case Activation::Kind::kLeakyRelu:
      return x < 0 ? a * x : x;
    case Activation::Kind::kSigmoid:
      return T{1} / (T{1} + std::exp(-x));
    case Activation::Kind::kTanh:
      return std::tanh(x);
    case Activation::Kind::kHardSigmoid:
      return clip(a * x + b, T{0}, T{1});
    case Activation::Kind::kHardSwish:
      return x * clip(x / T{6} + T(0.5), T{0}, T{1});
    case Activation::Kind::kSwish:
      return x / (T{1} + std::exp(-a * x));
    case Activation::Kind::kGelu:
      return T(0.5) * x * std::erfc(x * T(-0.70710678118654752440));
    case Activation::Kind::kGeluTanh: {
      const T u = T(0.79788456080286535588) * x * (T{1} + T(0.044715) * x * x);
      return x / (T{1} + std::exp(-2 * u));
    }
  }
  return x;
}

/// The activation of every element, in place and in vectors; NaN stays NaN.
void Activate(const Activation& activation, absl::Span<float> x);

/// The activation that the operator `op` of ai.onnx computes, where it is one of those above; its
/// attributes are asked for by name.
std::optional<Activation> ActivationNamed(
    absl::string_view op, absl::FunctionRef<float(const char* name, float fallback)> attribute);

/// The one that the attribute 'activation' of com.microsoft's fused operators names; none where it
/// is left out or, which makes the context fail, not one of those above.
Activation ReadActivation(ParseContext& context,
                          absl::FunctionRef<float(const char* name, float fallback)> attribute);

/// The float32 activation that `node` of `graph` computes from its input 0, if it is one that
/// ActivationNamed knows; Clip with constant bounds. The caller checks that the element type is
/// float32.
std::optional<Activation> ActivationOf(const Graph& graph, const Node& node);

/// "relu", "clip(0, 6)"; "none" for none.
std::string ToString(const Activation& activation);

}  // namespace sardonyx
