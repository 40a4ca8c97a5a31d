// Operators that move blocks of an image between space and channels.
#include <algorithm>
#include <type_traits>

#include "ops/common/int_inputs.h"
#include "ops/common/strided_copy.h"
#include "ops/shape/defs.h"

namespace sardonyx {
namespace {

// ---- DepthToSpace, SpaceToDepth -----------------------------------------------------------

struct BlockAttrs : Attrs {
  int64_t block = 1;
  bool blocks_first = true;  // DCR: a channel's place is (block row, block column, channel)
};

StatusOr<std::shared_ptr<Attrs>> ParseBlock(ParseContext& context) {
  auto attrs = std::make_shared<BlockAttrs>();
  context.Require("blocksize");
  attrs->block = context.Int("blocksize", 1);
  if (attrs->block < 1 || attrs->block > 1 << 15) {
    context.Fail(absl::StrCat("blocksize is ", attrs->block));
  }
  const bool has_mode =
      context.node().op_type == "DepthToSpace" ? context.version() >= 11 : context.version() >= 28;
  if (has_mode) {
    const std::string mode = context.String("mode", "DCR");
    if (mode != "DCR" && mode != "CRD") context.Fail(absl::StrCat("mode is '", mode, "'"));
    attrs->blocks_first = mode == "DCR";
  }
  return attrs;
}

Dim Times(const Dim& dim, int64_t factor) {
  const Dim pair[] = {dim, factor};
  return Product(pair);
}

StatusOr<Dim> Divide(const Dim& dim, int64_t divisor, absl::string_view what) {
  if (!dim.known()) return divisor == 1 ? dim : Dim();
  if (dim.value % divisor != 0) {
    return InvalidArgument(what, " of ", dim.value, " is not divisible by ", divisor);
  }
  return Dim(dim.value / divisor);
}

StatusOr<SymbolicShape> ImageShape(const InferContext& context) {
  const SymbolicShape* data = context.shape(0);
  if (data == nullptr) return SymbolicShape(4);
  if (data->size() != 4) {
    return InvalidArgument("data must have rank 4 (N, C, H, W), but has shape ", ToString(*data));
  }
  return *data;
}

Status InferDepthToSpace(InferContext& context) {
  const int64_t block = context.attrs<BlockAttrs>().block;
  SX_ASSIGN_OR_RETURN(SymbolicShape shape, ImageShape(context));
  SX_ASSIGN_OR_RETURN(shape[1], Divide(shape[1], block * block, "a number of channels"));
  shape[2] = Times(shape[2], block);
  shape[3] = Times(shape[3], block);
  SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), shape));
  context.set_output(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

Status InferSpaceToDepth(InferContext& context) {
  const int64_t block = context.attrs<BlockAttrs>().block;
  SX_ASSIGN_OR_RETURN(SymbolicShape shape, ImageShape(context));
  shape[1] = Times(shape[1], block * block);
  SX_ASSIGN_OR_RETURN(shape[2], Divide(shape[2], block, "a height"));
  SX_ASSIGN_OR_RETURN(shape[3], Divide(shape[3], block, "a width"));
  SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), shape));
  context.set_output(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

/// Copies along (n, channel, row, block row, column, block column): `space` is the tensor with
/// large images, `depth` the one with many channels, and one of them is the input.
Status CopyBlocks(KernelContext& context, const Shape& space_shape, bool to_space) {
  const auto& attrs = context.attrs<BlockAttrs>();
  const int64_t b = attrs.block, n = space_shape[0], c = space_shape[1];
  const int64_t h = space_shape[2] / b, w = space_shape[3] / b;
  const int64_t plane = h * w;
  const int64_t channel = attrs.blocks_first ? plane : plane * b * b;
  const int64_t block_step = attrs.blocks_first ? plane * c : plane;  // of a block's column
  const StridedView depth{0, {c * b * b * plane, channel, w, block_step * b, 1, block_step}};
  const StridedView space{0, {c * b * b * plane, b * b * plane, b * b * w, b * w, b, 1}};
  if (to_space) {
    return CopyStrided(context, {n, c, h, b, w, b}, context.input(0), depth, context.output(0),
                       space);
  }
  // In the order of the output: block row and column lie outside row and column.
  const int order[] = {0, 3, 5, 1, 2, 4};
  const int64_t sizes[] = {n, c, h, b, w, b};
  Ints dims;
  StridedView from, to;
  for (int axis : order) {
    dims.push_back(sizes[axis]);
    from.strides.push_back(space.strides[axis]);
    to.strides.push_back(depth.strides[axis]);
  }
  return CopyStrided(context, dims, context.input(0), from, context.output(0), to);
}

Status RunDepthToSpace(KernelContext& context) {
  return CopyBlocks(context, context.output(0).shape(), true);
}
Status RunSpaceToDepth(KernelContext& context) {
  return CopyBlocks(context, context.input(0).shape(), false);
}

// ---- Col2Im -------------------------------------------------------------------------------

struct Col2ImAttrs : Attrs {
  Ints dilations, pads, strides;
};

StatusOr<std::shared_ptr<Attrs>> ParseCol2Im(ParseContext& context) {
  auto attrs = std::make_shared<Col2ImAttrs>();
  attrs->dilations = context.IntList("dilations");
  attrs->pads = context.IntList("pads");
  attrs->strides = context.IntList("strides");
  return attrs;
}

constexpr int64_t kLargestExtent = 1 << 30;

/// How columns lie in the image: one entry per spatial axis, all lists of the same length.
struct Columns {
  Ints image, block, dilations, strides, begin, positions;
  int64_t blocks = 1, taps = 1;  // products of `positions` and of `block`
};

StatusOr<Columns> Resolve(const Col2ImAttrs& attrs, const Ints& image, const Ints& block) {
  const size_t rank = image.size();
  Columns columns{.image = image,
                  .block = block,
                  .dilations = attrs.dilations,
                  .strides = attrs.strides,
                  .begin = attrs.pads,
                  .positions = {}};
  if (rank == 0 || block.size() != rank) {
    return InvalidArgument("image_shape has ", rank, " sizes and block_shape ", block.size());
  }
  if (columns.dilations.empty()) columns.dilations.assign(rank, 1);
  if (columns.strides.empty()) columns.strides.assign(rank, 1);
  if (columns.begin.empty()) columns.begin.assign(2 * rank, 0);
  if (columns.dilations.size() != rank || columns.strides.size() != rank ||
      columns.begin.size() != 2 * rank) {
    return InvalidArgument("dilations, strides and pads do not fit ", rank, " spatial axes");
  }
  for (size_t i = 0; i < rank; ++i) {
    const int64_t before = columns.begin[i], after = columns.begin[rank + i];
    for (int64_t extent : {image[i], block[i], columns.dilations[i], columns.strides[i]}) {
      if (extent < 1 || extent > kLargestExtent) {
        return InvalidArgument("a size, dilation or stride of ", extent, " on axis ", i);
      }
    }
    if (before < 0 || after < 0 || before > kLargestExtent || after > kLargestExtent) {
      return InvalidArgument("pads of ", before, " and ", after, " on axis ", i);
    }
    const int64_t room = image[i] + before + after - columns.dilations[i] * (block[i] - 1) - 1;
    columns.positions.push_back(room < 0 ? 0 : room / columns.strides[i] + 1);
    const auto blocks = CheckedMul(columns.blocks, columns.positions.back());
    const auto taps = CheckedMul(columns.taps, block[i]);
    if (!blocks || !taps) return LimitExceeded("image_shape or block_shape is too large");
    columns.blocks = *blocks;
    columns.taps = *taps;
  }
  return columns;
}

Status InferCol2Im(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const auto image, KnownInts(context, 1, "image_shape"));
  SX_ASSIGN_OR_RETURN(const auto block, KnownInts(context, 2, "block_shape"));
  const SymbolicShape* data = context.shape(0);
  if (data != nullptr && data->size() != 3) {
    return InvalidArgument("input must have rank 3 (N, C * taps, L), but has shape ",
                           ToString(*data));
  }
  context.set_output(0, context.element(0), std::nullopt);
  if (!image || !block) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(const Columns columns, Resolve(context.attrs<Col2ImAttrs>(), *image, *block));
  SymbolicShape result(2);
  if (data != nullptr) {
    result[0] = (*data)[0];
    SX_ASSIGN_OR_RETURN(result[1], Divide((*data)[1], columns.taps, "a second dimension"));
    if ((*data)[2].known() && (*data)[2].value != columns.blocks) {
      return InvalidArgument("input ", ToString(*data), " has ", (*data)[2].value,
                             " columns, but the image has ", columns.blocks, " blocks");
    }
  }
  result.insert(result.end(), image->begin(), image->end());
  SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), result));
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

/// Integers wrap, bools "or".
template <typename T>
void AddTo(T& sum, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    sum = sum || value;
  } else if constexpr (std::is_integral_v<T>) {
    sum = static_cast<T>(static_cast<uint64_t>(sum) + static_cast<uint64_t>(value));
  } else {
    sum += value;
  }
}

/// Adds one channel's columns into its image.
template <typename T>
void AddColumns(const Columns& columns, const T* from, ComputeType<T>* image) {
  const size_t rank = columns.image.size();
  Ints tap(rank), at(rank);
  for (int64_t t = 0; t < columns.taps; ++t) {
    int64_t rest = t;
    for (size_t i = rank; i-- > 0; rest /= columns.block[i]) tap[i] = rest % columns.block[i];
    for (int64_t l = 0; l < columns.blocks; ++l) {
      rest = l;
      int64_t place = 0, step = 1;
      bool inside = true;
      for (size_t i = rank; i-- > 0; rest /= columns.positions[i]) {
        at[i] = rest % columns.positions[i] * columns.strides[i] - columns.begin[i] +
                tap[i] * columns.dilations[i];
        inside = inside && at[i] >= 0 && at[i] < columns.image[i];
        place += at[i] * step;
        step *= columns.image[i];
      }
      if (inside) AddTo(image[place], static_cast<ComputeType<T>>(from[t * columns.blocks + l]));
    }
  }
}

Status RunCol2Im(KernelContext& context) {
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  SX_ASSIGN_OR_RETURN(const Ints image, InputInts(context, 1, "image_shape"));
  SX_ASSIGN_OR_RETURN(const Ints block, InputInts(context, 2, "block_shape"));
  SX_ASSIGN_OR_RETURN(const Columns columns, Resolve(context.attrs<Col2ImAttrs>(), image, block));
  const int64_t pixels = output.shape().Elements(2, output.rank());
  const int64_t column_size = columns.taps * columns.blocks;
  constexpr auto kTypes = Numbers{} + Complexes{} + TypeList<bool>{};
  return Dispatch(data.type(), kTypes, [&]<typename T>() -> Status {
    using C = ComputeType<T>;
    Tensor sums = output;
    if (!std::is_same_v<C, T>) {
      SX_ASSIGN_OR_RETURN(sums, context.Temporary(kTypeOf<C>, output.shape()));
    }
    return context.ParallelFor(output.dim(0) * output.dim(1),
                               5.0 * static_cast<double>(column_size + pixels),
                               [&](int64_t begin, int64_t end) {
                                 for (int64_t i = begin; i < end; ++i) {
                                   C* image = sums.data<C>() + i * pixels;
                                   std::fill_n(image, pixels, C());
                                   AddColumns<T>(columns, data.data<T>() + i * column_size, image);
                                   if constexpr (!std::is_same_v<C, T>) {
                                     T* to = output.data<T>() + i * pixels;
                                     for (int64_t p = 0; p < pixels; ++p)
                                       to[p] = static_cast<T>(image[p]);
                                   }
                                 }
                               });
  });
}

}  // namespace

std::vector<OpDef> BlockOps() {
  return {
      {.domain = "",
       .name = "DepthToSpace",
       .versions = {1, 11, 13, 28},
       .min_inputs = 1,
       .max_inputs = 1,
       .parse = ParseBlock,
       .infer = InferDepthToSpace,
       .kernels = {SimpleKernel<RunDepthToSpace>("blocks.strided")}},
      {.domain = "",
       .name = "SpaceToDepth",
       .versions = {1, 13, 28},
       .min_inputs = 1,
       .max_inputs = 1,
       .parse = ParseBlock,
       .infer = InferSpaceToDepth,
       .kernels = {SimpleKernel<RunSpaceToDepth>("blocks.strided")}},
      {.domain = "",
       .name = "Col2Im",
       .versions = {18},
       .min_inputs = 3,
       .max_inputs = 3,
       .parse = ParseCol2Im,
       .infer = InferCol2Im,
       .kernels = {SimpleKernel<RunCol2Im>("col2im.sums")}},
  };
}

}  // namespace sardonyx
