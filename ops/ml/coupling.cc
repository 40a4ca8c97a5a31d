#include "ops/ml/coupling.h"

#include <algorithm>
#include <cmath>

namespace sardonyx {
namespace {

/// Minimises p'Qp over all p that sum up to 1, one coordinate at a time.
std::vector<double> Minimise(const std::vector<double>& q, int64_t n) {
  std::vector<double> p(n, 1.0 / static_cast<double>(n)), qp(n);
  const double tolerance = 0.005 / static_cast<double>(n);
  const int64_t rounds = std::max<int64_t>(100, n);
  for (int64_t round = 0; round < rounds; ++round) {
    double pqp = 0;
    for (int64_t i = 0; i < n; ++i) {
      qp[i] = 0;
      for (int64_t j = 0; j < n; ++j) qp[i] += q[i * n + j] * p[j];
      pqp += p[i] * qp[i];
    }
    const bool done =
        std::all_of(qp.begin(), qp.end(), [&](double v) { return std::fabs(v - pqp) < tolerance; });
    if (done) break;
    for (int64_t i = 0; i < n; ++i) {
      const double step = (pqp - qp[i]) / q[i * n + i], scale = 1 / (1 + step);
      pqp = (pqp + step * (step * q[i * n + i] + 2 * qp[i])) * scale * scale;
      p[i] += step;
      for (int64_t j = 0; j < n; ++j) {
        qp[j] = (qp[j] + step * q[i * n + j]) * scale;
        p[j] *= scale;
      }
    }
  }
  return p;
}

}  // namespace

std::vector<double> ClassProbabilities(absl::Span<const double> scores, absl::Span<const float> a,
                                       absl::Span<const float> b, int64_t classes) {
  constexpr double kLeast = 1e-7;
  std::vector<double> r(classes * classes);  // r[i][j]: i rather than j
  size_t pair = 0;
  for (int64_t i = 0; i < classes; ++i) {
    for (int64_t j = i + 1; j < classes; ++j, ++pair) {
      const double probability = 1 / (1 + std::exp(scores[pair] * a[pair] + b[pair]));
      r[i * classes + j] = std::clamp(probability, kLeast, 1 - kLeast);
      r[j * classes + i] = 1 - r[i * classes + j];
    }
  }
  std::vector<double> q(classes * classes);
  for (int64_t i = 0; i < classes; ++i) {
    for (int64_t j = 0; j < classes; ++j) {
      if (i == j) continue;
      const double against = r[j * classes + i];
      q[i * classes + i] += against * against;
      q[i * classes + j] = -against * r[i * classes + j];
    }
  }
  return Minimise(q, classes);
}

}  // namespace sardonyx
