// What the machine can do at most, to judge kernels by.
#pragma once

namespace sardonyx {

/// Floating-point operations per second of one thread that does nothing but fused multiply-adds on
/// registers; a multiply-add counts as two. Measured once.
double PeakFlops();

}  // namespace sardonyx
