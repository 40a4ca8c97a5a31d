// How scales and zero points spread over a tensor: one for all of it, one for each slice along an
// axis, or one for each block along an axis.
#pragma once

#include "absl/functional/function_ref.h"
#include "runtime/op.h"

namespace sardonyx {

struct LinearAttrs : Attrs {
  int64_t axis = 1;
  int64_t block_size = 0;  // 0: no blocks
  bool saturate = true;
  DataType output = DataType::kUndefined;     // output_dtype, where it is given
  DataType precision = DataType::kUndefined;  // of QuantizeLinear's division, where it is given
};

/// A tensor as [outer, axis, inner], and its parameters.
struct Granularity {
  enum class Kind { kTensor, kAxis, kBlock };
  Kind kind = Kind::kTensor;
  int64_t outer = 1, axis = 1, inner = 1;
  int64_t block = 1;   // elements along the axis that share parameters
  int64_t blocks = 1;  // along the axis

  /// Calls run(first, n, parameter, step) for runs of elements that together cover the tensor:
  /// element first + i has the parameter number parameter + i * step.
  using Run = absl::FunctionRef<void(int64_t first, int64_t n, int64_t parameter, int64_t step)>;
  Status ForEachRun(const KernelContext& context, double cost, Run run) const;
};

/// Errors: a scale whose shape does not fit x, the axis and the size of blocks.
StatusOr<Granularity> ResolveGranularity(const LinearAttrs& attrs, const Shape& x,
                                         const Shape& scale);

/// What QuantizeLinear and DequantizeLinear check alike: that inputs are tensors, that scale and
/// zero point have one shape, and that it fits, as far as shapes are known.
Status CheckLinearShapes(const InferContext& context);

}  // namespace sardonyx
