// Pooling over regions of interest: RoiAlign (He et al., "Mask R-CNN", 2017) and MaxRoiPool
// (Girshick, "Fast R-CNN", 2015).
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "ops/common/int_inputs.h"
#include "ops/common/real_reader.h"
#include "ops/image/defs.h"

namespace sardonyx {
namespace {

struct RoiAttrs : Attrs {
  int64_t height = 1, width = 1;  // of the output
  double scale = 1;
  int64_t sampling = 0;  // points per axis and bin; 0: as many as the region needs
  bool half_pixel = true;
  bool maximum = false;
};

constexpr int64_t kMostSamples = 1 << 20;  // per bin

Status CheckOutputSize(const RoiAttrs& attrs) {
  if (attrs.height < 1 || attrs.width < 1 || attrs.height > 1 << 20 || attrs.width > 1 << 20) {
    return InvalidArgument("the output of a region is to be ", attrs.height, " x ", attrs.width);
  }
  return absl::OkStatus();
}

StatusOr<std::shared_ptr<Attrs>> ParseRoiAlign(ParseContext& context) {
  auto attrs = std::make_shared<RoiAttrs>();
  attrs->height = context.Int("output_height", 1);
  attrs->width = context.Int("output_width", 1);
  SX_RETURN_IF_ERROR(CheckOutputSize(*attrs));
  attrs->scale = context.Float("spatial_scale", 1.0f);
  attrs->sampling = context.Int("sampling_ratio", 0);
  if (attrs->sampling < 0 || attrs->sampling > 1 << 10) {
    context.Fail(absl::StrCat("sampling_ratio is ", attrs->sampling));
  }
  const std::string mode = context.String("mode", "avg");
  if (mode != "avg" && mode != "max") context.Fail(absl::StrCat("mode is '", mode, "'"));
  attrs->maximum = mode == "max";
  attrs->half_pixel = false;
  if (context.version() >= 16) {
    const std::string coordinates = context.String("coordinate_transformation_mode", "half_pixel");
    if (coordinates != "half_pixel" && coordinates != "output_half_pixel") {
      context.Fail(absl::StrCat("coordinate_transformation_mode is '", coordinates, "'"));
    }
    attrs->half_pixel = coordinates == "half_pixel";
  }
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseMaxRoiPool(ParseContext& context) {
  auto attrs = std::make_shared<RoiAttrs>();
  context.Require("pooled_shape");
  const Ints shape = context.IntList("pooled_shape");
  attrs->scale = context.Float("spatial_scale", 1.0f);
  if (shape.size() != 2) {
    context.Fail(absl::StrCat("pooled_shape has ", shape.size(), " elements; 2 are needed"));
    return attrs;
  }
  attrs->height = shape[0];
  attrs->width = shape[1];
  SX_RETURN_IF_ERROR(CheckOutputSize(*attrs));
  return attrs;
}

/// `columns` is how many numbers describe a region.
Status InferRoi(InferContext& context, int64_t columns) {
  const auto& attrs = context.attrs<RoiAttrs>();
  const SymbolicShape* data = context.shape(0);
  const SymbolicShape* rois = context.shape(1);
  if (data != nullptr && data->size() != 4) {
    return InvalidArgument("X must have rank 4 (N, C, H, W), but has shape ", ToString(*data));
  }
  if (rois != nullptr &&
      (rois->size() != 2 || ((*rois)[1].known() && (*rois)[1].value != columns))) {
    return InvalidArgument("rois must have shape [?,", columns, "], but have ", ToString(*rois));
  }
  Dim count = rois != nullptr ? (*rois)[0] : Dim();
  if (const SymbolicShape* batches = context.shape(2); batches != nullptr) {
    if (batches->size() != 1 ||
        (count.known() && (*batches)[0].known() && count.value != (*batches)[0].value)) {
      return InvalidArgument("batch_indices have shape ", ToString(*batches), ", but there are ",
                             count.ToString(), " rois");
    }
  }
  SymbolicShape result = {count, data != nullptr ? (*data)[1] : Dim(), attrs.height, attrs.width};
  SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), result));
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}
Status InferRoiAlign(InferContext& context) { return InferRoi(context, 4); }
Status InferMaxRoiPool(InferContext& context) { return InferRoi(context, 5); }

// ---- RoiAlign -----------------------------------------------------------------------------

/// Four neighbours of a place in an image and their weights; all zero far outside.
struct Bilinear {
  int64_t place[4] = {};
  double weight[4] = {};

  Bilinear() = default;
  Bilinear(double y, double x, int64_t height, int64_t width) {
    const double h = static_cast<double>(height), w = static_cast<double>(width);
    if (!(y >= -1 && y <= h && x >= -1 && x <= w)) return;
    y = std::clamp(y, 0.0, h - 1);
    x = std::clamp(x, 0.0, w - 1);
    const int64_t top = static_cast<int64_t>(y), left = static_cast<int64_t>(x);
    const int64_t bottom = std::min(top + 1, height - 1), right = std::min(left + 1, width - 1);
    const double down = y - static_cast<double>(top), along = x - static_cast<double>(left);
    place[0] = top * width + left;
    place[1] = top * width + right;
    place[2] = bottom * width + left;
    place[3] = bottom * width + right;
    weight[0] = (1 - down) * (1 - along);
    weight[1] = (1 - down) * along;
    weight[2] = down * (1 - along);
    weight[3] = down * along;
  }
};

/// One axis of a region: where it starts, how large a bin is, how many samples a bin takes.
struct RoiAxis {
  double start = 0, bin = 0;
  int64_t samples = 0;

  double At(int64_t bin_index, int64_t sample) const {
    return start + static_cast<double>(bin_index) * bin +
           (static_cast<double>(sample) + 0.5) * bin / static_cast<double>(samples);
  }
};

StatusOr<RoiAxis> MakeAxis(double from, double to, int64_t bins, const RoiAttrs& attrs) {
  const double offset = attrs.half_pixel ? 0.5 : 0.0;
  RoiAxis axis{.start = from * attrs.scale - offset};
  double size = (to - from) * attrs.scale;
  if (!attrs.half_pixel) size = std::max(size, 1.0);
  axis.bin = size / static_cast<double>(bins);
  const double wanted =
      attrs.sampling > 0 ? static_cast<double>(attrs.sampling) : std::ceil(axis.bin);
  if (!(wanted < kMostSamples)) {
    return LimitExceeded("a region from ", from, " to ", to, " needs too many samples");
  }
  axis.samples = std::max<int64_t>(static_cast<int64_t>(wanted), 0);
  return axis;
}

struct Region {
  RoiAxis y, x;
  int64_t batch = 0;
};

StatusOr<std::vector<Region>> ReadRegions(const KernelContext& context, const RoiAttrs& attrs) {
  const Tensor& rois = context.input(1);
  const Tensor& batches = context.input(2);
  SX_ASSIGN_OR_RETURN(const RealReader reader, RealReader::Of(rois, "rois"));
  SX_ASSIGN_OR_RETURN(const Ints indices, ToInts(batches));
  if (batches.rank() != 1 || batches.size() != rois.dim(0)) {
    return InvalidArgument("batch_indices are ", batches.ToString(), " for rois ", rois.ToString());
  }
  std::vector<Region> regions(rois.dim(0));
  for (int64_t i = 0; i < rois.dim(0); ++i) {
    Region& region = regions[i];
    region.batch = indices[i];
    if (region.batch < 0 || region.batch >= context.input(0).dim(0)) {
      return InvalidArgument("batch_indices has ", region.batch, ", but X has a batch of ",
                             context.input(0).dim(0));
    }
    SX_ASSIGN_OR_RETURN(region.x, MakeAxis(reader[i * 4], reader[i * 4 + 2], attrs.width, attrs));
    SX_ASSIGN_OR_RETURN(region.y,
                        MakeAxis(reader[i * 4 + 1], reader[i * 4 + 3], attrs.height, attrs));
    if (region.x.samples * region.y.samples > kMostSamples) {
      return LimitExceeded("region ", i, " needs ", region.x.samples, " x ", region.y.samples,
                           " samples per bin");
    }
  }
  return regions;
}

Status RunRoiAlign(KernelContext& context) {
  const auto& attrs = context.attrs<RoiAttrs>();
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  if (output.size() == 0) return absl::OkStatus();
  const int64_t channels = data.dim(1), height = data.dim(2), width = data.dim(3);
  const int64_t plane = height * width, bins = attrs.height * attrs.width;
  if (plane == 0) return InvalidArgument("X ", data.ToString(), " has nothing to sample");
  SX_ASSIGN_OR_RETURN(const std::vector<Region> regions, ReadRegions(context, attrs));
  double mean = 0;  // samples per bin
  for (const Region& r : regions) mean += static_cast<double>(r.x.samples * r.y.samples);
  mean /= static_cast<double>(regions.size());
  return Dispatch(data.type(), Floats{}, [&]<typename T>() {
    using C = ComputeType<T>;
    const double cost = 10 + mean * (10 + 5.0 * static_cast<double>(channels));
    const int64_t items = static_cast<int64_t>(regions.size()) * bins;
    return context.ParallelFor(items, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const Region& region = regions[i / bins];
        const int64_t bin = i % bins, row = bin / attrs.width, column = bin % attrs.width;
        const T* from = data.data<T>() + region.batch * channels * plane;
        T* to = output.data<T>() + i / bins * channels * bins + bin;
        // Few samples are placed once for all channels.
        std::array<Bilinear, 64> placed;
        const int64_t samples = region.y.samples * region.x.samples;
        const bool few = samples <= static_cast<int64_t>(placed.size());
        const auto place = [&](int64_t s) {
          return Bilinear(region.y.At(row, s / region.x.samples),
                          region.x.At(column, s % region.x.samples), height, width);
        };
        for (int64_t s = 0; few && s < samples; ++s) placed[s] = place(s);
        for (int64_t c = 0; c < channels; ++c, from += plane) {
          C result = attrs.maximum && samples > 0 ? -std::numeric_limits<C>::infinity() : C(0);
          for (int64_t s = 0; s < samples; ++s) {
            const Bilinear sample = few ? placed[s] : place(s);
            for (int n = 0; n < 4; ++n) {
              const C part =
                  static_cast<C>(sample.weight[n]) * static_cast<C>(from[sample.place[n]]);
              result = attrs.maximum ? std::max(result, part) : result + part;
            }
          }
          to[c * bins] = static_cast<T>(
              attrs.maximum ? result : result / static_cast<C>(std::max<int64_t>(samples, 1)));
        }
      }
    });
  });
}

// ---- MaxRoiPool ---------------------------------------------------------------------------

/// The pixels of one axis that a bin covers: [first, last).
struct PixelRange {
  int64_t first, last;
};

PixelRange Bin(double start, double length, int64_t bin, int64_t bins, int64_t size) {
  const double step = length / static_cast<double>(bins), limit = static_cast<double>(size);
  const double first = std::floor(static_cast<double>(bin) * step) + start;
  const double last = std::ceil(static_cast<double>(bin + 1) * step) + start;
  return {static_cast<int64_t>(std::clamp(first, 0.0, limit)),
          static_cast<int64_t>(std::clamp(last, 0.0, limit))};
}

Status RunMaxRoiPool(KernelContext& context) {
  const auto& attrs = context.attrs<RoiAttrs>();
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  if (output.size() == 0) return absl::OkStatus();
  const int64_t channels = data.dim(1), height = data.dim(2), width = data.dim(3);
  SX_ASSIGN_OR_RETURN(const RealReader rois, RealReader::Of(context.input(1), "rois"));
  const double batch = static_cast<double>(data.dim(0));
  for (int64_t i = 0; i < output.dim(0); ++i) {
    if (!(rois[i * 5] >= 0 && rois[i * 5] < batch)) {
      return InvalidArgument("region ", i, " is of image ", rois[i * 5], ", but X has a batch of ",
                             data.dim(0));
    }
    for (int n = 1; n < 5; ++n) {
      if (!std::isfinite(rois[i * 5 + n])) {
        return InvalidArgument("region ", i, " has a corner at ", rois[i * 5 + n]);
      }
    }
  }
  return Dispatch(data.type(), Floats{}, [&]<typename T>() {
    const double cost = 10.0 + static_cast<double>(height * width) /
                                   static_cast<double>(attrs.height * attrs.width);
    return context.ParallelFor(output.size(), cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t column = i % attrs.width, row = i / attrs.width % attrs.height;
        const int64_t plane = i / (attrs.width * attrs.height);
        const int64_t roi = plane / channels;
        const auto corner = [&](int n) { return std::round(rois[roi * 5 + n] * attrs.scale); };
        const double left = corner(1), top = corner(2), right = corner(3), bottom = corner(4);
        const PixelRange ys = Bin(top, std::max(bottom - top + 1, 1.0), row, attrs.height, height);
        const PixelRange xs =
            Bin(left, std::max(right - left + 1, 1.0), column, attrs.width, width);
        const T* from =
            data.data<T>() +
            (static_cast<int64_t>(rois[roi * 5]) * channels + plane % channels) * height * width;
        ComputeType<T> most = 0;  // of an empty bin
        for (int64_t y = ys.first; y < ys.last; ++y) {
          for (int64_t x = xs.first; x < xs.last; ++x) {
            const auto value = static_cast<ComputeType<T>>(from[y * width + x]);
            if ((y == ys.first && x == xs.first) || value > most) most = value;
          }
        }
        output.data<T>()[i] = static_cast<T>(most);
      }
    });
  });
}

}  // namespace

std::vector<OpDef> RoiOps() {
  return {
      {.domain = "",
       .name = "RoiAlign",
       .versions = {10, 16, 22},
       .min_inputs = 3,
       .max_inputs = 3,
       .parse = ParseRoiAlign,
       .infer = InferRoiAlign,
       .kernels = {SimpleKernel<RunRoiAlign>("roialign.samples")}},
      {.domain = "",
       .name = "MaxRoiPool",
       .versions = {1, 22},
       .min_inputs = 2,
       .max_inputs = 2,
       .parse = ParseMaxRoiPool,
       .infer = InferMaxRoiPool,
       .kernels = {SimpleKernel<RunMaxRoiPool>("roipool.bins")}},
  };
}

}  // namespace sardonyx
