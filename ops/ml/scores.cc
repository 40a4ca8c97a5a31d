#include "ops/ml/scores.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sardonyx {
namespace {

constexpr double kTiny = 1e-7;  // what SOFTMAX_ZERO takes for zero

double Logistic(double x) { return 1 / (1 + std::exp(-x)); }

/// The inverse of erf: S. Winitzki, "A handy approximation for the error function and its inverse",
/// 2008, with a = 0.147.
double InverseErf(double x) {
  constexpr double kA = 0.147, kPi = 3.14159265358979323846;
  const double log = std::log((1 - x) * (1 + x));
  const double half = 2 / (kPi * kA) + log / 2;
  return std::copysign(std::sqrt(std::sqrt(half * half - log / kA) - half), x);
}

double Probit(double p) { return std::sqrt(2.0) * InverseErf(2 * p - 1); }

/// Softmax; if `keep_zeros`, scores that are zero take no part and stay what they are.
void Softmax(absl::Span<double> scores, bool keep_zeros) {
  const double greatest = *std::max_element(scores.begin(), scores.end());
  for (double& score : scores) {
    const bool zero = keep_zeros && std::fabs(score) <= kTiny;
    score = zero ? score * std::exp(-greatest) : std::exp(score - greatest);
  }
  const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  // All zeros: the reference evaluator's choice.
  for (double& score : scores) score = sum == 0 ? 0.5 : score / sum;
}

}  // namespace

PostTransform ParsePostTransform(ParseContext& context) {
  const std::string name = context.String("post_transform", "NONE");
  if (name == "SOFTMAX") return PostTransform::kSoftmax;
  if (name == "LOGISTIC") return PostTransform::kLogistic;
  if (name == "SOFTMAX_ZERO") return PostTransform::kSoftmaxZero;
  if (name == "PROBIT") return PostTransform::kProbit;
  if (name != "NONE") {
    context.Fail(absl::StrCat("post_transform is '", name,
                              "', expected NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT"));
  }
  return PostTransform::kNone;
}

void Transform(PostTransform transform, absl::Span<double> scores) {
  switch (transform) {
    case PostTransform::kNone:
      break;
    case PostTransform::kSoftmax:
    case PostTransform::kSoftmaxZero:
      if (!scores.empty()) Softmax(scores, transform == PostTransform::kSoftmaxZero);
      break;
    case PostTransform::kLogistic:
      std::transform(scores.begin(), scores.end(), scores.begin(), Logistic);
      break;
    case PostTransform::kProbit:
      std::transform(scores.begin(), scores.end(), scores.begin(), Probit);
      break;
  }
}

int64_t TopClass(absl::Span<const double> scores) {
  if (scores.size() == 1) return scores[0] > 0 ? 0 : -1;
  return std::max_element(scores.begin(), scores.end()) - scores.begin();
}

void PutLabel(const Tensor& labels, int64_t index, int64_t at, Tensor& to) {
  if (labels.type() == DataType::kString) {
    to.data<std::string>()[at] = index < 0 ? "" : labels.data<std::string>()[index];
  } else {
    to.data<int64_t>()[at] = index < 0 ? 0 : labels.data<int64_t>()[index];
  }
}

void PutScores(absl::Span<const double> scores, int64_t row, Tensor& to) {
  Dispatch(to.type(), TypeList<float, double, Half>{}, [&]<typename T>() {
    T* place = to.data<T>() + row * static_cast<int64_t>(scores.size());
    for (double score : scores) *place++ = static_cast<T>(score);
    return absl::OkStatus();
  }).IgnoreError();  // inference made it one of these
}

}  // namespace sardonyx
