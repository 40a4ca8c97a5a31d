#include "ops/conv/conv_transpose.h"

#include "ops/common/float_inputs.h"
#include "ops/conv/kernels.h"

namespace sardonyx {
namespace {

int64_t Product(const Window& window, int64_t WindowAxis::*size) {
  Shape sizes;
  for (const WindowAxis& axis : window) sizes.push_back(axis.*size);
  return sizes.Elements();
}

Status TooLarge(size_t i, int64_t input) {
  return InvalidArgument("spatial axis ", i, " is too large: ", input);
}

/// The axis' padding and output from its input, kernel, stride and dilation.
Status ResolveAxis(const ConvTransposeAttrs& attrs, size_t i, size_t rank, WindowAxis* axis) {
  const AutoPad mode = attrs.window.auto_pad;
  const int64_t extra = attrs.output_padding.empty() ? 0 : attrs.output_padding[i];
  if (extra >= std::max(axis->stride, axis->dilation) && extra > 0) {
    return InvalidArgument("attribute 'output_padding' is ", extra, " along spatial axis ", i,
                           ", not below the stride ", axis->stride, " or dilation ",
                           axis->dilation);
  }
  // The size without padding: stride * (input - 1) + output_padding + extent.
  const auto reach = CheckedMul(axis->stride, axis->input - 1);
  const auto full = reach ? CheckedAdd(*reach, extra + axis->extent()) : std::nullopt;
  const auto same = CheckedMul(axis->stride, axis->input);
  if (!full || !same) return TooLarge(i, axis->input);
  const bool auto_same = mode == AutoPad::kSameUpper || mode == AutoPad::kSameLower;
  if (!attrs.output_shape.empty() || auto_same) {
    axis->output = attrs.output_shape.empty() ? *same : attrs.output_shape[i];
    const int64_t total = std::max<int64_t>(*full - axis->output, 0);
    axis->pad_begin = mode == AutoPad::kSameUpper ? total / 2 : total - total / 2;
    axis->pad_end = total - axis->pad_begin;
  } else {
    if (mode == AutoPad::kNotSet && !attrs.window.pads.empty()) {
      axis->pad_begin = attrs.window.pads[i];
      axis->pad_end = attrs.window.pads[rank + i];
    }
    axis->output = axis->input == 0 ? 0 : *full - axis->pad_begin - axis->pad_end;
  }
  if (axis->output < 1 && axis->input != 0) {
    return InvalidArgument("the padding ", axis->pad_begin, "+", axis->pad_end,
                           " leaves nothing of spatial axis ", i, ", which without it has ", *full);
  }
  return absl::OkStatus();
}

Status CheckLengths(const ConvTransposeAttrs& attrs, size_t rank) {
  SX_RETURN_IF_ERROR(CheckLengths(attrs.window, rank));
  SX_RETURN_IF_ERROR(CheckLength("output_padding", attrs.output_padding, rank));
  return CheckLength("output_shape", attrs.output_shape, rank);
}

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<ConvTransposeAttrs>();
  attrs->window = ReadWindow(context, true);
  attrs->output_padding = context.IntList("output_padding");
  attrs->output_shape = context.IntList("output_shape");
  CheckRange(context, "output_padding", attrs->output_padding, 0);
  CheckRange(context, "output_shape", attrs->output_shape, 1);
  attrs->group = context.Int("group", 1);
  if (attrs->group < 1) {
    context.Fail(absl::StrCat("attribute 'group' is ", attrs->group, ", not at least 1"));
  }
  return attrs;
}

Status Infer(InferContext& context) {
  const auto& attrs = context.attrs<ConvTransposeAttrs>();
  SX_ASSIGN_OR_RETURN(const DataType element,
                      CheckSameFloatInputs(context, 0, context.input_count()));
  const SymbolicShape* x = context.shape(0);
  const SymbolicShape* w = context.shape(1);
  context.set_output(0, element, std::nullopt);
  const auto static_x = context.input(0).StaticShape(), static_w = context.input(1).StaticShape();
  Dim channels;
  if (static_x && static_w) {
    SX_ASSIGN_OR_RETURN(const auto conv, ResolveConvTranspose(attrs, *static_x, *static_w));
    context.set_output(0, element, ToSymbolic(conv.output()));
    channels = conv.out_channels;
  } else if (x != nullptr || w != nullptr) {
    const size_t rank = x != nullptr ? x->size() : w->size();
    if (rank < 3 || (x != nullptr && w != nullptr && w->size() != rank)) {
      return InvalidArgument("input X has shape ", x != nullptr ? ToString(*x) : "?", " and W ",
                             w != nullptr ? ToString(*w) : "?",
                             "; both need the same rank, at least 3");
    }
    SX_RETURN_IF_ERROR(CheckLengths(attrs, rank - 2));
    SymbolicShape shape(rank);
    if (x != nullptr) shape[0] = (*x)[0];
    if (w != nullptr && (*w)[1].known()) {
      const auto product = CheckedMul((*w)[1].value, attrs.group);
      if (!product) return TooLarge(0, (*w)[1].value);
      channels = shape[1] = Dim(*product);
    }
    for (size_t i = 0; i + 2 < rank; ++i) {
      const Dim size = x != nullptr ? (*x)[i + 2] : Dim();
      Dim kernel = w != nullptr ? (*w)[i + 2] : Dim();
      if (!kernel.known() && !attrs.window.kernel_shape.empty()) {
        kernel = attrs.window.kernel_shape[i];
      }
      if (!attrs.output_shape.empty()) {
        shape[i + 2] = attrs.output_shape[i];
      } else if (size.known() && kernel.known() && kernel.value >= 1 &&
                 kernel.value < (int64_t{1} << 31)) {
        WindowAxis axis{.input = size.value, .kernel = kernel.value};
        if (!attrs.window.strides.empty()) axis.stride = attrs.window.strides[i];
        if (!attrs.window.dilations.empty()) axis.dilation = attrs.window.dilations[i];
        SX_RETURN_IF_ERROR(ResolveAxis(attrs, i, rank - 2, &axis));
        shape[i + 2] = axis.output;
      }
    }
    context.set_output(0, element, std::move(shape));
  }
  return CheckVector(context, 2, channels, "B");
}

double MultiplyAdds(const PrepareContext& context) {
  const auto x = context.shape(0), w = context.shape(1);
  if (!x || !w) return 0;
  const auto conv = ResolveConvTranspose(context.attrs<ConvTransposeAttrs>(), *x, *w);
  if (!conv.ok()) return 0;
  return static_cast<double>(x->Elements()) *
         static_cast<double>(conv->group_out() * conv->kernel_plane());
}

}  // namespace

int64_t ConvTransposeShape::input_plane() const { return Product(window, &WindowAxis::input); }
int64_t ConvTransposeShape::output_plane() const { return Product(window, &WindowAxis::output); }
int64_t ConvTransposeShape::kernel_plane() const { return Product(window, &WindowAxis::kernel); }

Shape ConvTransposeShape::output() const {
  Shape shape{batch, out_channels};
  for (const WindowAxis& axis : window) shape.push_back(axis.output);
  return shape;
}

StatusOr<ConvTransposeShape> ResolveConvTranspose(const ConvTransposeAttrs& attrs, const Shape& x,
                                                  const Shape& w) {
  if (x.rank() < 3 || w.rank() != x.rank()) {
    return InvalidArgument("input X has shape ", x.ToString(), " and W ", w.ToString(),
                           "; both need the same rank, at least 3");
  }
  if (x[1] < 1 || x[1] % attrs.group != 0 || w[0] != x[1] || w[1] < 1) {
    return InvalidArgument("input W has shape ", w.ToString(), " but X ", x.ToString(), " has ",
                           x[1], " channels, which W's first dimension and group=", attrs.group,
                           " must fit");
  }
  const auto channels = CheckedMul(w[1], attrs.group);
  if (!channels) return TooLarge(0, w[1]);
  ConvTransposeShape conv{
      .batch = x[0], .group = attrs.group, .in_channels = x[1], .out_channels = *channels};
  const size_t rank = static_cast<size_t>(x.rank()) - 2;
  SX_RETURN_IF_ERROR(CheckLengths(attrs, rank));
  for (size_t i = 0; i < rank; ++i) {
    const int d = static_cast<int>(i) + 2;
    WindowAxis axis{.input = x[d], .kernel = w[d]};
    if (w[d] < 1 || w[d] >= int64_t{1} << 31 ||
        (!attrs.window.kernel_shape.empty() && attrs.window.kernel_shape[i] != w[d])) {
      return InvalidArgument("input W has shape ", w.ToString(), ", whose size ", w[d],
                             " along spatial axis ", i,
                             " is out of range or disagrees with "
                             "attribute 'kernel_shape'");
    }
    if (!attrs.window.strides.empty()) axis.stride = attrs.window.strides[i];
    if (!attrs.window.dilations.empty()) axis.dilation = attrs.window.dilations[i];
    SX_RETURN_IF_ERROR(ResolveAxis(attrs, i, rank, &axis));
    conv.window.push_back(axis);
  }
  SX_RETURN_IF_ERROR(CheckSize(x));
  SX_RETURN_IF_ERROR(CheckSize(w));
  SX_RETURN_IF_ERROR(CheckSize(conv.output()));
  return conv;
}

OpDef ConvTransposeOp() {
  return {.domain = "",
          .name = "ConvTranspose",
          .versions = {1, 11, 22},
          .min_inputs = 2,
          .max_inputs = 3,
          .parse = Parse,
          .infer = Infer,
          .kernels = {ConvTransposeGemmKernel(), ConvTransposeReference()},
          .multiply_adds = MultiplyAdds};
}

}  // namespace sardonyx
