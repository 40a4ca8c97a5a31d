// Operators that repeat elements: strided copies in which some input strides are 0.
#include <cmath>

#include "ops/common/gradients.h"
#include "ops/common/int_inputs.h"
#include "ops/common/strided_copy.h"
#include "ops/shape/defs.h"

namespace sardonyx {
namespace {

Status InferExpand(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const std::optional<Ints> wanted, KnownInts(context, 1, "shape"));
  std::optional<SymbolicShape> target;
  if (wanted) {
    for (int64_t size : *wanted) {
      if (size < 0) return InvalidArgument("shape asks for a size of ", size);
    }
    target = SymbolicShape(wanted->begin(), wanted->end());
  } else {
    target = ShortInts(context, 1);
  }
  SX_ASSIGN_OR_RETURN(std::optional<SymbolicShape> result,
                      BroadcastSymbolic(context.shape(0), target ? &*target : nullptr));
  if (result) SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), *result));
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

Status RunExpand(KernelContext& context) {
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  const Ints strides = data.shape().Strides();
  const int added = output.rank() - data.rank();
  StridedView from{.offset = 0, .strides = Ints(output.rank(), 0)};
  for (int i = 0; i < data.rank(); ++i) {
    if (data.dim(i) != 1) from.strides[added + i] = strides[i];
  }
  return CopyStrided(context, output.shape().dims(), data, from, output,
                     {0, output.shape().Strides()});
}

/// Opset 1 gives one count and one axis, of the data's own type.
StatusOr<int64_t> WholeNumber(const Tensor& tensor, absl::string_view what) {
  if (!IsFloatingPoint(tensor.type())) return SingleInt(tensor, what);
  if (tensor.size() != 1) {
    return InvalidArgument(what, " must have one element, but is ", tensor.ToString());
  }
  SX_ASSIGN_OR_RETURN(const std::vector<double> values, ToDoubles(tensor));
  if (!(std::abs(values[0]) < 1e15)) return InvalidArgument(what, " is ", values[0]);
  return static_cast<int64_t>(values[0]);
}

Status InferTile(InferContext& context) {
  const SymbolicShape* data = context.shape(0);
  context.set_output(0, context.element(0), std::nullopt);
  if (data == nullptr) return absl::OkStatus();
  SymbolicShape result(data->size());
  const int rank = static_cast<int>(data->size());
  std::optional<SymbolicShape> repeats;
  if (context.version() < 6) {
    if (!context.has_input(1) || !context.has_input(2)) {
      return InvalidArgument("Tile needs inputs 'tiles' and 'axis' before opset 6");
    }
    if (context.value(1) != nullptr && context.value(2) != nullptr) {
      SX_ASSIGN_OR_RETURN(const int64_t tiles, WholeNumber(*context.value(1), "tiles"));
      SX_ASSIGN_OR_RETURN(const int64_t axis, WholeNumber(*context.value(2), "axis"));
      SX_ASSIGN_OR_RETURN(const int normal, NormalizeAxis(axis, rank));
      if (tiles < 0) return InvalidArgument("tiles is ", tiles);
      repeats = SymbolicShape(rank, Dim(1));
      (*repeats)[normal] = tiles;
    }
  } else {
    SX_ASSIGN_OR_RETURN(const std::optional<Ints> known, KnownInts(context, 1, "repeats"));
    if (known) {
      for (int64_t count : *known) {
        if (count < 0) return InvalidArgument("repeats has ", count);
      }
      repeats = SymbolicShape(known->begin(), known->end());
    } else {
      repeats = ShortInts(context, 1);
    }
    if (repeats && static_cast<int>(repeats->size()) != rank) {
      return InvalidArgument("repeats has ", repeats->size(), " elements, but data ",
                             ToString(*data), " has rank ", rank);
    }
  }
  for (int i = 0; repeats && i < rank; ++i) {
    const Dim pair[] = {(*data)[i], (*repeats)[i]};
    result[i] = Product(pair);
  }
  SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), result));
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

Status RunTile(KernelContext& context) {
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  const Ints from_strides = data.shape().Strides(), to_strides = output.shape().Strides();
  if (output.size() == 0) return absl::OkStatus();
  Ints dims;
  StridedView from, to;
  for (int i = 0; i < data.rank(); ++i) {
    dims.push_back(output.dim(i) / data.dim(i));  // no dimension of a filled output is 0
    from.strides.push_back(0);
    to.strides.push_back(to_strides[i] * data.dim(i));
    dims.push_back(data.dim(i));
    from.strides.push_back(from_strides[i]);
    to.strides.push_back(to_strides[i]);
  }
  return CopyStrided(context, dims, data, from, output, to);
}

Status ExpandGradient(GradientContext& context) {
  const ValueId sum = SumToLike(context, context.output_gradient(), context.input(0));
  context.set_input_gradient(0, sum);
  return absl::OkStatus();
}

}  // namespace

std::vector<OpDef> ExpandOps() {
  return {
      {.domain = "",
       .name = "Expand",
       .versions = {8, 13},
       .min_inputs = 2,
       .max_inputs = 2,
       .infer = InferExpand,
       .kernels = {SimpleKernel<RunExpand>("expand.strided")},
       .gradient = ExpandGradient},
      {.domain = "",
       .name = "Tile",
       .versions = {1, 6, 13},
       .min_inputs = 2,
       .max_inputs = 3,
       .infer = InferTile,
       .kernels = {SimpleKernel<RunTile>("tile.strided")},
       .gradient = MovedGradient},
  };
}

}  // namespace sardonyx
