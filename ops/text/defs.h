// The parts of this family, one per file.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

std::vector<OpDef> StringOps();  // StringConcat, StringSplit
std::vector<OpDef> NormalizerOps();
std::vector<OpDef> TfIdfOps();
std::vector<OpDef> RegexOps();

/// An error unless input i, where its type is known, holds strings.
inline Status CheckStrings(const InferContext& context, int i) {
  const DataType element = context.element(i);
  if (element == DataType::kUndefined || element == DataType::kString) return absl::OkStatus();
  return InvalidArgument("input ", i, " is ", Name(element), ", not string");
}

}  // namespace sardonyx
