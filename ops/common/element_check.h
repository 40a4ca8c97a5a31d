// Checking element types while types are inferred.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

/// OK where `type` is not known yet or is one of Ts; an error that calls the tensor `name`
/// otherwise.
template <typename... Ts>
Status CheckElement(DataType type, TypeList<Ts...>, absl::string_view name) {
  if (type == DataType::kUndefined || ((type == kTypeOf<Ts>) || ...)) return absl::OkStatus();
  return InvalidArgument("input ", name, " has element type ", Name(type),
                         ", which the operator does not take");
}

/// OK where input i is a tensor or nothing is known of it; an error otherwise.
inline Status CheckIsTensor(const InferContext& context, int i) {
  const Type& type = context.input(i);
  if (type.is_tensor() || type.kind == Type::Kind::kUnknown) return absl::OkStatus();
  return InvalidArgument("input ", i, " is ", type.ToString(), ", not a tensor");
}

}  // namespace sardonyx
