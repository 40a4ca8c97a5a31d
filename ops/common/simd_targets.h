// The instruction sets that SIMD kernels are compiled for, chosen among at run time: AVX-512, AVX2
// and plain C++. Included before any Highway header. Those left out gain these kernels nothing
// over the next lower one, or (SSE4) have no masked loads that stay inside an array.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_AVX3_DL | HWY_SSE4 | HWY_SSSE3)
