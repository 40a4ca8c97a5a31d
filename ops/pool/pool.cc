// MaxPool, AveragePool and LpPool: attributes, types, and the lists of their kernels.
#include "ops/pool/pool.h"

#include <algorithm>
#include <cmath>

#include "ops/common/channels_last.h"
#include "ops/common/contrib.h"
#include "ops/common/float_inputs.h"
#include "ops/common/infer.h"
#include "ops/shape/pad.h"

namespace sardonyx {
namespace {

int64_t Product(const Window& window, int64_t WindowAxis::*size) {
  Shape sizes;
  for (const WindowAxis& axis : window) sizes.push_back(axis.*size);
  return sizes.Elements();
}

std::shared_ptr<PoolAttrs> ParsePool(ParseContext& context, int dilations_since, int ceil_since) {
  return ReadPool(context, context.version() >= dilations_since, context.version() >= ceil_since);
}

StatusOr<std::shared_ptr<Attrs>> ParseMaxPool(ParseContext& context) {
  auto attrs = ParsePool(context, 10, 10);
  if (context.version() >= 8) attrs->column_major = context.Flag("storage_order", false);
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseNhwcMaxPool(ParseContext& context) {
  auto attrs = ReadPool(context, true, true);
  attrs->channels_last = true;
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseAveragePool(ParseContext& context) {
  auto attrs = ParsePool(context, 19, 10);
  if (context.version() >= 7) attrs->count_include_pad = context.Flag("count_include_pad", false);
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseLpPool(ParseContext& context) {
  auto attrs = ParsePool(context, 18, 18);
  attrs->p = context.version() < 2 ? static_cast<double>(context.Float("p", 2))
                                   : static_cast<double>(context.Int("p", 2));
  if (!(attrs->p > 0) || std::isinf(attrs->p)) {
    context.Fail(absl::StrCat("attribute 'p' is ", attrs->p, ", not positive"));
  }
  return attrs;
}

Status InferMaxPool(InferContext& context) {
  const DataType element = context.element(0);
  if (element != DataType::kInt8 && element != DataType::kUInt8) {
    SX_RETURN_IF_ERROR(CheckFloatInput(context, 0));
  }
  return InferPoolShape(context);
}

Status InferBytePool(InferContext& context) {
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int8_t, uint8_t>{}, {0}).status());
  return InferPoolShape(context);
}

Status InferFloatPool(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckFloatInput(context, 0));
  return InferPoolShape(context);
}

void Convert(Graph&, Node& node) {
  auto attrs = std::make_shared<PoolAttrs>(static_cast<const PoolAttrs&>(*node.attrs));
  attrs->channels_last = true;
  node.attrs = std::move(attrs);
}

/// Zeros padded before an AveragePool count as its own padding does if that is counted. With
/// ceil_mode the two would differ in how many outputs there are.
StatusOr<bool> AbsorbPad(Graph& graph, int index, const std::vector<int>& producers,
                         const std::vector<int>&) {
  const auto& attrs = static_cast<const PoolAttrs&>(*graph.nodes[index].attrs);
  const Ints& own = attrs.window.pads;
  const bool unpadded = std::all_of(own.begin(), own.end(), [](int64_t pad) { return pad == 0; });
  if (attrs.channels_last || attrs.window.ceil_mode || !(unpadded || attrs.count_include_pad)) {
    return false;
  }
  const auto zeros = SpatialZerosBefore(graph, index, producers);
  auto padded = std::make_shared<PoolAttrs>(attrs);
  padded->count_include_pad = true;
  if (!zeros || !AddPads(padded->window, zeros->pads)) return false;
  graph.nodes[index].inputs[0] = zeros->input;
  graph.nodes[index].attrs = std::move(padded);
  return true;
}

OpDef PoolOp(absl::string_view name, std::vector<int> versions) {
  return {.domain = "",
          .name = name,
          .versions = std::move(versions),
          .min_inputs = 1,
          .max_inputs = 1,
          .infer = InferFloatPool};
}

}  // namespace

int64_t PoolShape::input_plane() const { return Product(window, &WindowAxis::input); }
int64_t PoolShape::output_plane() const { return Product(window, &WindowAxis::output); }
int64_t PoolShape::kernel_plane() const { return Product(window, &WindowAxis::kernel); }

std::shared_ptr<PoolAttrs> ReadPool(ParseContext& context, bool has_dilations, bool has_ceil_mode,
                                    bool global) {
  auto attrs = std::make_shared<PoolAttrs>();
  attrs->global = global;
  if (global) return attrs;
  attrs->window = ReadWindow(context, has_dilations);
  if (has_ceil_mode) attrs->window.ceil_mode = context.Flag("ceil_mode", false);
  // LpPool's first version calls the kernel's shape optional, and then says nothing of its size.
  if (attrs->window.kernel_shape.empty()) context.Fail("attribute 'kernel_shape' is required");
  return attrs;
}

Status InferPoolShape(InferContext& context) {
  const auto& attrs = context.attrs<PoolAttrs>();
  if (const auto known = context.input(0).StaticShape()) {
    SX_RETURN_IF_ERROR(ResolvePool(attrs, *known).status());
  }
  std::optional<SymbolicShape> shape;
  if (const SymbolicShape* x = context.shape(0)) {
    if (x->size() < 3) return InvalidArgument("input X has rank ", x->size(), ", not at least 3");
    const size_t first = attrs.channels_last ? 1 : 2;
    const auto spatial = absl::MakeConstSpan(*x).subspan(first, x->size() - 2);
    const SymbolicShape kernel(attrs.window.kernel_shape.begin(), attrs.window.kernel_shape.end());
    SymbolicShape outputs(spatial.size(), Dim(1));
    if (!attrs.global) {
      SX_ASSIGN_OR_RETURN(outputs, InferWindow(attrs.window, spatial, kernel));
    }
    shape = *x;
    std::copy(outputs.begin(), outputs.end(), shape->begin() + static_cast<int64_t>(first));
  }
  context.set_output(0, context.element(0), shape);
  context.set_output(1, DataType::kInt64, shape);
  return absl::OkStatus();
}

StatusOr<PoolShape> ResolvePool(const PoolAttrs& attrs, const Shape& x) {
  if (x.rank() < 3)
    return InvalidArgument("input X has shape ", x.ToString(), ", not rank 3 or more");
  const int channel_axis = attrs.channels_last ? x.rank() - 1 : 1;
  PoolShape pool{.batch = x[0], .channels = x[channel_axis], .channels_last = attrs.channels_last};
  const auto spatial =
      x.dims().subspan(attrs.channels_last ? 1 : 2, static_cast<size_t>(x.rank()) - 2);
  const auto kernel = attrs.global ? spatial : absl::MakeConstSpan(attrs.window.kernel_shape);
  SX_ASSIGN_OR_RETURN(pool.window, ResolveWindow(attrs.window, spatial, kernel));
  Shape y{pool.batch, pool.channels};
  for (const WindowAxis& axis : pool.window) y.push_back(axis.output);
  SX_RETURN_IF_ERROR(CheckSize(x));
  SX_RETURN_IF_ERROR(CheckSize(y));
  SX_RETURN_IF_ERROR(CheckSize(Shape(kernel)));
  return pool;
}

StatusOr<PoolShape> StaticFloatPool(const PrepareContext& context) {
  if (context.element(0) != DataType::kFloat) {
    return Unimplemented("works on float, not ", Name(context.element(0)));
  }
  if (context.node().outputs.size() > 1 && context.node().outputs[1] != kNoValue) {
    return Unimplemented("does not give indices");
  }
  const auto& attrs = context.attrs<PoolAttrs>();
  if (attrs.channels_last) return Unimplemented("takes ONNX's layout only");
  const auto x = context.shape(0);
  if (!x) return Unimplemented("needs shapes that are known before the run");
  return ResolvePool(attrs, *x);
}

std::vector<int> PoolChannelsLast(const Graph& graph, const Node& node) {
  const bool indices = node.outputs.size() > 1 && node.outputs[1] != kNoValue;
  const Type& x = graph.value(node.inputs[0]).type;
  if (indices || x.element != DataType::kFloat || x.rank() > 5) return {};
  return FirstInputChannelsLast(graph, node);
}

OpDef MaxPoolOp() {
  OpDef op = PoolOp("MaxPool", {1, 8, 10, 11, 12, 22});
  op.max_outputs = 2;
  op.parse = ParseMaxPool;
  op.infer = InferMaxPool;
  op.kernels = {MaxPoolChannelsLast(), MaxPoolNative(), MaxPoolOneDnn(), MaxPoolReference()};
  op.channels_last = {.inputs = PoolChannelsLast, .convert = Convert};
  return op;
}

OpDef AveragePoolOp() {
  OpDef op = PoolOp("AveragePool", {1, 7, 10, 11, 19, 22});
  op.parse = ParseAveragePool;
  op.kernels = {AveragePoolChannelsLast(), AveragePoolNative(), AveragePoolOneDnn(),
                AveragePoolReference()};
  op.rewrites = {{"pad+averagepool", AbsorbPad}};
  op.channels_last = {.inputs = PoolChannelsLast, .convert = Convert};
  return op;
}

OpDef LpPoolOp() {
  OpDef op = PoolOp("LpPool", {1, 2, 11, 18, 22});
  op.parse = ParseLpPool;
  op.kernels = {LpPoolReference()};
  return op;
}

OpDef NhwcMaxPoolOp() {
  OpDef op = PoolOp("", {});
  op.parse = ParseNhwcMaxPool;
  op.infer = InferBytePool;
  op.kernels = {MaxPoolReference()};
  return AsContrib(std::move(op), "NhwcMaxPool");
}

}  // namespace sardonyx
