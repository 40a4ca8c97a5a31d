// What happens to a matrix product before it is stored.
#pragma once

#include <cstdint>

#include "ops/common/activation.h"

namespace sardonyx {

/// c(i,j) = activation(alpha sum(i,j) + beta (offset + row_bias[i] + column_bias[j]
///                                            + residual[i residual_stride + j])).
/// Null pointers add nothing. The residual must not overlap C: partial sums are kept there.
struct Epilogue {
  float alpha = 1;
  float beta = 1;
  float offset = 0;
  const float* row_bias = nullptr;
  const float* column_bias = nullptr;
  const float* residual = nullptr;
  int64_t residual_stride = 0;
  Activation activation;

  /// As seen from the block of C that begins at that row and column.
  Epilogue At(int64_t row, int64_t column) const {
    Epilogue moved = *this;
    if (row_bias != nullptr) moved.row_bias += row;
    if (column_bias != nullptr) moved.column_bias += column;
    if (residual != nullptr) moved.residual += row * residual_stride + column;
    return moved;
  }
};

}  // namespace sardonyx
