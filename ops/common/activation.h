// Activations that a kernel applies to its results before it stores them: what Conv, Gemm, MatMul
// and others absorb from the node behind them.
#pragma once

#include <cmath>
#include <optional>
#include <string>

#include "runtime/graph/graph.h"

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
  };

  Kind kind = Kind::kNone;
  float a = 0;
  float b = 0;

  explicit operator bool() const { return kind != Kind::kNone; }
  friend bool operator==(const Activation&, const Activation&) = default;
};

/// One element, as the operators' reference kernels compute it; NaN stays NaN.
inline float Apply(const Activation& activation, float x) {
  const auto clip = [](float v, float low, float high) {
    const float raised = v < low ? low : v;
    return raised > high ? high : raised;
  };
  switch (activation.kind) {
    case Activation::Kind::kNone:
      return x;
    case Activation::Kind::kRelu:
      return x < 0 ? 0.0f : x;
    case Activation::Kind::kClip:
      return clip(x, activation.a, activation.b);
    case Activation::Kind::kLeakyRelu:
      return x < 0 ? activation.a * x : x;
    case Activation::Kind::kSigmoid:
      return 1.0f / (1.0f + std::exp(-x));
    case Activation::Kind::kTanh:
      return std::tanh(x);
    case Activation::Kind::kHardSigmoid:
      return clip(activation.a * x + activation.b, 0.0f, 1.0f);
    case Activation::Kind::kHardSwish:
      return x * clip(x / 6.0f + 0.5f, 0.0f, 1.0f);
    case Activation::Kind::kSwish:
      return x / (1.0f + std::exp(-activation.a * x));
  }
  return x;
}

/// The float32 activation that `node` of `graph` computes from its input 0, if it is one: Relu,
/// Clip with constant bounds, LeakyRelu, Sigmoid, Tanh, HardSigmoid, HardSwish or Swish. The caller
/// checks that the element type is float32.
std::optional<Activation> ActivationOf(const Graph& graph, const Node& node);

/// "relu", "clip(0, 6)"; "none" for none.
std::string ToString(const Activation& activation);

}  // namespace sardonyx
