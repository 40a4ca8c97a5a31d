// Integer inputs that say how large an output is or where it comes from: shapes, axes, pads.
#pragma once

#include <optional>

#include "runtime/op.h"

namespace sardonyx {

/// The elements of integer input i, a tensor of rank at most 1 called `what` in messages; nullopt
/// where they are not known yet or the input is left out. Errors: no integers, a higher rank, or
/// more elements than any list of axes or sizes has.
StatusOr<std::optional<Ints>> KnownInts(const InferContext& context, int i, absl::string_view what);

/// InferContext::ints() of lists short enough to be a shape or a part of one; nullopt for others.
std::optional<SymbolicShape> ShortInts(const InferContext& context, int i);

/// KnownInts of a kernel's input, which must be there.
StatusOr<Ints> InputInts(const KernelContext& context, int i, absl::string_view what);

/// The single element of an integer tensor of one element. Errors: no integer, another count.
StatusOr<int64_t> SingleInt(const Tensor& tensor, absl::string_view what);

/// Axes counted from the end made positive. Errors: outside [-rank, rank), or one named twice.
StatusOr<Ints> NormalizeAxes(absl::Span<const int64_t> axes, int rank);

/// An error where a tensor that a model's values ask for is beyond what any machine holds (2^46
/// bytes), so that sums and products of its sizes cannot overflow. Dimensions that are unknown
/// or zero count as 1.
Status CheckPlausible(DataType element, const SymbolicShape& shape);

/// Index `i` (0 or positive) counted from the end where negative, of an axis of size `size`;
/// -1 where it is outside.
inline int64_t WrapIndex(int64_t i, int64_t size) {
  if (i < -size || i >= size) return -1;
  return i < 0 ? i + size : i;
}

}  // namespace sardonyx
