// Reading and checking tensors of indices.
#pragma once

#include "ops/common/int_inputs.h"
#include "runtime/op.h"

namespace sardonyx {

/// Elements of an int32 or int64 tensor, without a loop per type.
class IndexReader {
 public:
  /// Errors: another element type.
  static StatusOr<IndexReader> Of(const Tensor& tensor);

  int64_t operator[](int64_t i) const { return wide_ != nullptr ? wide_[i] : narrow_[i]; }

 private:
  const int64_t* wide_ = nullptr;
  const int32_t* narrow_ = nullptr;
};

/// An error naming the first of `count` indices that lies outside [-size, size); index i is number
/// first + i * step of the reader.
Status CheckIndices(const KernelContext& context, const IndexReader& indices, int64_t first,
                    int64_t step, int64_t count, int64_t size);

/// The shape of GatherND's output and ScatterND's updates: indices' without the last dimension,
/// then data's without those that an index names. nullopt where ranks are not known.
StatusOr<std::optional<SymbolicShape>> SliceShape(const SymbolicShape* data,
                                                  const SymbolicShape* indices, int batch_dims);

/// Where the slice that an index tuple of GatherND or ScatterND names begins.
struct TupleLayout {
  int64_t length = 0;  // of a tuple
  int64_t tuples = 0;  // tuples in all
  int64_t block = 0;   // elements of a slice
  int64_t per_batch = 1, batch_step = 0;
  Ints sizes, steps;  // of the axes that a tuple names

  TupleLayout(const Shape& data, const Shape& indices, int batch_dims);
  /// An error unless every index of every tuple is in bounds.
  Status Check(const KernelContext& context, const IndexReader& indices) const;
  int64_t Offset(const IndexReader& indices, int64_t tuple) const {
    int64_t offset = tuple / per_batch * batch_step;
    for (int64_t i = 0; i < length; ++i) {
      const int64_t index = indices[tuple * length + i];
      offset += (index < 0 ? index + sizes[i] : index) * steps[i];
    }
    return offset;
  }
};

}  // namespace sardonyx
