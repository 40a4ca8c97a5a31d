#include "ops/norm/row_sums.h"

#include <algorithm>
#include <cmath>

#include "ops/common/accumulate.h"

namespace sardonyx {
namespace {

template <typename T>
Status Reference(const KernelContext& context, const RowSums& sums) {
  const int64_t n = sums.length;
  SX_ASSIGN_OR_RETURN(const std::vector<double> scale, ToDoubles(*sums.scale));
  std::vector<double> bias(scale.size(), 0.0);
  if (sums.bias != nullptr) {
    SX_ASSIGN_OR_RETURN(bias, ToDoubles(*sums.bias));
  }
  const double cost = 20.0 * static_cast<double>(n);
  return context.ParallelFor(sums.rows, cost, [&](int64_t begin, int64_t end) {
    std::vector<double> row(static_cast<size_t>(n));
    for (int64_t i = begin; i < end; ++i) {
      std::fill(row.begin(), row.end(), 0.0);
      for (size_t term = 0; term < sums.terms.size(); ++term) {
        const int64_t from = sums.row_of(static_cast<int>(term), i);
        const T* x = sums.terms[term]->data<T>() + from * n;
        for (int64_t j = 0; j < n; ++j) row[j] += Widen(x[j]);
      }
      const Moments moments = RowMoments(row.data(), n, sums.attrs.center);
      const double inverse = 1 / std::sqrt(moments.variance + sums.attrs.epsilon);
      for (int64_t j = 0; j < n; ++j) {
        const double y = (row[j] - moments.mean) * inverse * scale[j] + bias[j];
        if (sums.y != nullptr) sums.y->data<T>()[i * n + j] = Narrow<T>(y);
        if (sums.sum != nullptr) sums.sum->data<T>()[i * n + j] = Narrow<T>(row[j]);
      }
      if (sums.mean != nullptr) sums.mean->data<float>()[i] = static_cast<float>(moments.mean);
      if (sums.inverse != nullptr) sums.inverse->data<float>()[i] = static_cast<float>(inverse);
    }
  });
}

}  // namespace

Status NormalizeReference(const KernelContext& context, const RowSums& sums) {
  return Dispatch(sums.scale->type(), Floats{},
                  [&]<typename T>() { return Reference<T>(context, sums); });
}

Status NormalizeNative(const KernelContext& context, const RowSums& sums) {
  const int64_t n = sums.length;
  const float* scale = sums.scale->data<float>();
  const float* bias = sums.bias != nullptr ? sums.bias->data<float>() : nullptr;
  Tensor scratch;  // of what is left out of the outputs
  if (sums.y == nullptr) {
    SX_ASSIGN_OR_RETURN(scratch, context.Temporary(DataType::kFloat, Shape{sums.rows, n}));
  }
  float* y = (sums.y != nullptr ? *sums.y : scratch).data<float>();
  float* means = sums.mean != nullptr ? sums.mean->data<float>() : nullptr;
  float* inverses = sums.inverse != nullptr ? sums.inverse->data<float>() : nullptr;
  const double cost = 20 + 2.0 * static_cast<double>(n);
  return context.ParallelFor(sums.rows, cost, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* row = (sums.sum != nullptr ? sums.sum->data<float>() : y) + i * n;
      for (size_t term = 0; term < sums.terms.size(); ++term) {
        const int64_t from = sums.row_of(static_cast<int>(term), i);
        const float* x = sums.terms[term]->data<float>() + from * n;
        if (term == 0) {
          std::copy_n(x, n, row);
        } else {
          for (int64_t j = 0; j < n; ++j) row[j] += x[j];
        }
      }
      NormalizeRow(sums.attrs, row, n, scale, bias, y + i * n, means ? means + i : nullptr,
                   inverses ? inverses + i : nullptr);
    }
  });
}

std::string RefusesAllButFloatRows(const PrepareContext& context) {
  const DataType type = context.output(0).element;
  return type == DataType::kFloat ? "" : absl::StrCat("works on float, not ", Name(type));
}

}  // namespace sardonyx
