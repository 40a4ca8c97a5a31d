// The activation functions of recurrent cells.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/status.h"

namespace sardonyx {

struct GateActivation {
  enum class Kind {
    kRelu,
    kTanh,
    kSigmoid,
    kAffine,           // alpha x + beta
    kLeakyRelu,        // alpha x below zero
    kThresholdedRelu,  // 0 below alpha
    kScaledTanh,       // alpha tanh(beta x)
    kHardSigmoid,      // clip(alpha x + beta, 0, 1)
    kElu,              // alpha (e^x - 1) below zero
    kSoftsign,
    kSoftplus,
  };
  Kind kind = Kind::kTanh;
  double alpha = 0, beta = 0;

  double operator()(double x) const;
};

/// The functions of these names, in whatever case; each that has an alpha or a beta takes the next
/// one of the list, and its operator's default once the list is used up. Errors: an unknown name.
StatusOr<std::vector<GateActivation>> MakeGateActivations(const std::vector<std::string>& names,
                                                          const std::vector<float>& alphas,
                                                          const std::vector<float>& betas);

}  // namespace sardonyx
