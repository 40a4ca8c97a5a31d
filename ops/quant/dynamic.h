// Quantising floats to uint8 by the range that they turn out to have.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

struct DynamicLinear {
  float scale = 1;
  uint8_t zero = 0;
};

/// For the range of all x and zero, as DynamicQuantizeLinear defines it; NaN is passed over.
StatusOr<DynamicLinear> DynamicRange(const KernelContext& context, absl::Span<const float> x);

/// y[i] = x[i] quantised.
Status QuantizeDynamically(const KernelContext& context, const DynamicLinear& linear,
                           absl::Span<const float> x, uint8_t* y);

}  // namespace sardonyx
