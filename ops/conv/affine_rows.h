// Rows of a matrix scaled, shifted and activated on their way.
#pragma once

#include "ops/common/activation.h"

namespace sardonyx {

/// to(i, c) = activation(scale[c] * from(i, c) + shift[c]). Strides are in floats.
struct AffineRows {
  const float* from;
  int64_t from_stride;
  int64_t rows, columns;
  const float* scale;
  const float* shift;  // null: none
  Activation activation;
  float* to;
  int64_t to_stride;
};

void MakeAffineRows(const AffineRows& rows);

}  // namespace sardonyx
