// What LayerNormalization, RMSNormalization and the normalizations of sums (row_sums.h) share.
#pragma once

#include "ops/norm/norm.h"

namespace sardonyx {

struct LayerNormAttrs : Attrs {
  bool center = true;  // false: the root mean square alone is normalized
  double epsilon = 1e-5;
  int64_t axis = -1;
  DataType stash = DataType::kFloat;  // of the outputs Mean and InvStdDev

  /// The mean is an output only where it is subtracted.
  int inverse_output() const { return center ? 2 : 1; }
};

/// MomentsOf; where not `center` the mean is 0 and the variance the mean square.
template <typename T>
Moments RowMoments(const T* x, int64_t count, bool center) {
  Moments moments = MomentsOf(x, count);
  if (!center) {
    moments.variance += moments.mean * moments.mean;
    moments.mean = 0;
  }
  return moments;
}

/// y = (x - mean) * inverse * scale + bias over n elements. x and y may be the same memory; bias,
/// mean and inverse may be null.
void NormalizeRow(const LayerNormAttrs& attrs, const float* x, int64_t n, const float* scale,
                  const float* bias, float* y, float* mean, float* inverse);

}  // namespace sardonyx
