// Layer normalization of rows that are sums, as com.microsoft's operators have it.
#pragma once

#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "ops/norm/layernorm.h"

namespace sardonyx {

/// Matrices of `length` columns, all of y's element type; nullptr where there is none.
struct RowSums {
  const LayerNormAttrs& attrs;
  int64_t rows = 0, length = 0;
  /// Row i is the sum of the rows numbered row_of(term, i) of these.
  absl::InlinedVector<const Tensor*, 3> terms;
  absl::FunctionRef<int64_t(int term, int64_t i)> row_of;
  const Tensor* scale = nullptr;
  const Tensor* bias = nullptr;
  Tensor* y = nullptr;
  Tensor* mean = nullptr;     // [rows] of float, as
  Tensor* inverse = nullptr;  // is this
  Tensor* sum = nullptr;
};

Status NormalizeReference(const KernelContext& context, const RowSums& sums);
/// The same on float alone, in vectors.
Status NormalizeNative(const KernelContext& context, const RowSums& sums);

/// "" where input 0 is float.
std::string RefusesAllButFloatRows(const PrepareContext& context);

}  // namespace sardonyx
