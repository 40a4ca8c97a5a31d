// Moving operators to the channels-last layout (OpDef::channels_last).
#pragma once

#include <vector>

#include "runtime/op.h"

namespace sardonyx {

/// For operators whose outputs' elements depend on the inputs' broadcast elements alone: the inputs
/// of the output's rank, at least 3; none where another input is neither a scalar nor a constant
/// that varies along one axis at most.
std::vector<int> ElementwiseChannelsLast(const Graph& graph, const Node& node);

/// Brings those constants to the rank of the output, channels-last.
void ConvertElementwise(Graph& graph, Node& node);

/// What elementwise operators have in OpDef::channels_last.
inline constexpr ChannelsLast kElementwiseChannelsLast = {.inputs = ElementwiseChannelsLast,
                                                          .convert = ConvertElementwise};

/// ChannelsLast::inputs of operators that take a tensor [N, C, D...] as their input 0, and
/// nothing else that has to move.
std::vector<int> FirstInputChannelsLast(const Graph& graph, const Node& node);

/// The axis of [N, D..., C] that is axis `axis` (not negative) of [N, C, D...].
inline int AxisInChannelsLast(int axis, int rank) {
  return axis == 0 ? 0 : axis == 1 ? rank - 1 : axis - 1;
}

}  // namespace sardonyx
