// Joining tensors along an axis: what com.microsoft's kin of Concat take from it.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

/// The shape of the inputs numbered `inputs` joined along `axis`; nullopt where no rank is known.
/// Errors: an input that is left out, ranks or other dimensions that differ.
StatusOr<std::optional<SymbolicShape>> JoinedShape(const InferContext& context,
                                                   absl::Span<const int> inputs, int64_t axis);

}  // namespace sardonyx
