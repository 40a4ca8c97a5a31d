// The instruction sets that SIMD kernels are compiled for, chosen among at run time. Included
// before any Highway header. Those left out gain these kernels nothing over the next lower one.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_AVX3_DL | HWY_SSSE3)
