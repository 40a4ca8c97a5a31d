#include "ops/attention/traced_axes.h"

#include <algorithm>

#include "ops/common/int_inputs.h"

namespace sardonyx {
namespace {

constexpr int kMostNodes = 16;  // that are traced through

bool IsOne(const Dim& size) { return size.known() && size.value == 1; }

/// A tensor that is its own root.
std::optional<TracedTensor> Root(const Graph& graph, ValueId value) {
  const Type& type = graph.value(value).type;
  if (!type.is_tensor() || !type.shape) return std::nullopt;
  TracedTensor traced{.root = value, .axes = std::vector<TracedAxis>(type.shape->size())};
  for (size_t i = 0; i < traced.axes.size(); ++i) {
    const Dim& size = (*type.shape)[i];
    if (!IsOne(size)) traced.axes[i] = {{.axis = static_cast<int>(i), .size = size}};
  }
  return traced;
}

/// Takes from the end of `factors` those that make up an axis of that size.
std::optional<TracedAxis> TakeLast(std::vector<Factor>& factors, const Dim& size) {
  TracedAxis axis;
  if (!size.known()) {
    if (factors.empty() || !factors.back().size.SameAs(size)) return std::nullopt;
    axis.push_back(factors.back());
    factors.pop_back();
    return axis;
  }
  for (int64_t rest = size.value; rest != 1;) {
    if (rest == 0 || factors.empty() || !factors.back().size.known()) return std::nullopt;
    Factor& last = factors.back();
    const int64_t count = last.size.value;
    if (count > 0 && rest % count == 0) {
      axis.insert(axis.begin(), last);
      factors.pop_back();
      rest /= count;
    } else if (count % rest == 0) {
      axis.insert(axis.begin(), {.axis = last.axis, .size = Dim(rest), .step = last.step});
      const auto step = CheckedMul(last.step, rest);
      if (!step) return std::nullopt;
      last = {.axis = last.axis, .size = Dim(count / rest), .step = *step};
      rest = 1;
    } else {
      return std::nullopt;
    }
  }
  return axis;
}

/// An axis, of its root's last axis at most the part that begins at index `start` and has `count`.
bool TakePart(const Graph& graph, TracedTensor& traced, size_t axis, int64_t start, int64_t count) {
  if (axis >= traced.axes.size() || traced.axes[axis].size() != 1 || start < 0 || count < 1) {
    return false;
  }
  Factor& factor = traced.axes[axis][0];
  const size_t rank = graph.value(traced.root).type.shape->size();
  if (static_cast<size_t>(factor.axis) + 1 != rank || !factor.size.known() ||
      start > factor.size.value - count) {
    return false;
  }
  traced.offset += start * factor.step;
  factor.size = Dim(count);
  if (count == 1) traced.axes[axis].clear();
  return true;
}

/// The one element of a constant list of integers.
std::optional<int64_t> OnlyInt(const Graph& graph, const Node& node, size_t input) {
  const Tensor* constant =
      input < node.inputs.size() ? graph.constant(node.inputs[input]) : nullptr;
  if (constant == nullptr || constant->size() != 1) return std::nullopt;
  const auto ints = ToInts(*constant);
  if (!ints.ok()) return std::nullopt;
  return (*ints)[0];
}

std::optional<size_t> AxisOf(int64_t axis, size_t rank) {
  const auto normal = NormalizeAxis(axis, static_cast<int>(rank));
  if (!normal.ok()) return std::nullopt;
  return static_cast<size_t>(*normal);
}

bool TraceSlice(const Graph& graph, const Node& node, TracedTensor& traced) {
  if (node.version < 10 || node.inputs.size() < 4) return false;
  const auto start = OnlyInt(graph, node, 1), given_axis = OnlyInt(graph, node, 3);
  if (!start || !given_axis || (node.inputs.size() > 4 && OnlyInt(graph, node, 4) != 1)) {
    return false;
  }
  const auto axis = AxisOf(*given_axis, traced.axes.size());
  const Type& type = graph.value(node.outputs[0]).type;
  const Type& from = graph.value(node.inputs[0]).type;
  if (!axis || !type.shape || !from.shape) return false;
  const Dim &count = (*type.shape)[*axis], &size = (*from.shape)[*axis];
  if (!count.known() || !size.known()) return false;
  return TakePart(graph, traced, *axis, *start < 0 ? *start + size.value : *start, count.value);
}

bool TraceSplit(const Graph& graph, const Node& node, ValueId value, TracedTensor& traced) {
  const auto* given_axis = node.FindAttribute<int64_t>("axis");
  const auto axis = AxisOf(given_axis == nullptr ? 0 : *given_axis, traced.axes.size());
  if (!axis) return false;
  int64_t start = 0;
  for (const ValueId output : node.outputs) {
    if (output == kNoValue || !graph.value(output).type.shape) return false;
    const Dim& count = (*graph.value(output).type.shape)[*axis];
    if (!count.known()) return false;
    if (output == value) return TakePart(graph, traced, *axis, start, count.value);
    start += count.value;
  }
  return false;
}

/// One index along an axis, which goes.
bool TraceGather(const Graph& graph, const Node& node, TracedTensor& traced) {
  const Tensor* index = graph.constant(node.inputs[1]);
  if (index == nullptr || index->rank() != 0) return false;
  const auto* given_axis = node.FindAttribute<int64_t>("axis");
  const auto axis = AxisOf(given_axis == nullptr ? 0 : *given_axis, traced.axes.size());
  const auto at = OnlyInt(graph, node, 1);
  if (!axis || !at || traced.axes[*axis].size() != 1) return false;
  const Dim size = traced.axes[*axis][0].size;
  if (!size.known() || !TakePart(graph, traced, *axis, *at < 0 ? *at + size.value : *at, 1)) {
    return false;
  }
  traced.axes.erase(traced.axes.begin() + static_cast<int64_t>(*axis));
  return true;
}

/// `traced`, of the node's input, becomes that of its output `value`.
bool Advance(const Graph& graph, const Node& node, ValueId value, TracedTensor& traced) {
  if (!node.domain.empty()) return false;
  if (const auto perm = PermutationOf(node, static_cast<int>(traced.axes.size()))) {
    std::vector<TracedAxis> axes;
    for (const int64_t axis : *perm) axes.push_back(traced.axes[axis]);
    traced.axes = std::move(axes);
    return true;
  }
  if (node.op != nullptr && node.op->view) {
    const Type& type = graph.value(value).type;
    if (!type.is_tensor() || !type.shape) return false;
    auto axes = Regroup(traced.axes, *type.shape);
    if (axes) traced.axes = *std::move(axes);
    return axes.has_value();
  }
  if (node.op_type == "Slice") return TraceSlice(graph, node, traced);
  if (node.op_type == "Split") return TraceSplit(graph, node, value, traced);
  if (node.op_type == "Gather") return TraceGather(graph, node, traced);
  return false;
}

std::optional<TracedTensor> Trace(const Graph& graph, const std::vector<int>& producers,
                                  ValueId value, int nodes) {
  const int producer = producers[value];
  if (nodes > 0 && producer >= 0 && !graph.nodes[producer].inputs.empty() &&
      graph.nodes[producer].inputs[0] != kNoValue) {
    const Node& node = graph.nodes[producer];
    auto traced = Trace(graph, producers, node.inputs[0], nodes - 1);
    if (traced && Advance(graph, node, value, *traced)) return traced;
  }
  return Root(graph, value);
}

}  // namespace

std::optional<std::vector<TracedAxis>> Regroup(const std::vector<TracedAxis>& axes,
                                               const SymbolicShape& shape) {
  std::vector<Factor> factors;
  for (const TracedAxis& axis : axes) factors.insert(factors.end(), axis.begin(), axis.end());
  std::vector<TracedAxis> result(shape.size());
  size_t i = shape.size();
  for (; i > 0; --i) {
    auto taken = TakeLast(factors, shape[i - 1]);
    if (!taken) break;
    result[i - 1] = *std::move(taken);
  }
  if (i == 0) return factors.empty() ? std::optional(std::move(result)) : std::nullopt;
  // One axis may be of unknown size: it is all that those before it leave.
  if (shape[i - 1].known()) return std::nullopt;
  for (size_t first = 0; first + 1 < i; ++first) {
    if (IsOne(shape[first])) continue;
    if (factors.empty() || !factors.front().size.SameAs(shape[first])) return std::nullopt;
    result[first] = {factors.front()};
    factors.erase(factors.begin());
  }
  result[i - 1] = std::move(factors);
  return result;
}

std::optional<Ints> PermutationOf(const Node& node, int rank) {
  if (!node.domain.empty() || node.op_type != "Transpose") return std::nullopt;
  const auto* given = node.FindAttribute<std::vector<int64_t>>("perm");
  Ints perm(given == nullptr ? static_cast<size_t>(rank) : given->size());
  for (size_t i = 0; i < perm.size(); ++i) {
    perm[i] = given == nullptr ? rank - 1 - static_cast<int64_t>(i) : (*given)[i];
  }
  const auto normal = NormalizeAxes(perm, rank);
  if (!normal.ok() || static_cast<int>(normal->size()) != rank) return std::nullopt;
  return *normal;
}

std::optional<TracedTensor> TraceAxes(const Graph& graph, const std::vector<int>& producers,
                                      ValueId value) {
  return Trace(graph, producers, value, kMostNodes);
}

}  // namespace sardonyx
