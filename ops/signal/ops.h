// Fourier transforms, windows, and the mel scale.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// The operators of this family, in no particular order.
std::vector<OpDef> SignalOps();

}  // namespace sardonyx
