// Slice: a strided copy out of a box of the input.
#include <algorithm>
#include <limits>

#include "ops/common/channels_last.h"
#include "ops/common/gradients.h"
#include "ops/common/int_inputs.h"
#include "ops/common/require_input.h"
#include "ops/common/strided_copy.h"
#include "ops/shape/defs.h"

namespace sardonyx {
namespace {

struct SliceAttrs : Attrs {
  Ints starts, ends;         // before opset 10; later they are inputs
  std::optional<Ints> axes;  // likewise
};

StatusOr<std::shared_ptr<Attrs>> ParseSlice(ParseContext& context) {
  auto attrs = std::make_shared<SliceAttrs>();
  if (context.version() < 10) {
    context.Require("starts");
    context.Require("ends");
    attrs->starts = context.IntList("starts");
    attrs->ends = context.IntList("ends");
    if (context.Has("axes")) attrs->axes = context.IntList("axes");
  } else {
    RequireInput(context, 1, "starts");
    RequireInput(context, 2, "ends");
  }
  return attrs;
}

/// The part of one axis that a slice takes.
struct AxisRange {
  int64_t first = 0, step = 1, count = 0;
};

AxisRange Resolve(int64_t start, int64_t end, int64_t step, int64_t size) {
  if (start < 0) start += size;
  if (end < 0) end += size;
  AxisRange range;
  if (step > 0) {
    range.first = std::clamp<int64_t>(start, 0, size);
    const int64_t distance = std::clamp<int64_t>(end, 0, size) - range.first;
    range.count = distance > 0 ? (distance - 1) / step + 1 : 0;
  } else if (size > 0) {
    range.first = std::clamp<int64_t>(start, 0, size - 1);
    const int64_t distance = range.first - std::clamp<int64_t>(end, -1, size - 1);
    const int64_t stride = -std::max(step, -std::numeric_limits<int64_t>::max());
    range.count = distance > 0 ? (distance - 1) / stride + 1 : 0;
  }
  // With two elements or more, the step lies within the axis; otherwise it does not matter.
  range.step = range.count > 1 ? step : 1;
  if (range.count == 0) range.first = 0;
  return range;
}

/// Starts, ends, axes and steps; nullopt where a list is not known.
struct Bounds {
  std::optional<Ints> starts, ends, axes, steps;
};

/// Checks the lists against each other and fills in what may be left out.
Status Complete(Bounds* bounds, int rank, bool has_axes, bool has_steps) {
  std::optional<size_t> count;
  for (const auto* list : {&bounds->starts, &bounds->ends, &bounds->axes, &bounds->steps}) {
    if (!*list) continue;
    if (count && (*list)->size() != *count) {
      return InvalidArgument("starts, ends, axes and steps differ in length: ", *count, " and ",
                             (*list)->size());
    }
    count = (*list)->size();
  }
  if (!count) return absl::OkStatus();
  if (static_cast<int64_t>(*count) > rank) {
    return InvalidArgument("there are ", *count, " starts, but data has rank ", rank);
  }
  if (!has_axes) {
    bounds->axes = Ints(*count);
    for (size_t i = 0; i < *count; ++i) (*bounds->axes)[i] = static_cast<int64_t>(i);
  }
  if (!has_steps) bounds->steps = Ints(*count, 1);
  if (bounds->axes) {
    SX_ASSIGN_OR_RETURN(bounds->axes, NormalizeAxes(*bounds->axes, rank));
  }
  if (bounds->steps) {
    for (int64_t step : *bounds->steps) {
      if (step == 0) return InvalidArgument("a step is 0");
    }
  }
  return absl::OkStatus();
}

StatusOr<Bounds> ReadBounds(const InferContext& context, int rank) {
  Bounds bounds;
  if (context.version() < 10) {
    const auto& attrs = context.attrs<SliceAttrs>();
    bounds = {attrs.starts, attrs.ends, attrs.axes, std::nullopt};
    SX_RETURN_IF_ERROR(Complete(&bounds, rank, attrs.axes.has_value(), false));
    return bounds;
  }
  SX_ASSIGN_OR_RETURN(bounds.starts, KnownInts(context, 1, "starts"));
  SX_ASSIGN_OR_RETURN(bounds.ends, KnownInts(context, 2, "ends"));
  SX_ASSIGN_OR_RETURN(bounds.axes, KnownInts(context, 3, "axes"));
  SX_ASSIGN_OR_RETURN(bounds.steps, KnownInts(context, 4, "steps"));
  SX_RETURN_IF_ERROR(Complete(&bounds, rank, context.has_input(3), context.has_input(4)));
  return bounds;
}

/// The size of a sliced axis, as far as it can be told.
Dim SlicedSize(const Dim& dim, const Bounds& bounds, size_t i) {
  if (!bounds.starts || !bounds.ends || !bounds.steps) return Dim();
  const int64_t start = (*bounds.starts)[i], end = (*bounds.ends)[i], step = (*bounds.steps)[i];
  if (dim.known()) return Resolve(start, end, step, dim.value).count;
  constexpr int64_t kEnd = std::numeric_limits<int32_t>::max();  // how models write "to the end"
  return start == 0 && end >= kEnd && step == 1 ? dim : Dim();
}

Status InferSlice(InferContext& context) {
  const SymbolicShape* data = context.shape(0);
  context.set_output(0, context.element(0), std::nullopt);
  if (data == nullptr) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(const Bounds bounds, ReadBounds(context, static_cast<int>(data->size())));
  SymbolicShape result = *data;
  if (!bounds.axes) {
    for (Dim& dim : result) dim = Dim();
  } else {
    for (size_t i = 0; i < bounds.axes->size(); ++i) {
      Dim& dim = result[(*bounds.axes)[i]];
      dim = SlicedSize(dim, bounds, i);
    }
  }
  context.set_output(0, context.element(0), result);

  if (data->size() != 1 || !result[0].known()) return absl::OkStatus();
  const auto ints = ShortInts(context, 0);
  if (!ints || !bounds.axes) return absl::OkStatus();
  SymbolicShape part = *ints;
  if (!bounds.axes->empty()) {
    const AxisRange range = Resolve((*bounds.starts)[0], (*bounds.ends)[0], (*bounds.steps)[0],
                                    static_cast<int64_t>(ints->size()));
    part.clear();
    for (int64_t i = 0; i < range.count; ++i) part.push_back((*ints)[range.first + i * range.step]);
  }
  context.set_ints(0, std::move(part));
  return absl::OkStatus();
}

Status RunSlice(KernelContext& context) {
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  Bounds bounds;
  bool has_axes = false, has_steps = false;
  if (context.version() < 10) {
    const auto& attrs = context.attrs<SliceAttrs>();
    bounds = {attrs.starts, attrs.ends, attrs.axes, std::nullopt};
    has_axes = attrs.axes.has_value();
  } else {
    has_axes = context.has_input(3);
    has_steps = context.has_input(4);
    SX_ASSIGN_OR_RETURN(bounds.starts, InputInts(context, 1, "starts"));
    SX_ASSIGN_OR_RETURN(bounds.ends, InputInts(context, 2, "ends"));
    if (has_axes) {
      SX_ASSIGN_OR_RETURN(bounds.axes, InputInts(context, 3, "axes"));
    }
    if (has_steps) {
      SX_ASSIGN_OR_RETURN(bounds.steps, InputInts(context, 4, "steps"));
    }
  }
  SX_RETURN_IF_ERROR(Complete(&bounds, data.rank(), has_axes, has_steps));
  StridedView from{.offset = 0, .strides = data.shape().Strides()};
  for (size_t i = 0; i < bounds.axes->size(); ++i) {
    const int64_t axis = (*bounds.axes)[i];
    const AxisRange range = Resolve((*bounds.starts)[i], (*bounds.ends)[i], (*bounds.steps)[i],
                                    data.dim(static_cast<int>(axis)));
    from.offset += range.first * from.strides[axis];
    from.strides[axis] *= range.step;
  }
  Ints to = output.shape().Strides();
  const int64_t row = output.shape().dims().back();
  for (size_t i = 0; i + 1 < to.size(); ++i)
    to[i] = to[i] / std::max<int64_t>(row, 1) * context.row_stride();
  return CopyStrided(context, output.shape().dims(), data, from, output, {0, to});
}

/// The axes that are sliced, not negative, where they and the rank are known beforehand.
std::optional<Ints> KnownAxes(const Graph& graph, const Node& node) {
  const int rank = graph.value(node.inputs[0]).type.rank();
  const bool given = node.inputs.size() > 3 && node.inputs[3] != kNoValue;
  const Tensor* axes = given ? graph.constant(node.inputs[3]) : nullptr;
  if (rank < 0 || node.version < 10 || axes == nullptr) return std::nullopt;
  const auto ints = ToInts(*axes);
  if (!ints.ok()) return std::nullopt;
  auto normal = NormalizeAxes(*ints, rank);
  return normal.ok() ? std::optional(*std::move(normal)) : std::nullopt;
}

std::vector<int> SliceChannelsLast(const Graph& graph, const Node& node) {
  return KnownAxes(graph, node) ? FirstInputChannelsLast(graph, node) : std::vector<int>{};
}

void ConvertSlice(Graph& graph, Node& node) {
  const int rank = graph.value(node.inputs[0]).type.rank();
  Ints axes = *KnownAxes(graph, node);
  for (int64_t& axis : axes) axis = AxisInChannelsLast(static_cast<int>(axis), rank);
  node.inputs[3] =
      graph.AddConstant(graph.FreshName(graph.value(node.inputs[3]).name),
                        Tensor::Of<int64_t>({static_cast<int64_t>(axes.size())}, axes));
}

KernelDef SliceKernel() {
  KernelDef kernel = SimpleKernel<RunSlice>("slice.strided");
  kernel.strided_rows = true;
  return kernel;
}

}  // namespace

std::vector<OpDef> SliceOps() {
  return {{.domain = "",
           .name = "Slice",
           .versions = {1, 10, 11, 13},
           .min_inputs = 1,
           .max_inputs = 5,
           .parse = ParseSlice,
           .infer = InferSlice,
           .kernels = {SliceKernel()},
           .channels_last = {.inputs = SliceChannelsLast, .convert = ConvertSlice},
           .gradient = MovedGradient}};
}

}  // namespace sardonyx
