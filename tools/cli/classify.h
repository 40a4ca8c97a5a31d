// Classes and probabilities from a classifier's output.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/tensor.h"

namespace sardonyx {

struct RankedClass {
  int64_t index = 0;
  std::string label;
  double probability = 0;
};

/// Names of classes, one in each line; empty lines at the end are left out.
StatusOr<std::vector<std::string>> ReadLabels(const std::string& path);

/// For each element of the batch (axis 0, where there are two or more) the `top` likeliest classes.
/// Scores that are no distribution (all at least 0, sum 1) are taken as logits: softmax makes
/// probabilities of them. Errors: no numbers, or a number of classes that is not that of `labels`.
StatusOr<std::vector<std::vector<RankedClass>>> Classify(const Tensor& scores,
                                                         const std::vector<std::string>& labels,
                                                         int top);

}  // namespace sardonyx
