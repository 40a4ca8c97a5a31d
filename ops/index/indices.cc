#include "ops/index/indices.h"

#include <algorithm>
#include <atomic>
#include <limits>

namespace sardonyx {

StatusOr<IndexReader> IndexReader::Of(const Tensor& tensor) {
  IndexReader reader;
  if (tensor.type() == DataType::kInt64) {
    reader.wide_ = tensor.data<int64_t>();
  } else if (tensor.type() == DataType::kInt32) {
    reader.narrow_ = tensor.data<int32_t>();
  } else {
    return InvalidArgument("indices are ", Name(tensor.type()), "; int32 or int64 is needed");
  }
  return reader;
}

Status CheckIndices(const KernelContext& context, const IndexReader& indices, int64_t first,
                    int64_t step, int64_t count, int64_t size) {
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> worst{kNone};
  SX_RETURN_IF_ERROR(context.ParallelFor(count, 0.7, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (WrapIndex(indices[first + i * step], size) >= 0) continue;
      int64_t seen = worst.load();
      while (i < seen && !worst.compare_exchange_weak(seen, i)) {
      }
      return;
    }
  }));
  if (worst == kNone) return absl::OkStatus();
  return InvalidArgument("index ", indices[first + worst * step], " is outside [", -size, ",",
                         size - 1, "] of an axis of size ", size);
}

StatusOr<std::optional<SymbolicShape>> SliceShape(const SymbolicShape* data,
                                                  const SymbolicShape* indices, int batch_dims) {
  std::optional<SymbolicShape> result;
  if (data == nullptr || indices == nullptr) return result;
  if (data->empty() || indices->empty()) {
    return InvalidArgument("data and indices need rank 1 or more, but have shapes ",
                           ToString(*data), " and ", ToString(*indices));
  }
  const int64_t data_rank = static_cast<int64_t>(data->size());
  const int64_t indices_rank = static_cast<int64_t>(indices->size());
  if (batch_dims < 0 || batch_dims >= std::min(data_rank, indices_rank)) {
    return InvalidArgument("batch_dims is ", batch_dims, ", but data has shape ", ToString(*data),
                           " and indices ", ToString(*indices));
  }
  for (int i = 0; i < batch_dims; ++i) {
    const Dim &a = (*data)[i], &b = (*indices)[i];
    if (a.known() && b.known() && a.value != b.value) {
      return InvalidArgument("data ", ToString(*data), " and indices ", ToString(*indices),
                             " differ in batch dimension ", i);
    }
  }
  const Dim& length = indices->back();
  if (!length.known()) return result;
  if (length.value < 1 || length.value > data_rank - batch_dims) {
    return InvalidArgument("indices ", ToString(*indices), " name ", length.value,
                           " axes, but data ", ToString(*data), " has ", data_rank - batch_dims,
                           " after the batch");
  }
  result = SymbolicShape(indices->begin(), indices->end() - 1);
  result->insert(result->end(), data->begin() + batch_dims + length.value, data->end());
  return result;
}

TupleLayout::TupleLayout(const Shape& data, const Shape& indices, int batch_dims) {
  length = indices[indices.rank() - 1];
  tuples = indices.Elements(0, indices.rank() - 1);
  per_batch = std::max<int64_t>(indices.Elements(batch_dims, indices.rank() - 1), 1);
  const int named = batch_dims + static_cast<int>(length);
  block = data.Elements(named, data.rank());
  batch_step = batch_dims == 0 ? 0 : data.Elements(batch_dims, data.rank());
  const Ints strides = data.Strides();
  for (int i = batch_dims; i < named; ++i) {
    sizes.push_back(data[i]);
    steps.push_back(strides[i]);
  }
}

Status TupleLayout::Check(const KernelContext& context, const IndexReader& indices) const {
  for (int64_t i = 0; i < length; ++i) {
    SX_RETURN_IF_ERROR(CheckIndices(context, indices, i, length, tuples, sizes[i]));
  }
  return absl::OkStatus();
}

}  // namespace sardonyx
