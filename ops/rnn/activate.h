#pragma once

#include <cstdint>

#include "ops/rnn/gate_activation.h"

namespace sardonyx {

/// x[i] = activation(clip(x[i])) for i < n, in vectors for what cells use most; `clip` 0: none.
void ActivateGates(const GateActivation& activation, float clip, int64_t n, float* x);

}  // namespace sardonyx
