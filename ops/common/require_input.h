// Inputs that only some opset versions of an operator need.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

/// An error where input i is left out. For inputs beyond OpDef::min_inputs.
inline void RequireInput(ParseContext& context, size_t i, absl::string_view name) {
  const std::vector<ValueId>& inputs = context.node().inputs;
  if (inputs.size() > i && inputs[i] != kNoValue) return;
  context.Fail(absl::StrCat("input ", i, ", '", name, "', is missing"));
}

}  // namespace sardonyx
