#include "ops/conv/conv.h"

namespace sardonyx {
namespace {

int64_t Product(const Window& window, int64_t WindowAxis::*size) {
  Shape sizes;
  for (const WindowAxis& axis : window) sizes.push_back(axis.*size);
  return sizes.Elements();
}

}  // namespace

int64_t ConvShape::input_plane() const { return Product(window, &WindowAxis::input); }
int64_t ConvShape::output_plane() const { return Product(window, &WindowAxis::output); }
int64_t ConvShape::kernel_plane() const { return Product(window, &WindowAxis::kernel); }

Shape ConvShape::output() const {
  Shape shape{batch};
  if (!channels_last) shape.push_back(out_channels);
  for (const WindowAxis& axis : window) shape.push_back(axis.output);
  if (channels_last) shape.push_back(out_channels);
  return shape;
}

StatusOr<ConvShape> ResolveConv(const ConvAttrs& attrs, const Shape& x, const Shape& w) {
  if (x.rank() < 3 || w.rank() != x.rank()) {
    return InvalidArgument("input X has shape ", x.ToString(), " and W ", w.ToString(),
                           "; both need the same rank, at least 3");
  }
  const int64_t channels = x[attrs.channels_last ? x.rank() - 1 : 1];
  ConvShape conv{.batch = x[0],
                 .group = attrs.group,
                 .in_channels = channels,
                 .out_channels = w[0],
                 .channels_last = attrs.channels_last};
  if (channels < 1 || channels % attrs.group != 0 || w[1] != channels / attrs.group) {
    return InvalidArgument("input W has shape ", w.ToString(), " but X ", x.ToString(), " has ",
                           channels, " channels and group=", attrs.group, " needs ",
                           channels % attrs.group == 0 ? absl::StrCat(channels / attrs.group)
                                                       : std::string("a multiple of it"));
  }
  if (w[0] < 1 || w[0] % attrs.group != 0) {
    return InvalidArgument("input W has shape ", w.ToString(), ": ", w[0],
                           " output channels are no multiple of group=", attrs.group);
  }
  SX_ASSIGN_OR_RETURN(
      conv.window, ResolveWindow(attrs.window, SpatialDims(attrs, x.dims()), w.dims().subspan(2)));
  SX_RETURN_IF_ERROR(CheckSize(x));
  SX_RETURN_IF_ERROR(CheckSize(w));
  SX_RETURN_IF_ERROR(CheckSize(conv.output()));
  return conv;
}

std::string RefusesLayout(const PrepareContext& context, ConvLayout only) {
  const bool channels_last = only == ConvLayout::kChannelsLast;
  if (context.attrs<ConvAttrs>().channels_last == channels_last) return "";
  return channels_last ? "takes channels-last tensors only" : "takes ONNX's layout only";
}

std::string RefusesAllButFloat(const PrepareContext& context, ConvLayout only) {
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.has_input(i) && context.element(i) != DataType::kFloat) {
      return absl::StrCat("works on float, not ", Name(context.element(i)));
    }
  }
  const auto& shape = context.input(0).shape ? context.input(0).shape : context.input(1).shape;
  if (!shape || shape->size() > 5) return "takes at most three spatial axes";
  return RefusesLayout(context, only);
}

ConvOperands::ConvOperands(KernelContext& context)
    : x(context.input(0).data<float>()),
      weights(context.input(1).data<float>()),
      y(context.output(0).data<float>()),
      y_row(context.row_stride()),
      activation(context.attrs<ConvAttrs>().activation) {
  if (context.has_input(2)) bias = context.input(2).data<float>();
  if (context.attrs<ConvAttrs>().residual) residual = context.input(kConvResidual).data<float>();
}

StatusOr<ConvShape> StaticFloatConv(const PrepareContext& context, std::optional<ConvLayout> only) {
  if (only) {
    if (const std::string reason = RefusesLayout(context, *only); !reason.empty()) {
      return Unimplemented(reason);
    }
  }
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.has_input(i) && context.element(i) != DataType::kFloat) {
      return Unimplemented("works on float, not ", Name(context.element(i)));
    }
  }
  const auto x = context.shape(0), w = context.shape(1);
  if (!x || !w) return Unimplemented("needs shapes that are known before the run");
  return ResolveConv(context.attrs<ConvAttrs>(), *x, *w);
}

double ConvMultiplyAdds(const PrepareContext& context) {
  const auto x = context.shape(0), w = context.shape(1);
  if (!x || !w) return 0;
  const auto conv = ResolveConv(context.attrs<ConvAttrs>(), *x, *w);
  if (!conv.ok()) return 0;
  return static_cast<double>(conv->output().Elements()) *
         static_cast<double>(conv->group_in() * conv->kernel_plane());
}

}  // namespace sardonyx
