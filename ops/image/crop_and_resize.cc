// com.microsoft's CropAndResize: boxes of images, each sampled on a grid of one size.
#include <algorithm>
#include <cmath>

#include "ops/common/contrib.h"
#include "ops/common/infer.h"
#include "ops/common/int_inputs.h"
#include "ops/image/defs.h"

namespace sardonyx {
namespace {

enum Input { kImages, kBoxes, kBatchIndices, kCropSize };

struct CropAttrs : Attrs {
  bool nearest = false;
  float outside = 0;  // what lies beyond the image
};

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<CropAttrs>();
  const std::string mode = context.String("mode", "bilinear");
  if (mode != "bilinear" && mode != "nearest") {
    context.Fail(absl::StrCat("mode is '", mode, "', neither 'bilinear' nor 'nearest'"));
  }
  attrs->nearest = mode == "nearest";
  attrs->outside = context.Float("extrapolation_value", 0);
  return attrs;
}

Status Infer(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const DataType element, CommonElement(context, Floats{}, {kImages, kBoxes}));
  SX_RETURN_IF_ERROR(
      CommonElement(context, TypeList<int32_t>{}, {kBatchIndices, kCropSize}).status());
  SX_RETURN_IF_ERROR(CheckRank(context, kImages, 4, "X"));
  SX_RETURN_IF_ERROR(CheckRank(context, kBoxes, 2, "rois"));
  SX_RETURN_IF_ERROR(CheckRank(context, kBatchIndices, 1, "batch_indices"));
  SymbolicShape shape(4);
  if (const SymbolicShape* images = context.shape(kImages)) shape[1] = (*images)[1];
  if (const SymbolicShape* boxes = context.shape(kBoxes)) {
    SX_RETURN_IF_ERROR(MergeDims((*boxes)[1], Dim(4), "the last dimension of rois").status());
    shape[0] = (*boxes)[0];
  }
  if (const SymbolicShape* indices = context.shape(kBatchIndices)) {
    SX_ASSIGN_OR_RETURN(shape[0], MergeDims(shape[0], (*indices)[0], "the number of boxes"));
  }
  SX_ASSIGN_OR_RETURN(const auto size, KnownInts(context, kCropSize, "crop_size"));
  if (size) {
    if (size->size() != 2 || (*size)[0] < 1 || (*size)[1] < 1) {
      return InvalidArgument("crop_size must be two positive numbers");
    }
    shape[2] = Dim((*size)[0]);
    shape[3] = Dim((*size)[1]);
  }
  SX_RETURN_IF_ERROR(CheckPlausible(element, shape));
  context.set_output(0, element, std::move(shape));
  return absl::OkStatus();
}

/// Where point `i` of `count` that span from `low` to `high` (0 and 1 are the image's first and
/// last pixel) lies among `size` pixels; the middle where it is the only one.
template <typename C>
C PlaceOf(C low, C high, int64_t i, int64_t count, int64_t size) {
  const C last = static_cast<C>(size - 1);
  if (count == 1) return C(0.5) * (low + high) * last;
  return low * last + static_cast<C>(i) * ((high - low) * last / static_cast<C>(count - 1));
}

template <typename T, typename C = ComputeType<T>>
C Sample(const T* plane, int64_t height, int64_t width, C y, C x, const CropAttrs& attrs) {
  if (!(y >= 0 && y <= static_cast<C>(height - 1) && x >= 0 && x <= static_cast<C>(width - 1))) {
    return static_cast<C>(attrs.outside);
  }
  // Sizes that C rounds up must not lead beyond the last pixel.
  const auto at = [&](C row, C column) {
    const int64_t i = std::min(static_cast<int64_t>(row), height - 1);
    const int64_t j = std::min(static_cast<int64_t>(column), width - 1);
    return static_cast<C>(plane[i * width + j]);
  };
  if (attrs.nearest) return at(std::round(y), std::round(x));
  const C top = std::floor(y), left = std::floor(x), bottom = std::ceil(y), right = std::ceil(x);
  const C down = y - top, along = x - left;
  const C above = at(top, left) + (at(top, right) - at(top, left)) * along;
  const C below = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * along;
  return above + (below - above) * down;
}

Status Run(KernelContext& context) {
  const auto& attrs = context.attrs<CropAttrs>();
  const Tensor &images = context.input(kImages), &boxes = context.input(kBoxes);
  Tensor& output = context.output(0);
  if (output.size() == 0) return absl::OkStatus();
  const int32_t* indices = context.input(kBatchIndices).data<int32_t>();
  for (int64_t i = 0; i < output.dim(0); ++i) {
    if (indices[i] >= 0 && indices[i] < images.dim(0)) continue;
    return InvalidArgument("batch_indices has ", indices[i], ", but X has a batch of ",
                           images.dim(0));
  }
  const int64_t channels = images.dim(1), height = images.dim(2), width = images.dim(3);
  const int64_t rows = output.dim(2), columns = output.dim(3);
  return Dispatch(images.type(), Floats{}, [&]<typename T>() {
    using C = ComputeType<T>;
    const double cost = 20.0 * static_cast<double>(columns);
    const int64_t lines = output.dim(0) * channels * rows;
    return context.ParallelFor(lines, cost, [&](int64_t begin, int64_t end) {
      for (int64_t line = begin; line < end; ++line) {
        const int64_t row = line % rows, channel = line / rows % channels;
        const int64_t box = line / rows / channels;
        C corners[4];
        for (int i = 0; i < 4; ++i) corners[i] = static_cast<C>(boxes.data<T>()[box * 4 + i]);
        const C y = PlaceOf(corners[0], corners[2], row, rows, height);
        const T* plane = images.data<T>() + (indices[box] * channels + channel) * height * width;
        T* to = output.data<T>() + line * columns;
        for (int64_t i = 0; i < columns; ++i) {
          const C x = PlaceOf(corners[1], corners[3], i, columns, width);
          to[i] = static_cast<T>(Sample<T>(plane, height, width, y, x, attrs));
        }
      }
    });
  });
}

}  // namespace

OpDef CropAndResizeOp() {
  return AsContrib({.min_inputs = 4,
                    .max_inputs = 4,
                    .parse = Parse,
                    .infer = Infer,
                    .kernels = {SimpleKernel<Run>("crop_and_resize.samples")}},
                   "CropAndResize");
}

}  // namespace sardonyx
