// Resize and Upsample: attributes, sizes, and the kernel that resamples.
#include <algorithm>
#include <cmath>

#include "ops/common/int_inputs.h"
#include "ops/image/defs.h"
#include "ops/image/resample.h"

namespace sardonyx {
namespace {

enum class AspectPolicy { kStretch, kNotLarger, kNotSmaller };

struct ResizeAttrs : Attrs {
  ResampleRule rule;
  AspectPolicy policy = AspectPolicy::kStretch;
  std::optional<Ints> axes;
  std::vector<float> scales;  // Upsample before opset 9; later an input
  // Places of the inputs; -1 for none.
  int roi_input = -1, scales_input = -1, sizes_input = -1;
};

template <typename E>
struct Choice {
  const char* name;
  E value;
};

/// The value that a string attribute names. Errors (in the context): none of the choices.
template <typename E, size_t n>
E ParseChoice(ParseContext& context, const char* attribute, const char* fallback,
              const Choice<E> (&choices)[n]) {
  const std::string name = context.String(attribute, fallback);
  for (const auto& choice : choices) {
    if (name == choice.name) return choice.value;
  }
  context.Fail(absl::StrCat(attribute, " is '", name, "'"));
  return choices[0].value;
}

constexpr Choice<ResizeMode> kModes[] = {{"nearest", ResizeMode::kNearest},
                                         {"linear", ResizeMode::kLinear},
                                         {"cubic", ResizeMode::kCubic},
                                         {"bilinear", ResizeMode::kLinear}};
constexpr Choice<CoordinateMode> kCoordinates[] = {
    {"half_pixel", CoordinateMode::kHalfPixel},
    {"half_pixel_symmetric", CoordinateMode::kHalfPixelSymmetric},
    {"pytorch_half_pixel", CoordinateMode::kPytorchHalfPixel},
    {"align_corners", CoordinateMode::kAlignCorners},
    {"asymmetric", CoordinateMode::kAsymmetric},
    {"tf_crop_and_resize", CoordinateMode::kTfCropAndResize},
    {"tf_half_pixel_for_nn", CoordinateMode::kTfHalfPixel}};
constexpr Choice<NearestMode> kNearestModes[] = {
    {"round_prefer_floor", NearestMode::kRoundPreferFloor},
    {"round_prefer_ceil", NearestMode::kRoundPreferCeil},
    {"floor", NearestMode::kFloor},
    {"ceil", NearestMode::kCeil}};
constexpr Choice<AspectPolicy> kPolicies[] = {{"stretch", AspectPolicy::kStretch},
                                              {"not_larger", AspectPolicy::kNotLarger},
                                              {"not_smaller", AspectPolicy::kNotSmaller}};

StatusOr<std::shared_ptr<Attrs>> ParseResize(ParseContext& context) {
  auto attrs = std::make_shared<ResizeAttrs>();
  ResampleRule& rule = attrs->rule;
  rule.mode = ParseChoice(context, "mode", "nearest", kModes);
  if (context.version() < 11) {
    // Before coordinates could be chosen: output element i shows input element i / scale.
    rule.coordinates = CoordinateMode::kAsymmetric;
    rule.nearest = NearestMode::kFloorUpCeilDown;
    attrs->scales_input = 1;
    return attrs;
  }
  attrs->roi_input = 1;
  attrs->scales_input = 2;
  attrs->sizes_input = 3;
  rule.coordinates =
      ParseChoice(context, "coordinate_transformation_mode", "half_pixel", kCoordinates);
  rule.nearest = ParseChoice(context, "nearest_mode", "round_prefer_floor", kNearestModes);
  rule.cubic_a = context.Float("cubic_coeff_a", -0.75f);
  rule.exclude_outside = context.Flag("exclude_outside", false);
  rule.extrapolation = context.Float("extrapolation_value", 0.0f);
  if (context.version() >= 18) {
    rule.antialias = context.Flag("antialias", false);
    if (context.Has("axes")) attrs->axes = context.IntList("axes");
    attrs->policy = ParseChoice(context, "keep_aspect_ratio_policy", "stretch", kPolicies);
  }
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseUpsample(ParseContext& context) {
  auto attrs = std::make_shared<ResizeAttrs>();
  attrs->rule.mode = ParseChoice(context, "mode", "nearest", kModes);
  attrs->rule.coordinates = CoordinateMode::kAsymmetric;
  attrs->rule.nearest = NearestMode::kFloor;
  if (context.version() >= 9) {
    attrs->scales_input = 1;
  } else if (context.version() >= 7) {
    context.Require("scales");
    attrs->scales = context.FloatList("scales");
  } else {
    context.Require("height_scale");
    context.Require("width_scale");
    attrs->scales = {1, 1, context.Float("height_scale", 1), context.Float("width_scale", 1)};
  }
  return attrs;
}

/// The inputs that say how to resize; null where left out or, before the run, not known.
struct Sizing {
  const Tensor* roi = nullptr;
  const Tensor* scales = nullptr;
  const Tensor* sizes = nullptr;
};

StatusOr<std::vector<float>> ReadFloats(const Tensor& tensor, absl::string_view what, size_t n) {
  if (tensor.rank() > 1 || tensor.size() != static_cast<int64_t>(n)) {
    return InvalidArgument(what, " is ", tensor.ToString(), ", but ", n, " elements are needed");
  }
  SX_ASSIGN_OR_RETURN(const std::vector<double> values, ToDoubles(tensor));
  return std::vector<float>(values.begin(), values.end());
}

/// Each axis with its new size, in rising order. An axis of unknown size (-1) keeps it unless
/// `sizes` say another; its scale is then of no use.
StatusOr<std::vector<AxisResize>> PlanAxes(const ResizeAttrs& attrs, const SymbolicShape& shape,
                                           const Sizing& sizing) {
  const int rank = static_cast<int>(shape.size());
  Ints places;
  if (attrs.axes) {
    SX_ASSIGN_OR_RETURN(places, NormalizeAxes(*attrs.axes, rank));
  } else {
    for (int i = 0; i < rank; ++i) places.push_back(i);
  }
  std::vector<AxisResize> axes(rank);
  for (int i = 0; i < rank; ++i) {
    axes[i].axis = i;
    axes[i].from = axes[i].to = shape[i].value;
  }
  if (sizing.roi != nullptr && sizing.roi->size() > 0 &&
      attrs.rule.coordinates == CoordinateMode::kTfCropAndResize) {
    SX_ASSIGN_OR_RETURN(const std::vector<float> roi,
                        ReadFloats(*sizing.roi, "roi", 2 * places.size()));
    for (size_t i = 0; i < places.size(); ++i) {
      axes[places[i]].roi_start = roi[i];
      axes[places[i]].roi_end = roi[places.size() + i];
    }
  }
  constexpr double kLargest = 1e14;
  if (sizing.sizes != nullptr && sizing.sizes->size() > 0) {
    SX_ASSIGN_OR_RETURN(const Ints sizes, ToInts(*sizing.sizes));
    if (sizes.size() != places.size()) {
      return InvalidArgument("sizes has ", sizes.size(), " elements, but ", places.size(),
                             " axes are to be resized");
    }
    const bool larger = attrs.policy == AspectPolicy::kNotSmaller;
    double common = -1;
    for (size_t i = 0; i < places.size(); ++i) {
      AxisResize& axis = axes[places[i]];
      if (sizes[i] < 0 || static_cast<double>(sizes[i]) > kLargest) {
        return InvalidArgument("sizes asks for ", sizes[i]);
      }
      axis.to = sizes[i];
      axis.scale =
          axis.from > 0 ? static_cast<double>(axis.to) / static_cast<double>(axis.from) : 1.0;
      if (common < 0 || (larger ? axis.scale > common : axis.scale < common)) common = axis.scale;
    }
    if (attrs.policy == AspectPolicy::kStretch) return axes;
    const bool all_known = std::all_of(places.begin(), places.end(),
                                       [&](int64_t place) { return axes[place].from >= 0; });
    for (int64_t place : places) {
      AxisResize& axis = axes[place];
      const double size = common * static_cast<double>(axis.from);
      if (!(size < kLargest)) return LimitExceeded("sizes ask for ", size, " elements");
      axis.scale = common;
      axis.to = !all_known ? -1 : static_cast<int64_t>(std::floor(size + 0.5));
    }
    return axes;
  }
  std::vector<float> scales = attrs.scales;
  if (sizing.scales != nullptr) {
    SX_ASSIGN_OR_RETURN(scales, ReadFloats(*sizing.scales, "scales", places.size()));
  }
  if (scales.size() != places.size()) {
    return InvalidArgument("there are ", scales.size(), " scales for ", places.size(), " axes");
  }
  for (size_t i = 0; i < places.size(); ++i) {
    AxisResize& axis = axes[places[i]];
    if (!(scales[i] > 0) || !std::isfinite(scales[i])) {
      return InvalidArgument("scales has ", scales[i], ", which is no positive number");
    }
    axis.scale = scales[i];
    if (axis.from < 0) {
      if (scales[i] != 1) axis.to = -1;
      continue;
    }
    const float size = std::floor(static_cast<float>(axis.from) * scales[i]);
    if (!(size < kLargest)) return LimitExceeded("scales ask for ", size, " elements");
    axis.to = scales[i] == 1 ? axis.from : static_cast<int64_t>(size);
  }
  return axes;
}

bool HasElements(const Tensor* tensor) { return tensor != nullptr && tensor->size() > 0; }

Status InferResize(InferContext& context) {
  const auto& attrs = context.attrs<ResizeAttrs>();
  const SymbolicShape* data = context.shape(0);
  context.set_output(0, context.element(0), std::nullopt);
  if (data == nullptr) return absl::OkStatus();
  SymbolicShape result(data->size());
  const auto given = [&](int i) { return i >= 0 && context.has_input(i); };
  const auto value = [&](int i) { return given(i) ? context.value(i) : nullptr; };
  const Sizing sizing{value(attrs.roi_input), value(attrs.scales_input), value(attrs.sizes_input)};
  const bool by_sizes = HasElements(sizing.sizes);
  const bool by_scales = !attrs.scales.empty() || HasElements(sizing.scales);
  const bool all_known = (!given(attrs.sizes_input) || sizing.sizes != nullptr) &&
                         (!given(attrs.scales_input) || sizing.scales != nullptr);
  if (by_sizes || by_scales) {
    if (by_sizes && by_scales && context.version() >= 13) {
      return InvalidArgument("both scales and sizes are given; one of them is needed");
    }
    SX_ASSIGN_OR_RETURN(const std::vector<AxisResize> axes, PlanAxes(attrs, *data, sizing));
    for (size_t i = 0; i < axes.size(); ++i) {
      result[i] = axes[i].to < 0 ? Dim() : Dim(axes[i].to);
      if (axes[i].to == axes[i].from && axes[i].scale == 1) result[i] = (*data)[i];
    }
    SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), result));
  } else if (all_known) {
    return InvalidArgument("neither scales nor sizes are given");
  } else if (const auto sizes =
                 given(attrs.sizes_input) ? ShortInts(context, attrs.sizes_input) : std::nullopt;
             sizes && !attrs.axes && attrs.policy == AspectPolicy::kStretch &&
             sizes->size() == data->size()) {
    result = *sizes;
  }
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

using Taps = std::vector<AxisTaps>;

/// The axes that change, with their tables.
StatusOr<Taps> MakeAllTaps(const ResizeAttrs& attrs, const Shape& shape, const Sizing& sizing) {
  SX_ASSIGN_OR_RETURN(const std::vector<AxisResize> axes,
                      PlanAxes(attrs, ToSymbolic(shape), sizing));
  Taps taps;
  for (const AxisResize& axis : axes) {
    if (axis.scale == 1 && axis.to == axis.from && axis.roi_start == 0 && axis.roi_end == 1) {
      continue;
    }
    SX_ASSIGN_OR_RETURN(AxisTaps table, MakeTaps(attrs.rule, axis));
    taps.push_back(std::move(table));
  }
  return taps;
}

/// With tables made once, where shape and scales are the same in every run.
class ResizeKernel : public Kernel {
 public:
  explicit ResizeKernel(std::optional<Taps> taps) : taps_(std::move(taps)) {}

  Status Run(KernelContext& context) const override {
    const auto& attrs = context.attrs<ResizeAttrs>();
    if (taps_) {
      return Resample(context, attrs.rule, *taps_, context.input(0), context.output(0));
    }
    const auto input = [&](int i) {
      return i >= 0 && context.has_input(i) ? &context.input(i) : nullptr;
    };
    const Sizing sizing{input(attrs.roi_input), input(attrs.scales_input),
                        input(attrs.sizes_input)};
    SX_ASSIGN_OR_RETURN(const Taps taps, MakeAllTaps(attrs, context.input(0).shape(), sizing));
    return Resample(context, attrs.rule, taps, context.input(0), context.output(0));
  }

 private:
  std::optional<Taps> taps_;
};

StatusOr<std::unique_ptr<Kernel>> PrepareResize(const PrepareContext& context) {
  const auto& attrs = context.attrs<ResizeAttrs>();
  std::optional<Taps> taps;
  Sizing sizing;
  bool constant = context.shape(0).has_value();
  const auto take = [&](int i, const Tensor** place) {
    if (i < 0 || !context.has_input(i)) return;
    *place = context.constant(i);
    constant = constant && *place != nullptr;
  };
  take(attrs.roi_input, &sizing.roi);
  take(attrs.scales_input, &sizing.scales);
  take(attrs.sizes_input, &sizing.sizes);
  if (constant) {
    SX_ASSIGN_OR_RETURN(taps, MakeAllTaps(attrs, *context.shape(0), sizing));
  }
  return std::make_unique<ResizeKernel>(std::move(taps));
}

}  // namespace

std::vector<OpDef> ResizeOps() {
  const KernelDef kernel{
      .name = "resize.separable", .backend = Backend::kReference, .prepare = PrepareResize};
  return {
      {.domain = "",
       .name = "Resize",
       .versions = {10, 11, 13, 18, 19},
       .min_inputs = 1,
       .max_inputs = 4,
       .parse = ParseResize,
       .infer = InferResize,
       .kernels = {kernel}},
      {.domain = "",
       .name = "Upsample",
       .versions = {1, 7, 9},
       .min_inputs = 1,
       .max_inputs = 2,
       .parse = ParseUpsample,
       .infer = InferResize,
       .kernels = {kernel},
       .last_version = 9},
  };
}

}  // namespace sardonyx
