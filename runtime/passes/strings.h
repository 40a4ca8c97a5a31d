// The memory of strings, which the sizes of tensors do not show.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

/// What the strings of a tensor hold besides its elements; 0 for any other type.
int64_t StringBytes(const Tensor& tensor);

/// An error where the outputs of a kernel, should each of its strings be as long as the longest
/// ones of all inputs together, would not fit in what the budget has left. To be asked before the
/// kernel runs.
Status CheckStrings(KernelContext& context);

/// Counts the strings of the outputs in the budget for as long as they live. Errors: over it.
Status CountStrings(KernelContext& context);

}  // namespace sardonyx
