// What models do with the scores of one row: choose a class, transform, write.
#pragma once

#include "absl/types/span.h"
#include "runtime/op.h"

namespace sardonyx {

enum class PostTransform { kNone, kSoftmax, kLogistic, kSoftmaxZero, kProbit };

/// The attribute post_transform, a name.
PostTransform ParsePostTransform(ParseContext& context);

/// Transforms the scores of one row in place. PROBIT inverts the normal distribution by Winitzki's
/// approximation, as elsewhere: it is NaN outside of [0,1].
void Transform(PostTransform transform, absl::Span<double> scores);

/// The position of the greatest score, the first among equals. A single score is told from none:
/// 0 where it is positive, -1 otherwise.
int64_t TopClass(absl::Span<const double> scores);

/// Writes element `index` of the class labels to element `at` of a tensor of their type; 0 or ""
/// where `index` is -1.
void PutLabel(const Tensor& labels, int64_t index, int64_t at, Tensor& to);

/// Writes scores as the row `row` of a float, double or float16 tensor with as many columns.
void PutScores(absl::Span<const double> scores, int64_t row, Tensor& to);

}  // namespace sardonyx
