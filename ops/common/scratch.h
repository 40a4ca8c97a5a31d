// Scratch memory for kernels whose needs are not always known before the run.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

/// At least `bytes` of memory: the kernel's own scratch where that is large enough, otherwise new
/// memory that `temporary` then owns.
inline StatusOr<absl::Span<std::byte>> ScratchOf(const KernelContext& context, int64_t bytes,
                                                 Tensor* temporary) {
  if (static_cast<int64_t>(context.scratch().size()) >= bytes) return context.scratch();
  SX_ASSIGN_OR_RETURN(*temporary, context.Temporary(DataType::kUInt8, Shape{bytes}));
  return absl::MakeSpan(static_cast<std::byte*>(temporary->raw()), static_cast<size_t>(bytes));
}

}  // namespace sardonyx
