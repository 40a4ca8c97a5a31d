// Operators that join tensors along an axis and take them apart again.
#include "ops/shape/concat.h"

#include <algorithm>
#include <numeric>

#include "ops/common/channels_last.h"
#include "ops/common/gradients.h"
#include "ops/common/int_inputs.h"
#include "ops/common/strided_copy.h"
#include "ops/shape/defs.h"

namespace sardonyx {
namespace {

struct AxisAttrs : Attrs {
  int64_t axis = 0;
  Ints split;               // Split before opset 13
  int64_t num_outputs = 0;  // Split from opset 18; 0: not given
};

/// Moves the axis along with the others.
void ConvertAxis(Graph& graph, Node& node) {
  auto attrs = std::make_shared<AxisAttrs>(static_cast<const AxisAttrs&>(*node.attrs));
  const int rank = graph.value(node.outputs[0]).type.rank();
  const int64_t axis = attrs->axis < 0 ? attrs->axis + rank : attrs->axis;
  attrs->axis = AxisInChannelsLast(static_cast<int>(axis), rank);
  node.attrs = std::move(attrs);
}

std::vector<int> SplitChannelsLast(const Graph& graph, const Node& node) {
  return node.outputs[0] == kNoValue ? std::vector<int>() : FirstInputChannelsLast(graph, node);
}

// ---- Concat -------------------------------------------------------------------------------

StatusOr<std::shared_ptr<Attrs>> ParseConcat(ParseContext& context) {
  auto attrs = std::make_shared<AxisAttrs>();
  if (context.version() >= 4) context.Require("axis");
  attrs->axis = context.Int("axis", 1);
  return attrs;
}

/// Joins what two inputs say of the same dimension.
StatusOr<Dim> Merge(const Dim& a, const Dim& b) {
  if (a.known() && b.known() && a.value != b.value) {
    return InvalidArgument(a.value, " against ", b.value);
  }
  return a.known() || (!b.known() && !a.symbol.empty()) ? a : b;
}

StatusOr<Dim> Add(const Dim& a, const Dim& b) {
  if (a.known() && a.value == 0) return b;
  if (b.known() && b.value == 0) return a;
  if (!a.known() || !b.known()) return Dim();
  const auto sum = CheckedAdd(a.value, b.value);
  if (!sum) return LimitExceeded("sizes ", a.value, " and ", b.value, " are too large to join");
  return Dim(*sum);
}

}  // namespace

StatusOr<std::optional<SymbolicShape>> JoinedShape(const InferContext& context,
                                                   absl::Span<const int> inputs, int64_t axis) {
  std::optional<SymbolicShape> result;
  int joined = 0;
  bool whole = true;
  for (int i : inputs) {
    if (!context.has_input(i)) return InvalidArgument("input ", i, " is left out");
    const SymbolicShape* shape = context.shape(i);
    if (shape == nullptr) {
      whole = false;
      continue;
    }
    if (!result) {
      SX_ASSIGN_OR_RETURN(joined, NormalizeAxis(axis, static_cast<int>(shape->size())));
      result = *shape;
      continue;
    }
    if (shape->size() != result->size()) {
      return InvalidArgument("input ", i, " has shape ", ToString(*shape), ", but rank ",
                             result->size(), " is expected, as of the first");
    }
    for (int d = 0; d < static_cast<int>(shape->size()); ++d) {
      auto dim = d == joined ? Add((*result)[d], (*shape)[d]) : Merge((*result)[d], (*shape)[d]);
      if (!dim.ok()) {
        return InvalidArgument("input ", i, " has shape ", ToString(*shape),
                               ", which does not fit those before along axis ", d, ": ",
                               dim.status().message());
      }
      (*result)[d] = *std::move(dim);
    }
  }
  if (result && !whole) (*result)[joined] = Dim();
  return result;
}

namespace {

/// The joined list, where every input is a list of integers of known length.
std::optional<SymbolicShape> JoinInts(const InferContext& context) {
  SymbolicShape all;
  for (int i = 0; i < context.input_count(); ++i) {
    const SymbolicShape* shape = context.shape(i);
    if (shape == nullptr || shape->size() != 1) return std::nullopt;
    if (auto ints = ShortInts(context, i)) {
      all.insert(all.end(), ints->begin(), ints->end());
    } else if ((*shape)[0].known() && (*shape)[0].value <= 64) {
      all.resize(all.size() + (*shape)[0].value);
    } else {
      return std::nullopt;
    }
    if (all.size() > 1024) return std::nullopt;
  }
  return all;
}

Status InferConcat(InferContext& context) {
  DataType element = DataType::kUndefined;
  std::vector<int> inputs(context.input_count());
  std::iota(inputs.begin(), inputs.end(), 0);
  for (int i : inputs) {
    if (element == DataType::kUndefined) element = context.element(i);
    if (context.element(i) != DataType::kUndefined && context.element(i) != element) {
      return InvalidArgument("input ", i, " is ", context.input(i).ToString(),
                             ", but those before are ", Name(element));
    }
  }
  SX_ASSIGN_OR_RETURN(auto result, JoinedShape(context, inputs, context.attrs<AxisAttrs>().axis));
  if (result) SX_RETURN_IF_ERROR(CheckPlausible(element, *result));
  context.set_output(0, element, std::move(result));
  if (element == DataType::kInt64 || element == DataType::kInt32) {
    if (auto ints = JoinInts(context)) context.set_ints(0, *std::move(ints));
  }
  return absl::OkStatus();
}

/// A tensor as rows before `axis`, each contiguous.
struct Rows {
  int64_t count, length;

  Rows(const Shape& shape, int axis)
      : count(shape.Elements(0, axis)), length(shape.Elements(axis, shape.rank())) {}
};

int ConcatAxis(const Node& node, int rank) {
  const int64_t axis = static_cast<const AxisAttrs&>(*node.attrs).axis;
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Status RunConcat(KernelContext& context) {
  Tensor& output = context.output(0);
  SX_ASSIGN_OR_RETURN(const int axis,
                      NormalizeAxis(context.attrs<AxisAttrs>().axis, output.rank()));
  const Rows all(output.shape(), axis);
  int64_t offset = 0;
  for (int i = 0; i < context.input_count(); ++i) {
    const Tensor& part = context.input(i);
    const Rows rows(part.shape(), axis);
    const int64_t bytes = offset * static_cast<int64_t>(ElementSize(output.type()));
    offset += rows.length;
    // What was computed in its place is there.
    if (part.raw() == static_cast<const std::byte*>(output.raw()) + bytes) continue;
    SX_RETURN_IF_ERROR(CopyStrided(context, {rows.count, rows.length}, part, {0, {rows.length, 1}},
                                   output, {offset - rows.length, {all.length, 1}}));
  }
  return absl::OkStatus();
}

// ---- Split --------------------------------------------------------------------------------

StatusOr<std::shared_ptr<Attrs>> ParseSplit(ParseContext& context) {
  auto attrs = std::make_shared<AxisAttrs>();
  attrs->axis = context.Int("axis", 0);
  if (context.version() < 13) attrs->split = context.IntList("split");
  if (context.version() >= 18 && context.Has("num_outputs")) {
    attrs->num_outputs = context.Int("num_outputs", 0);
    const int64_t outputs = static_cast<int64_t>(context.node().outputs.size());
    if (attrs->num_outputs != outputs) {
      context.Fail(absl::StrCat("num_outputs is ", attrs->num_outputs, ", but the node has ",
                                outputs, " outputs"));
    }
  }
  return attrs;
}

/// The sizes of `count` parts of a dimension cut evenly.
StatusOr<Ints> EvenSizes(int64_t size, int64_t count, int version) {
  if (version < 18 && size % count != 0) {
    return InvalidArgument("a dimension of ", size, " cannot be split into ", count,
                           " equal parts");
  }
  const int64_t part = size / count + (size % count != 0);
  Ints sizes;
  for (int64_t i = 0, left = size; i < count; ++i) {
    sizes.push_back(std::min(part, left));
    left -= sizes.back();
  }
  return sizes;
}

Status InferSplit(InferContext& context) {
  const auto& attrs = context.attrs<AxisAttrs>();
  const int count = context.output_count();
  if (count < 1) return InvalidArgument("Split needs an output");
  std::optional<Ints> sizes;
  if (context.has_input(1)) {
    SX_ASSIGN_OR_RETURN(sizes, KnownInts(context, 1, "split"));
  } else if (!attrs.split.empty()) {
    sizes = attrs.split;
  }
  const SymbolicShape* data = context.shape(0);
  for (int i = 0; i < count; ++i) context.set_output(i, context.element(0), std::nullopt);
  if (data == nullptr) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, static_cast<int>(data->size())));
  const Dim& dim = (*data)[axis];
  if (!sizes && !context.has_input(1) && dim.known()) {
    SX_ASSIGN_OR_RETURN(sizes, EvenSizes(dim.value, count, context.version()));
  }
  if (sizes) {
    if (static_cast<int>(sizes->size()) != count) {
      return InvalidArgument("split has ", sizes->size(), " sizes, but the node has ", count,
                             " outputs");
    }
    int64_t sum = 0;
    for (int64_t size : *sizes) {
      const auto next = size < 0 ? std::nullopt : CheckedAdd(sum, size);
      if (!next) return InvalidArgument("split has a size of ", size);
      sum = *next;
    }
    if (dim.known() && sum != dim.value) {
      return InvalidArgument("the sizes in split add up to ", sum, ", but axis ", axis, " of ",
                             ToString(*data), " has ", dim.value);
    }
  }
  for (int i = 0; i < count; ++i) {
    SymbolicShape part = *data;
    part[axis] = sizes ? Dim((*sizes)[i]) : count == 1 ? dim : Dim();
    context.set_output(i, context.element(0), std::move(part));
  }
  return absl::OkStatus();
}

Status RunSplit(KernelContext& context) {
  const Tensor& data = context.input(0);
  const auto& attrs = context.attrs<AxisAttrs>();
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, data.rank()));
  const Rows all(data.shape(), axis);
  const int64_t inner = data.shape().Elements(axis + 1, data.rank());
  // The sizes again: an output that nobody wants has no tensor to tell its own.
  Ints sizes = attrs.split;
  if (context.has_input(1)) {
    SX_ASSIGN_OR_RETURN(sizes, InputInts(context, 1, "split"));
  } else if (sizes.empty()) {
    SX_ASSIGN_OR_RETURN(sizes,
                        EvenSizes(data.dim(axis), context.output_count(), context.version()));
  }
  // Where one part takes all, inference had no need of the sizes: nobody has checked them.
  int64_t left = data.dim(axis);
  for (int64_t size : sizes) {
    if (size < 0 || size > left) return InvalidArgument("split has a size of ", size);
    left -= size;
  }
  if (static_cast<int>(sizes.size()) != context.output_count() || left != 0) {
    return InvalidArgument("split has ", sizes.size(), " sizes that leave ", left, " of ",
                           data.dim(axis), "; the node has ", context.output_count(), " outputs");
  }
  int64_t offset = 0;
  for (int i = 0; i < context.output_count(); ++i) {
    const int64_t length = sizes[i] * inner;
    if (context.has_output(i)) {
      SX_RETURN_IF_ERROR(CopyStrided(context, {all.count, length}, data, {offset, {all.length, 1}},
                                     context.output(i), {0, {length, 1}}));
    }
    offset += length;
  }
  return absl::OkStatus();
}

/// The part of the output's gradient that came from each input.
Status ConcatGradient(GradientContext& context) {
  const int64_t axis = context.attrs<AxisAttrs>().axis;
  NodeBuilder::Attributes along = {{"start", {axis}}};
  if (axis != -1) along["end"] = {axis + 1};
  std::vector<ValueId> sizes;
  for (const ValueId input : context.node().inputs) {
    sizes.push_back(context.Add("Shape", {input}, along));
  }
  const int count = static_cast<int>(sizes.size());
  const ValueId split = context.Add("Concat", std::move(sizes), {{"axis", {int64_t{0}}}});
  const std::vector<ValueId> parts =
      context.AddMany("Split", {context.output_gradient(), split}, count, {{"axis", {axis}}});
  for (int i = 0; i < count; ++i) context.set_input_gradient(i, parts[i]);
  return absl::OkStatus();
}

Status SplitGradient(GradientContext& context) {
  std::vector<ValueId> parts;
  for (size_t i = 0; i < context.node().outputs.size(); ++i) {
    const int part = static_cast<int>(i);
    const ValueId output = context.output(part), known = context.output_gradient(part);
    if (output == kNoValue) return Unimplemented("cannot be differentiated without all outputs");
    parts.push_back(known != kNoValue ? known : FullLike(context, 0, output));
  }
  const int64_t axis = context.attrs<AxisAttrs>().axis;
  context.set_input_gradient(0, context.Add("Concat", std::move(parts), {{"axis", {axis}}}));
  return absl::OkStatus();
}

}  // namespace

std::vector<OpDef> ConcatOps() {
  return {
      {.domain = "",
       .name = "Concat",
       .versions = {1, 4, 11, 13},
       .min_inputs = 1,
       .max_inputs = kVariadic,
       .parse = ParseConcat,
       .infer = InferConcat,
       .kernels = {SimpleKernel<RunConcat>("concat.rows")},
       .joined_axis = ConcatAxis,
       .channels_last = {.inputs = ElementwiseChannelsLast, .convert = ConvertAxis},
       .gradient = ConcatGradient},
      {.domain = "",
       .name = "Split",
       .versions = {1, 2, 11, 13, 18},
       .min_inputs = 1,
       .max_inputs = 2,
       .max_outputs = kVariadic,
       .parse = ParseSplit,
       .infer = InferSplit,
       .kernels = {SimpleKernel<RunSplit>("split.rows")},
       .channels_last = {.inputs = SplitChannelsLast, .convert = ConvertAxis},
       .gradient = SplitGradient},
  };
}

}  // namespace sardonyx
