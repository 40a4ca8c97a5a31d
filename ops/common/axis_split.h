// A tensor seen around one axis.
#pragma once

#include "runtime/base/shape.h"

namespace sardonyx {

/// Row-major [outer, length, inner]: what lies before an axis, the axis, and what lies behind it.
struct AxisSplit {
  int64_t outer = 1, length = 1, inner = 1;

  /// `axis` must be in [0, rank).
  AxisSplit(const Shape& shape, int axis)
      : outer(shape.Elements(0, axis)),
        length(shape[axis]),
        inner(shape.Elements(axis + 1, shape.rank())) {}
  AxisSplit(int64_t outer, int64_t length, int64_t inner)
      : outer(outer), length(length), inner(inner) {}
};

}  // namespace sardonyx
