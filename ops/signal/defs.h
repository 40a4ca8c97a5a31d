// The parts of this family, one per file.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

std::vector<OpDef> FourierOps();  // DFT, STFT
std::vector<OpDef> WindowOps();   // HannWindow, HammingWindow, BlackmanWindow, MelWeightMatrix

}  // namespace sardonyx
