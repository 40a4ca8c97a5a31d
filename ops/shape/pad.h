// What other operators may know of Pad.
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// Where a node's first input comes from a Pad by zeros of spatial axes alone, none cut off: that
/// Pad's own input, and how many are added before each spatial axis and then behind each.
struct SpatialZeros {
  ValueId input = kNoValue;
  Ints pads;
};
std::optional<SpatialZeros> SpatialZerosBefore(const Graph& graph, int node,
                                               const std::vector<int>& producers);

}  // namespace sardonyx
