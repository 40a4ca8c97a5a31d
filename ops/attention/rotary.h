// Turning pairs of elements by angles that depend on the position (Su et al., arXiv:2104.09864).
#pragma once

#include "absl/functional/function_ref.h"
#include "ops/attention/attention.h"

namespace sardonyx {

struct Rotation {
  bool interleaved = false;  // pairs are neighbours; otherwise half of the turned elements apart
  int64_t turned = 0;        // leading elements of a head that turn, an even number
  const Tensor& cosines;     // a row of turned / 2 for each position
  const Tensor& sines;
  /// The row that holds for a row of a sequence; it must be there.
  absl::FunctionRef<int64_t(int64_t batch, int64_t row)> position;
};

/// The heads of `batch` sequences in x, turned, to as many in y.
Status Rotate(const KernelContext& context, int64_t batch, const Tensor& x, const HeadsView& x_view,
              const Rotation& rotation, Tensor& y, const HeadsView& y_view);

}  // namespace sardonyx
