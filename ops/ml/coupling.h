// Probabilities of classes from decisions between every two of them.
#pragma once

#include <vector>

#include "absl/types/span.h"

namespace sardonyx {

/// `scores` holds a decision value for each pair of classes (i, j), i before j, in order. Platt's
/// sigmoids with the parameters `a` and `b` turn them into probabilities of i against j, from which
/// the second method of T.-F. Wu, C.-J. Lin and R. C. Weng, "Probability estimates for multi-class
/// classification by pairwise coupling", 2004, finds one for each class, with LIBSVM's limits.
std::vector<double> ClassProbabilities(absl::Span<const double> scores, absl::Span<const float> a,
                                       absl::Span<const float> b, int64_t classes);

}  // namespace sardonyx
