// MaxUnpool: puts every element where MaxPool found it, and zeros elsewhere.
//
// The indices count the elements of the tensor that MaxPool with these attributes would have taken:
// its shape follows from the attributes. Input output_shape, where given, may only enlarge it; an
// element keeps its position in every axis.
#include <cstring>

#include "ops/common/float_inputs.h"
#include "ops/pool/pool.h"

namespace sardonyx {
namespace {

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<PoolAttrs>();
  attrs->window.kernel_shape = context.IntList("kernel_shape");
  attrs->window.strides = context.IntList("strides");
  attrs->window.pads = context.IntList("pads");
  CheckRange(context, "kernel_shape", attrs->window.kernel_shape, 1);
  CheckRange(context, "strides", attrs->window.strides, 1);
  CheckRange(context, "pads", attrs->window.pads, 0);
  context.Require("kernel_shape");
  return attrs;
}

/// The shape of the tensor that was pooled, where known: (input - 1) * stride + kernel - padding.
StatusOr<SymbolicShape> Pooled(const WindowAttrs& attrs, const SymbolicShape& x) {
  const size_t rank = x.size() - std::min<size_t>(2, x.size());
  const auto wrong = [&](const Ints& list, size_t expected) {
    return !list.empty() && list.size() != expected;
  };
  if (x.size() < 3 || attrs.kernel_shape.size() != rank || wrong(attrs.strides, rank) ||
      wrong(attrs.pads, 2 * rank)) {
    return InvalidArgument("input X has shape ", ToString(x),
                           ", which attributes kernel_shape, strides and pads do not fit");
  }
  SymbolicShape shape = x;
  for (size_t i = 0; i < rank; ++i) {
    Dim& dim = shape[i + 2];
    if (!dim.known()) {
      dim = Dim();
      continue;
    }
    const int64_t stride = attrs.strides.empty() ? 1 : attrs.strides[i];
    const int64_t pads = attrs.pads.empty() ? 0 : attrs.pads[i] + attrs.pads[rank + i];
    const auto reach = CheckedMul(dim.value - 1, stride);
    const auto size = reach ? CheckedAdd(*reach, attrs.kernel_shape[i] - pads) : std::nullopt;
    if (!size || *size < 0) {
      return InvalidArgument("spatial axis ", i, " of size ", dim.value,
                             " cannot be unpooled with these attributes");
    }
    dim = Dim(*size);
  }
  return shape;
}

Status Infer(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckFloatInput(context, 0));
  if (context.element(1) != DataType::kUndefined && context.element(1) != DataType::kInt64) {
    return InvalidArgument("input I is ", context.input(1).ToString(), ", but int64 is needed");
  }
  const SymbolicShape* x = context.shape(0);
  const auto static_x = context.input(0).StaticShape(), indices = context.input(1).StaticShape();
  if (static_x && indices && *static_x != *indices) {
    return InvalidArgument("input I has shape ", indices->ToString(), " but X ",
                           static_x->ToString());
  }
  std::optional<SymbolicShape> pooled;
  if (x != nullptr) {
    SX_ASSIGN_OR_RETURN(pooled, Pooled(context.attrs<PoolAttrs>().window, *x));
  }
  if (!context.has_input(2)) {
    context.set_output(0, context.element(0), std::move(pooled));
    return absl::OkStatus();
  }
  const auto asked = context.ints(2);
  const Type& sizes = context.input(2);
  if ((sizes.is_tensor()
           ? context.element(2) != DataType::kUndefined && context.element(2) != DataType::kInt64
           : sizes.kind != Type::Kind::kUnknown) ||
      (context.value(2) != nullptr && !asked)) {
    return InvalidArgument("input output_shape is ", sizes.ToString(),
                           ", expected a list of int64 that are not negative");
  }
  if (asked && x != nullptr) {
    if (asked->size() != x->size()) {
      return InvalidArgument("input output_shape is ", ToString(*asked), " for X of shape ",
                             ToString(*x));
    }
    for (size_t i = 0; i < asked->size(); ++i) {
      if ((*asked)[i].known() && (*pooled)[i].known() &&
          (i < 2 ? (*asked)[i].value != (*pooled)[i].value
                 : (*asked)[i].value < (*pooled)[i].value)) {
        return InvalidArgument("input output_shape is ", ToString(*asked), ", but ",
                               ToString(*pooled), " was pooled");
      }
    }
  }
  context.set_output(0, context.element(0), asked);
  return absl::OkStatus();
}

template <typename T>
Status Scatter(KernelContext& context, const Shape& pooled, Tensor& y) {
  const Tensor& x = context.input(0);
  const int64_t* indices = context.input(1).data<int64_t>();
  const T* from = x.data<T>();
  const int64_t limit = pooled.Elements();
  const Ints strides = y.shape().Strides();
  // Several elements may go to one place; the last wins, so one thread does it in order.
  for (int64_t i = 0; i < x.size(); ++i) {
    if (i % 65536 == 0) SX_RETURN_IF_ERROR(context.Check());
    int64_t index = indices[i];
    if (index < 0 || index >= limit) {
      return InvalidArgument("input I has the index ", index, ", but ", pooled.ToString(), " has ",
                             limit, " elements");
    }
    int64_t offset = 0;
    for (int axis = pooled.rank() - 1; axis >= 0; --axis) {
      offset += index % pooled[axis] * strides[axis];
      index /= pooled[axis];
    }
    y.data<T>()[offset] = from[i];
  }
  return absl::OkStatus();
}

Status Run(KernelContext& context) {
  const Tensor& x = context.input(0);
  SX_ASSIGN_OR_RETURN(const SymbolicShape symbolic,
                      Pooled(context.attrs<PoolAttrs>().window, ToSymbolic(x.shape())));
  const std::optional<Shape> pooled = ToShape(symbolic);
  Tensor& y = context.output(0);
  if (!pooled || context.input(1).shape() != x.shape() || y.rank() != pooled->rank()) {
    return InvalidArgument("shapes of X, I and output_shape do not fit together");
  }
  for (int i = 0; i < y.rank(); ++i) {
    if (y.dim(i) < (*pooled)[i]) {
      return InvalidArgument("the output has shape ", y.shape().ToString(), ", but ",
                             pooled->ToString(), " was pooled");
    }
  }
  std::memset(y.raw(), 0, static_cast<size_t>(y.bytes()));
  switch (ElementSize(x.type())) {
    case 2:
      return Scatter<uint16_t>(context, *pooled, y);
    case 4:
      return Scatter<uint32_t>(context, *pooled, y);
    default:
      return Scatter<uint64_t>(context, *pooled, y);
  }
}

}  // namespace

OpDef MaxUnpoolOp() {
  return {.domain = "",
          .name = "MaxUnpool",
          .versions = {9, 11, 22},
          .min_inputs = 2,
          .max_inputs = 3,
          .parse = Parse,
          .infer = Infer,
          .kernels = {SimpleKernel<Run>("maxunpool.reference")}};
}

}  // namespace sardonyx
