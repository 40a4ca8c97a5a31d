#include "ops/rnn/gate_activation.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"

namespace sardonyx {
namespace {

struct Known {
  absl::string_view name;
  GateActivation::Kind kind;
  bool has_alpha = false, has_beta = false;
  double alpha = 0, beta = 0;
};

using Kind = GateActivation::Kind;
constexpr Known kKnown[] = {
    {"Relu", Kind::kRelu},
    {"Tanh", Kind::kTanh},
    {"Sigmoid", Kind::kSigmoid},
    {"Affine", Kind::kAffine, true, true, 1, 0},
    {"LeakyRelu", Kind::kLeakyRelu, true, false, 0.01, 0},
    {"ThresholdedRelu", Kind::kThresholdedRelu, true, false, 1, 0},
    {"ScaledTanh", Kind::kScaledTanh, true, true, 1, 1},
    {"HardSigmoid", Kind::kHardSigmoid, true, true, 0.2, 0.5},
    {"Elu", Kind::kElu, true, false, 1, 0},
    {"Softsign", Kind::kSoftsign},
    {"Softplus", Kind::kSoftplus},
};

}  // namespace

double GateActivation::operator()(double x) const {
  switch (kind) {
    case Kind::kRelu:
      return x < 0 ? 0 : x;
    case Kind::kTanh:
      return std::tanh(x);
    case Kind::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case Kind::kAffine:
      return alpha * x + beta;
    case Kind::kLeakyRelu:
      return x < 0 ? alpha * x : x;
    case Kind::kThresholdedRelu:
      return x < alpha ? 0 : x;
    case Kind::kScaledTanh:
      return alpha * std::tanh(beta * x);
    case Kind::kHardSigmoid: {
      const double y = alpha * x + beta;
      return y < 0 ? 0 : y > 1 ? 1 : y;
    }
    case Kind::kElu:
      return x < 0 ? alpha * std::expm1(x) : x;
    case Kind::kSoftsign:
      return x / (1 + std::abs(x));
    case Kind::kSoftplus:
      return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
  }
  return x;
}

StatusOr<std::vector<GateActivation>> MakeGateActivations(const std::vector<std::string>& names,
                                                          const std::vector<float>& alphas,
                                                          const std::vector<float>& betas) {
  std::vector<GateActivation> activations;
  size_t next_alpha = 0, next_beta = 0;
  for (const std::string& name : names) {
    const auto* known = std::find_if(std::begin(kKnown), std::end(kKnown), [&](const Known& k) {
      return absl::EqualsIgnoreCase(k.name, name);
    });
    if (known == std::end(kKnown)) {
      return InvalidArgument("activation '", name, "' is none of Relu, Tanh, Sigmoid, Affine, ",
                             "LeakyRelu, ThresholdedRelu, ScaledTanh, HardSigmoid, Elu, Softsign ",
                             "and Softplus");
    }
    GateActivation made{.kind = known->kind, .alpha = known->alpha, .beta = known->beta};
    if (known->has_alpha && next_alpha < alphas.size()) made.alpha = alphas[next_alpha++];
    if (known->has_beta && next_beta < betas.size()) made.beta = betas[next_beta++];
    activations.push_back(made);
  }
  return activations;
}

}  // namespace sardonyx
