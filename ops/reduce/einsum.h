// Einsum's equations, resolved for operands of given ranks.
#pragma once

#include <string>
#include <vector>

#include "runtime/op.h"

namespace sardonyx {

struct EinsumAttrs : Attrs {
  static constexpr int kEllipsis = -1;
  /// Letters, and kEllipsis for "...", of each operand and of the result.
  std::vector<std::vector<int>> inputs;
  std::vector<int> output;
};

/// Errors: anything but letters, commas, spaces, "..." once in a term, and one "->"; a letter of
/// the result that is repeated or that no operand has.
StatusOr<std::shared_ptr<EinsumAttrs>> ParseEquation(const std::string& equation);

/// Each axis as a label counted from 0: those under the ellipsis first, aligned to the right.
struct EinsumLabels {
  std::vector<std::vector<int>> inputs;
  std::vector<int> output;
  int count = 0;
};
/// Errors: an operand whose rank does not fit its term.
StatusOr<EinsumLabels> ResolveLabels(const EinsumAttrs& attrs, const std::vector<int>& ranks);

/// The kernel for two float operands that is a matrix product.
KernelDef EinsumGemm();

}  // namespace sardonyx
