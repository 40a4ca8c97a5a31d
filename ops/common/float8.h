// The 8-bit floats that operators beside Cast and QuantizeLinear take.
#pragma once

#include "runtime/base/data_type.h"

namespace sardonyx {

using Float8s = TypeList<Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ>;

}  // namespace sardonyx
