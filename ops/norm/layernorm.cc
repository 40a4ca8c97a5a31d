// LayerNormalization and RMSNormalization: over the axes from `axis` to the last.
#include "ops/norm/layernorm.h"

#include <cmath>

#include "ops/common/float_inputs.h"

namespace sardonyx {
namespace {

template <bool center>
StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<LayerNormAttrs>();
  attrs->center = center;
  attrs->epsilon = static_cast<double>(context.Float("epsilon", 1e-5f));
  attrs->axis = context.Int("axis", -1);
  attrs->stash = context.DataTypeValue("stash_type", DataType::kFloat);
  switch (attrs->stash) {
    case DataType::kFloat:
    case DataType::kDouble:
    case DataType::kFloat16:
    case DataType::kBFloat16:
      break;
    default:
      context.Fail(absl::StrCat("attribute 'stash_type' is ", Name(attrs->stash),
                                ", not a floating-point type"));
  }
  return attrs;
}

/// Errors unless input i broadcasts to X without enlarging it.
Status CheckBroadcast(const InferContext& context, int i) {
  const auto x = context.input(0).StaticShape(), given = context.input(i).StaticShape();
  if (!x || !given) return absl::OkStatus();
  const auto joint = BroadcastShapes(*x, *given);
  if (joint.ok() && *joint == *x) return absl::OkStatus();
  return InvalidArgument("input #", i, " has shape ", given->ToString(),
                         ", which does not broadcast to X's ", x->ToString());
}

Status InferAny(InferContext& context, int result) {
  const auto& attrs = context.attrs<LayerNormAttrs>();
  for (int i = 0; i < 3; ++i) SX_RETURN_IF_ERROR(CheckFloatInput(context, i));
  for (int i = 1; i < 3; ++i) SX_RETURN_IF_ERROR(CheckBroadcast(context, i));
  const SymbolicShape* x = context.shape(0);
  std::optional<SymbolicShape> y, moments;
  if (x != nullptr) {
    SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, static_cast<int>(x->size())));
    y = moments = *x;
    for (size_t i = static_cast<size_t>(axis); i < x->size(); ++i) (*moments)[i] = Dim(1);
  }
  context.set_output(0, context.element(result), y);
  if (attrs.center) context.set_output(1, attrs.stash, moments);
  context.set_output(attrs.inverse_output(), attrs.stash, moments);
  return absl::OkStatus();
}

Status InferLayer(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckSameFloatInputs(context, 0, 3).status());
  return InferAny(context, 0);
}
Status InferRms(InferContext& context) { return InferAny(context, 1); }

/// Steps in a tensor of shape `from` for one step along each axis of `to`; 0 where it broadcasts.
Ints BroadcastSteps(const Shape& from, const Shape& to) {
  Ints steps(static_cast<size_t>(to.rank()), 0);
  const Ints strides = from.Strides();
  for (int i = 0; i < from.rank(); ++i) {
    if (from[i] != 1) steps[static_cast<size_t>(to.rank() - from.rank() + i)] = strides[i];
  }
  return steps;
}

/// The element of a broadcast tensor that belongs to element `index` of a tensor of shape `to`.
int64_t BroadcastOffset(const Shape& to, const Ints& steps, int64_t index) {
  int64_t offset = 0;
  for (int i = to.rank() - 1; i >= 0; --i) {
    offset += index % to[i] * steps[i];
    index /= to[i];
  }
  return offset;
}

struct Rows {
  int64_t count = 1;
  int64_t length = 1;
};
StatusOr<Rows> RowsOf(KernelContext& context) {
  const Shape& x = context.input(0).shape();
  SX_ASSIGN_OR_RETURN(const int axis,
                      NormalizeAxis(context.attrs<LayerNormAttrs>().axis, x.rank()));
  for (int i = 1; i < 3; ++i) {
    if (!context.has_input(i)) continue;
    const auto joint = BroadcastShapes(x, context.input(i).shape());
    if (!joint.ok() || *joint != x) {
      return InvalidArgument("input #", i, " does not broadcast to X's shape ", x.ToString());
    }
  }
  return Rows{.count = x.Elements(0, axis), .length = x.Elements(axis, x.rank())};
}

/// Stores values[i] as element `start` + i of a tensor of any float type.
void Store(Tensor& to, int64_t start, absl::Span<const double> values) {
  (void)Dispatch(to.type(), Floats{}, [&]<typename U>() {
    U* at = to.data<U>() + start;
    for (const double value : values) *at++ = static_cast<U>(value);
    return absl::OkStatus();
  });
}

template <typename T>
Status Reference(KernelContext& context) {
  const auto& attrs = context.attrs<LayerNormAttrs>();
  SX_ASSIGN_OR_RETURN(const Rows rows, RowsOf(context));
  const Shape& shape = context.input(0).shape();
  const T* x = context.input(0).data<T>();
  SX_ASSIGN_OR_RETURN(const std::vector<double> scale, ToDoubles(context.input(1)));
  const Ints scale_steps = BroadcastSteps(context.input(1).shape(), shape);
  std::vector<double> bias{0};
  Ints bias_steps(static_cast<size_t>(shape.rank()), 0);
  if (context.has_input(2)) {
    SX_ASSIGN_OR_RETURN(bias, ToDoubles(context.input(2)));
    bias_steps = BroadcastSteps(context.input(2).shape(), shape);
  }
  if (context.output(0).size() == 0) return absl::OkStatus();
  return context.ParallelFor(
      rows.count, 20.0 * static_cast<double>(rows.length), [&](int64_t begin, int64_t end) {
        std::vector<double> values(static_cast<size_t>(rows.length));
        for (int64_t row = begin; row < end; ++row) {
          const T* from = x + row * rows.length;
          const Moments moments = RowMoments(from, rows.length, attrs.center);
          const double inverse = 1 / std::sqrt(moments.variance + attrs.epsilon);
          for (int64_t i = 0; i < rows.length; ++i) {
            const int64_t at = row * rows.length + i;
            values[i] = (static_cast<double>(from[i]) - moments.mean) * inverse *
                            scale[BroadcastOffset(shape, scale_steps, at)] +
                        bias[BroadcastOffset(shape, bias_steps, at)];
          }
          Store(context.output(0), row * rows.length, values);
          if (attrs.center && context.has_output(1)) {
            Store(context.output(1), row, {&moments.mean, 1});
          }
          if (context.has_output(attrs.inverse_output())) {
            Store(context.output(attrs.inverse_output()), row, {&inverse, 1});
          }
        }
      });
}

Status RunReference(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{},
                  [&]<typename T>() { return Reference<T>(context); });
}

float* FloatOutput(KernelContext& context, int i) {
  return context.has_output(i) ? context.output(i).data<float>() : nullptr;
}

Status Native(KernelContext& context) {
  const auto& attrs = context.attrs<LayerNormAttrs>();
  SX_ASSIGN_OR_RETURN(const Rows rows, RowsOf(context));
  const float* x = context.input(0).data<float>();
  const float* scale = context.input(1).data<float>();
  const float* bias = context.has_input(2) ? context.input(2).data<float>() : nullptr;
  if (context.input(1).size() != rows.length || (bias && context.input(2).size() != rows.length)) {
    return InvalidArgument("scale or bias has not ", rows.length, " elements");
  }
  float* y = context.output(0).data<float>();
  float* means = attrs.center ? FloatOutput(context, 1) : nullptr;
  float* inverses = FloatOutput(context, attrs.inverse_output());
  const double cost = 20.0 + static_cast<double>(rows.length);
  return context.ParallelFor(rows.count, cost, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      NormalizeRow(attrs, x + row * rows.length, rows.length, scale, bias, y + row * rows.length,
                   means ? means + row : nullptr, inverses ? inverses + row : nullptr);
    }
  });
}

std::string RefusesNative(const PrepareContext& context) {
  const auto& attrs = context.attrs<LayerNormAttrs>();
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.has_input(i) && context.element(i) != DataType::kFloat) {
      return absl::StrCat("works on float, not ", Name(context.element(i)));
    }
  }
  if (attrs.stash != DataType::kFloat) return "computes the statistics in float";
  const SymbolicShape* x = context.input(0).shape ? &*context.input(0).shape : nullptr;
  if (x == nullptr) return "needs the rank of X";
  const auto axis = NormalizeAxis(attrs.axis, static_cast<int>(x->size()));
  if (!axis.ok()) return "axis is out of range";
  for (int i = 1; i < context.input_count(); ++i) {
    if (!context.has_input(i)) continue;
    const auto shape = context.shape(i);
    const size_t normalized = x->size() - static_cast<size_t>(*axis);
    bool same = shape && static_cast<size_t>(shape->rank()) == normalized;
    for (size_t d = 0; same && d < normalized; ++d) {
      same = (*x)[static_cast<size_t>(*axis) + d].value == (*shape)[static_cast<int>(d)];
    }
    if (!same) return "needs scale and bias of the shape of the normalized axes";
  }
  return "";
}

}  // namespace

// ONNX Runtime's optimiser writes these into models of opsets that do not have them yet, and a
// forerunner of RMSNormalization, which also gives its divisor.

OpDef LayerNormalizationOp() {
  return {.domain = "",
          .name = "LayerNormalization",
          .versions = {1, 17},
          .min_inputs = 2,
          .max_inputs = 3,
          .max_outputs = 3,
          .parse = Parse<true>,
          .infer = InferLayer,
          .kernels = {SimpleKernel<Native>("layernorm.native", Backend::kNative, RefusesNative),
                      SimpleKernel<RunReference>("layernorm.reference")},
          .in_place = {0}};
}

OpDef RmsNormalizationOp() {
  return {.domain = "",
          .name = "RMSNormalization",
          .versions = {23},
          .min_inputs = 2,
          .max_inputs = 2,
          .parse = Parse<false>,
          .infer = InferRms,
          .kernels = {SimpleKernel<Native>("rmsnorm.native", Backend::kNative, RefusesNative),
                      SimpleKernel<RunReference>("rmsnorm.reference")}};
}

OpDef SimplifiedLayerNormalizationOp() {
  OpDef op = RmsNormalizationOp();
  op.name = "SimplifiedLayerNormalization";
  op.versions = {1};
  op.max_outputs = 2;
  return op;
}

}  // namespace sardonyx
