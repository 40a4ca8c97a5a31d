// Operators of com.microsoft, the domain of ONNX Runtime's own operators, which its optimiser and
// exporters write into models; its docs/ContribOperators.md says what they are. Most are an
// operator of ai.onnx with more attributes and belong to that operator's family.
#pragma once

#include <utility>

#include "runtime/op.h"

namespace sardonyx {

/// `op` as that domain's operator `name`.
inline OpDef AsContrib(OpDef op, absl::string_view name) {
  op.domain = "com.microsoft";
  op.name = name;
  op.versions = {1};
  op.gradient = nullptr;  // rules know the attributes of ai.onnx alone
  return op;
}

}  // namespace sardonyx
