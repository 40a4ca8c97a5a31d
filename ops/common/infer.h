// Checks that the inference functions of many operators share.
#pragma once

#include <initializer_list>

#include "absl/types/span.h"
#include "runtime/op.h"

namespace sardonyx {

/// The element type that the tensor inputs numbered `inputs` share; kUndefined where none is known.
/// Inputs that are left out are passed over, unless the operator requires them (its min_inputs).
/// Errors: an input that is no tensor, a type that is not among `allowed`, types that differ.
StatusOr<DataType> CommonElement(const InferContext& context, absl::Span<const DataType> allowed,
                                 std::initializer_list<int> inputs);

template <typename... Ts>
StatusOr<DataType> CommonElement(const InferContext& context, TypeList<Ts...>,
                                 std::initializer_list<int> inputs) {
  static constexpr DataType kAllowed[] = {kTypeOf<Ts>...};
  return CommonElement(context, kAllowed, inputs);
}

/// An error where the rank of input i is known and is not `rank`.
Status CheckRank(const InferContext& context, int i, int rank, absl::string_view name);

/// `known` where it is known, otherwise `other`: what two inputs say of one dimension. An error
/// naming `what` where both are known and differ.
StatusOr<Dim> MergeDims(const Dim& known, const Dim& other, absl::string_view what);

}  // namespace sardonyx
