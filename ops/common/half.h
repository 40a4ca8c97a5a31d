// float16 to float and back, many at a time, as fast as the processor can.
#pragma once

#include <cstdint>

#include "runtime/base/minifloat.h"

namespace sardonyx {

/// to[i] = from[i], exactly.
void HalfToFloat(const Half* from, int64_t n, float* to);
/// to[i] = from[i] rounded to nearest even; infinite beyond the greatest float16.
void FloatToHalf(const float* from, int64_t n, Half* to);

}  // namespace sardonyx
