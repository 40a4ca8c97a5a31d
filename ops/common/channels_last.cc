#include "ops/common/channels_last.h"

#include <algorithm>

namespace sardonyx {
namespace {

int OutputRank(const Graph& graph, const Node& node) {
  return node.outputs.empty() || node.outputs[0] == kNoValue
             ? -1
             : graph.value(node.outputs[0]).type.rank();
}

/// A constant that varies along one axis at most: seen with more axes in front, that one may be
/// moved without moving elements.
bool VariesAlongOneAxis(const Tensor& tensor) {
  return std::count_if(tensor.shape().begin(), tensor.shape().end(),
                       [](int64_t dim) { return dim != 1; }) <= 1;
}

bool IsScalar(const Type& type) { return type.rank() == 0; }

}  // namespace

std::vector<int> ElementwiseChannelsLast(const Graph& graph, const Node& node) {
  const int rank = OutputRank(graph, node);
  if (rank < 3) return {};
  std::vector<int> moved;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId id = node.inputs[i];
    if (id == kNoValue || IsScalar(graph.value(id).type)) continue;
    const Tensor* constant = graph.constant(id);
    if (graph.value(id).type.rank() == rank) {
      moved.push_back(static_cast<int>(i));
    } else if (constant == nullptr || constant->rank() > rank || !VariesAlongOneAxis(*constant)) {
      return {};
    }
  }
  return moved;
}

void ConvertElementwise(Graph& graph, Node& node) {
  const int rank = OutputRank(graph, node);
  for (ValueId& id : node.inputs) {
    if (id == kNoValue || IsScalar(graph.value(id).type)) continue;
    const Tensor* constant = graph.constant(id);
    if (constant == nullptr || constant->rank() == rank) continue;
    Ints dims(rank, 1);
    for (int i = 0; i < constant->rank(); ++i) {
      dims[AxisInChannelsLast(rank - constant->rank() + i, rank)] = constant->dim(i);
    }
    id = graph.AddConstant(graph.FreshName(graph.value(id).name), constant->Reshaped(Shape(dims)));
  }
}

std::vector<int> FirstInputChannelsLast(const Graph& graph, const Node& node) {
  const bool moves = graph.value(node.inputs[0]).type.rank() >= 3;
  return moves ? std::vector<int>{0} : std::vector<int>{};
}

}  // namespace sardonyx
