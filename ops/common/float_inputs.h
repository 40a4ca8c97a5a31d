// Checks on the element types of operators that take floats alone.
#pragma once

#include <algorithm>

#include "runtime/op.h"

namespace sardonyx {

/// Errors unless input i is, as far as is known, a tensor of float, double, float16 or bfloat16.
inline Status CheckFloatInput(const InferContext& context, int i) {
  const Type& type = context.input(i);
  if (type.kind == Type::Kind::kUnknown) return absl::OkStatus();
  switch (type.is_tensor() ? type.element : DataType::kString) {
    case DataType::kUndefined:
    case DataType::kFloat:
    case DataType::kDouble:
    case DataType::kFloat16:
    case DataType::kBFloat16:
      return absl::OkStatus();
    default:
      return InvalidArgument("input #", i, " is ", type.ToString(),
                             ", but float, double, float16 or bfloat16 is needed");
  }
}

/// As CheckFloatInput for inputs [first, last), which must all be of one type. That type, which is
/// kUndefined where none is known.
inline StatusOr<DataType> CheckSameFloatInputs(const InferContext& context, int first, int last) {
  DataType common = DataType::kUndefined;
  for (int i = first; i < std::min(last, context.input_count()); ++i) {
    SX_RETURN_IF_ERROR(CheckFloatInput(context, i));
    const DataType element = context.element(i);
    if (element == DataType::kUndefined) continue;
    if (common != DataType::kUndefined && element != common) {
      return InvalidArgument("input #", i, " is ", context.input(i).ToString(),
                             ", but an input before it is of ", Name(common));
    }
    common = element;
  }
  return common;
}

/// Errors unless input i has, as far as is known, rank 1 and `size` elements.
inline Status CheckVector(const InferContext& context, int i, const Dim& size,
                          absl::string_view what) {
  const SymbolicShape* shape = context.shape(i);
  if (shape == nullptr) return absl::OkStatus();
  if (shape->size() == 1 &&
      (!(*shape)[0].known() || !size.known() || (*shape)[0].value == size.value)) {
    return absl::OkStatus();
  }
  return InvalidArgument("input #", i, " (", what, ") has shape ", ToString(*shape), ", not [",
                         size.ToString(), "]");
}

}  // namespace sardonyx
