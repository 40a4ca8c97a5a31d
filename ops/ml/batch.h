// A batch of feature vectors: [N,F], or [F] for a single one.
#pragma once

#include <algorithm>
#include <optional>
#include <type_traits>
#include <vector>

#include "absl/types/span.h"
#include "ops/common/infer.h"
#include "runtime/op.h"

namespace sardonyx {

template <typename D>
struct BatchShape {
  D rows, features;
};

/// What is known of the batch that input `i` is; nullopt where its rank is unknown. Errors: another
/// element type, a rank that is neither 1 nor 2.
template <typename... Ts>
StatusOr<std::optional<BatchShape<Dim>>> InferBatch(const InferContext& context,
                                                    TypeList<Ts...> types, int i = 0) {
  SX_RETURN_IF_ERROR(CommonElement(context, types, {i}).status());
  const SymbolicShape* shape = context.shape(i);
  if (shape == nullptr) return std::optional<BatchShape<Dim>>();
  if (shape->size() != 1 && shape->size() != 2) {
    return InvalidArgument("input ", i, " has shape ", ToString(*shape),
                           ", but must be [N,F] or [F]");
  }
  return std::optional(BatchShape<Dim>{shape->size() == 1 ? Dim(1) : (*shape)[0], shape->back()});
}

/// The same of a tensor that InferBatch has seen.
inline BatchShape<int64_t> BatchOf(const Tensor& tensor) {
  return {tensor.rank() == 1 ? 1 : tensor.dim(0), tensor.dim(tensor.rank() - 1)};
}

/// Calls body(row, features) for every row of input 0, in parallel, with its features as double.
/// `cost` is about how many nanoseconds one row takes.
template <typename... Ts, typename Body>
Status ForEachFeatureVector(const KernelContext& context, TypeList<Ts...> types, double cost,
                            const Body& body) {
  const Tensor& x = context.input(0);
  const auto batch = BatchOf(x);
  return Dispatch(x.type(), types, [&]<typename T>() {
    return context.ParallelFor(batch.rows, cost, [&](int64_t begin, int64_t end) {
      std::vector<double> features(batch.features);
      for (int64_t row = begin; row < end; ++row) {
        const T* from = x.data<T>() + row * batch.features;
        std::transform(from, from + batch.features, features.begin(),
                       [](T value) { return static_cast<double>(value); });
        body(row, absl::MakeConstSpan(features));
      }
    });
  });
}

}  // namespace sardonyx
