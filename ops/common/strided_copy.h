// Copying between two strided views: what most operators that only move elements come down to.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

/// A box of elements inside a tensor: the element of index (0, ..., 0) lies `offset` elements from
/// the tensor's first, and one step along axis i is strides[i] elements (negative and 0 allowed).
struct StridedView {
  int64_t offset = 0;
  Ints strides;
};

/// For every index in `dims`: to[index] = from[index]. Both tensors have the same element type.
/// `to_view` must not visit an element twice; axes are best given in the order of `to`. Every
/// element that the views reach must lie inside its tensor. Threaded; errors: those of the run.
Status CopyStrided(const KernelContext& context, absl::Span<const int64_t> dims, const Tensor& from,
                   const StridedView& from_view, Tensor& to, const StridedView& to_view);

/// Copies all elements of `from` over those of `to`, of the same type and count, in parallel.
Status CopyAll(const KernelContext& context, const Tensor& from, Tensor& to);

/// Sets every element of `to` to element 0 of `value`, of the same type; zero (an empty string)
/// where `value` is undefined.
Status FillAll(const KernelContext& context, const Tensor& value, Tensor& to);

}  // namespace sardonyx
