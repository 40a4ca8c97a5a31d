// Tracing a tensor back through views, transpositions and slices to one whose elements it holds in
// another order, so that a kernel can read them where they lie.
#pragma once

#include <optional>
#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// So many neighbours, `step` apart along an axis of the root.
struct Factor {
  int axis = 0;
  Dim size;
  int64_t step = 1;
};
/// One axis of the traced tensor: its index runs through all factors, fastest through the last.
/// Those of size 1 are left out.
using TracedAxis = std::vector<Factor>;

struct TracedTensor {
  ValueId root = kNoValue;
  std::vector<TracedAxis> axes;
  int64_t offset = 0;  // elements from the root's first, along its last axis
};

/// As far back as can be told; nullopt where the rank of `value` is not known.
std::optional<TracedTensor> TraceAxes(const Graph& graph, const std::vector<int>& producers,
                                      ValueId value);

/// The axes of a result of that shape that views the elements of `axes` in their order; nullopt
/// where it cannot be told.
std::optional<std::vector<TracedAxis>> Regroup(const std::vector<TracedAxis>& axes,
                                               const SymbolicShape& shape);

/// The permutation of a Transpose of that rank; nullopt where it is no such node.
std::optional<Ints> PermutationOf(const Node& node, int rank);

}  // namespace sardonyx
