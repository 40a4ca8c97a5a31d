// Quantised operators of ONNX Runtime's com.microsoft domain that its quantiser writes into models
// in QOperator form. Results are those of the float operator between dequantised inputs and the
// quantised output.
#include <array>
#include <cmath>

#include "ops/common/broadcast.h"
#include "ops/common/element_check.h"
#include "ops/common/window.h"
#include "ops/quant/families.h"
#include "ops/quant/integer.h"

namespace sardonyx {
namespace {

using Bytes = TypeList<int8_t, uint8_t>;

/// A scale and zero point of one tensor.
struct Linear {
  float scale = 1;
  int32_t zero = 0;
  int32_t low = 0;  // of the type's range, 256 numbers wide

  float Real(uint8_t byte) const {
    const int32_t value = low < 0 ? static_cast<int8_t>(byte) : byte;
    return static_cast<float>(value - zero) * scale;
  }
  uint8_t Byte(float real) const {
    const double value = static_cast<double>(real / scale);
    const double least = low - zero, greatest = low + 255 - zero;
    const double held = value < least ? least : value > greatest ? greatest : value;
    const int32_t steps = held == held ? static_cast<int32_t>(RoundHalfEven(held)) : 0;
    return static_cast<uint8_t>(steps + zero);
  }
};

StatusOr<Linear> LinearOf(const KernelContext& context, int scale, int zero, DataType type) {
  Linear linear{.low = type == DataType::kInt8 ? -128 : 0};
  SX_ASSIGN_OR_RETURN(linear.scale, SingleReal(context, scale, "a scale", 1.0f));
  SX_ASSIGN_OR_RETURN(const float point, SingleReal(context, zero, "a zero point", 0.0f));
  linear.zero = static_cast<int32_t>(point);
  return linear;
}

/// Tensors of bytes, float scales, and zero points of their tensors' type.
Status CheckBytes(const InferContext& context, std::initializer_list<int> tensors,
                  std::initializer_list<int> scales, std::initializer_list<int> zeros) {
  DataType type = DataType::kUndefined;
  for (int i : tensors) {
    SX_RETURN_IF_ERROR(CheckIsTensor(context, i));
    SX_RETURN_IF_ERROR(CheckElement(context.element(i), Bytes{}, absl::StrCat(i)));
    if (type == DataType::kUndefined) type = context.element(i);
  }
  for (int i : tensors) {
    if (context.element(i) != DataType::kUndefined && context.element(i) != type) {
      return InvalidArgument("inputs have element types ", Name(type), " and ",
                             Name(context.element(i)), ", which must be the same");
    }
  }
  for (int i : scales) {
    SX_RETURN_IF_ERROR(CheckElement(context.element(i), TypeList<float>{}, absl::StrCat(i)));
  }
  for (int i : zeros) {
    const DataType zero = context.element(i);
    if (context.has_input(i) && zero != type && zero != DataType::kUndefined &&
        type != DataType::kUndefined) {
      return InvalidArgument("input ", i, " has element type ", Name(zero), ", not ", Name(type));
    }
  }
  return absl::OkStatus();
}

// ---- QLinearAdd, QLinearMul ---------------------------------------------------------------

Status InferPair(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckBytes(context, {0, 3}, {1, 4, 6}, {2, 5, 7}));
  SX_ASSIGN_OR_RETURN(auto shape, BroadcastSymbolic(context.shape(0), context.shape(3)));
  const DataType type =
      context.element(0) != DataType::kUndefined ? context.element(0) : context.element(3);
  context.set_output(0, type, std::move(shape));
  return absl::OkStatus();
}

template <bool multiply>
Status RunPair(KernelContext& context) {
  const Tensor &a = context.input(0), &b = context.input(3);
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(const Linear of_a, LinearOf(context, 1, 2, a.type()));
  SX_ASSIGN_OR_RETURN(const Linear of_b, LinearOf(context, 4, 5, b.type()));
  SX_ASSIGN_OR_RETURN(const Linear of_y, LinearOf(context, 6, 7, y.type()));
  const Shape* shapes[] = {&a.shape(), &b.shape()};
  SX_ASSIGN_OR_RETURN(const BroadcastPlan plan, PlanBroadcast(y.shape(), shapes));
  return ForEachRow(context, plan, 3, [&](const int64_t* at, int64_t out, int64_t n) {
    const uint8_t* left = a.data<uint8_t>() + at[0];
    const uint8_t* right = b.data<uint8_t>() + at[1];
    uint8_t* to = y.data<uint8_t>() + out;
    for (int64_t i = 0; i < n; ++i) {
      const float p = of_a.Real(left[i * plan.steps[0][0]]);
      const float q = of_b.Real(right[i * plan.steps[1][0]]);
      to[i] = of_y.Byte(multiply ? p * q : p + q);
    }
  });
}

// ---- QLinearAveragePool, QLinearGlobalAveragePool -----------------------------------------

struct QuantPoolAttrs : Attrs {
  WindowAttrs window;
  bool global = false;
  bool count_include_pad = false;
};

StatusOr<std::shared_ptr<Attrs>> ParsePool(ParseContext& context) {
  auto attrs = std::make_shared<QuantPoolAttrs>();
  attrs->global = context.node().op_type == "QLinearGlobalAveragePool";
  if (context.Flag("channels_last", false)) {
    context.Fail("attribute 'channels_last' is set, which is not supported");
  }
  if (attrs->global) return attrs;
  context.Require("kernel_shape");
  attrs->window = ReadWindow(context, false);
  attrs->window.ceil_mode = context.Flag("ceil_mode", false);
  attrs->count_include_pad = context.Flag("count_include_pad", false);
  return attrs;
}

StatusOr<Window> PoolWindow(const QuantPoolAttrs& attrs, const Shape& x) {
  if (x.rank() < 3) {
    return InvalidArgument("X has shape ", x.ToString(), "; rank 3 at least is needed");
  }
  const auto spatial = x.dims().subspan(2);
  return ResolveWindow(attrs.window, spatial,
                       attrs.global ? spatial : absl::MakeConstSpan(attrs.window.kernel_shape));
}

Status InferPool(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckBytes(context, {0}, {1, 3}, {2, 4}));
  context.set_output(0, context.element(0), std::nullopt);
  const auto x = context.input(0).StaticShape();
  if (!x) {
    if (context.shape(0) != nullptr && context.shape(0)->size() >= 3) {
      SymbolicShape shape(context.shape(0)->size());
      shape[0] = (*context.shape(0))[0];
      shape[1] = (*context.shape(0))[1];
      context.set_output(0, context.element(0), std::move(shape));
    }
    return absl::OkStatus();
  }
  SX_ASSIGN_OR_RETURN(const Window window, PoolWindow(context.attrs<QuantPoolAttrs>(), *x));
  SymbolicShape shape{(*x)[0], (*x)[1]};
  for (const WindowAxis& axis : window) shape.push_back(axis.output);
  context.set_output(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

/// The mean of the window at one output position of one plane.
float MeanAt(const Window& window, const uint8_t* plane, const Linear& linear, int64_t position,
             bool count_padding) {
  Ints origin(window.size());
  int64_t taps = 1;
  for (size_t axis = window.size(); axis-- > 0;) {
    const WindowAxis& w = window[axis];
    origin[axis] = position % w.output * w.stride - w.pad_begin;
    position /= w.output;
    taps *= w.kernel;
  }
  double sum = 0;
  int64_t count = 0;
  for (int64_t tap = 0; tap < taps; ++tap) {
    int64_t rest = tap, at = 0, stride = 1;
    bool inside = true, padded = true;
    for (size_t axis = window.size(); axis-- > 0;) {
      const WindowAxis& w = window[axis];
      const int64_t p = origin[axis] + rest % w.kernel * w.dilation;
      rest /= w.kernel;
      inside = inside && p >= 0 && p < w.input;
      padded = padded && p < w.input + w.pad_end;
      at += p * stride;
      stride *= w.input;
    }
    if (inside) sum += linear.Real(plane[at]);
    if (inside || (padded && count_padding)) ++count;
  }
  return count == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(count));
}

Status RunPool(KernelContext& context) {
  const auto& attrs = context.attrs<QuantPoolAttrs>();
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(const Window window, PoolWindow(attrs, x.shape()));
  SX_ASSIGN_OR_RETURN(const Linear of_x, LinearOf(context, 1, 2, x.type()));
  SX_ASSIGN_OR_RETURN(const Linear of_y, LinearOf(context, 3, 4, y.type()));
  int64_t in_plane = 1, out_plane = 1, taps = 1;
  for (const WindowAxis& axis : window) {
    in_plane *= axis.input;
    out_plane *= axis.output;
    taps *= axis.kernel;
  }
  return context.ParallelFor(
      y.size(), 5.0 * static_cast<double>(taps), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const uint8_t* plane = x.data<uint8_t>() + i / out_plane * in_plane;
          y.data<uint8_t>()[i] =
              of_y.Byte(MeanAt(window, plane, of_x, i % out_plane, attrs.count_include_pad));
        }
      });
}

// ---- QLinearSoftmax -----------------------------------------------------------------------

struct QuantSoftmaxAttrs : Attrs {
  int64_t axis = -1;
  bool flatten = false;  // opset below 13: over all axes from `axis` on
};

StatusOr<std::shared_ptr<Attrs>> ParseSoftmax(ParseContext& context) {
  auto attrs = std::make_shared<QuantSoftmaxAttrs>();
  attrs->flatten = context.Int("opset", 13) < 13;
  attrs->axis = context.Int("axis", attrs->flatten ? 1 : -1);
  return attrs;
}

Status InferSoftmax(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckBytes(context, {0}, {1, 3}, {2, 4}));
  if (const SymbolicShape* x = context.shape(0)) {
    SX_RETURN_IF_ERROR(
        NormalizeAxis(context.attrs<QuantSoftmaxAttrs>().axis, static_cast<int>(x->size()))
            .status());
  }
  context.set_output(0, context.element(0), context.input(0).shape);
  return absl::OkStatus();
}

Status RunSoftmax(KernelContext& context) {
  const auto& attrs = context.attrs<QuantSoftmaxAttrs>();
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, x.rank()));
  SX_ASSIGN_OR_RETURN(const Linear of_x, LinearOf(context, 1, 2, x.type()));
  SX_ASSIGN_OR_RETURN(const Linear of_y, LinearOf(context, 3, 4, y.type()));
  const int64_t outer = x.shape().Elements(0, axis);
  const int64_t n = attrs.flatten ? x.shape().Elements(axis, x.rank()) : x.dim(axis);
  const int64_t inner = attrs.flatten ? 1 : x.shape().Elements(axis + 1, x.rank());
  return context.ParallelFor(
      outer * inner, 20.0 * static_cast<double>(n), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const int64_t base = row / inner * n * inner + row % inner;
          const uint8_t* from = x.data<uint8_t>() + base;
          uint8_t* to = y.data<uint8_t>() + base;
          float greatest = -std::numeric_limits<float>::infinity();
          for (int64_t i = 0; i < n; ++i) greatest = std::max(greatest, of_x.Real(from[i * inner]));
          double sum = 0;
          for (int64_t i = 0; i < n; ++i) sum += std::exp(of_x.Real(from[i * inner]) - greatest);
          for (int64_t i = 0; i < n; ++i) {
            const double share = std::exp(of_x.Real(from[i * inner]) - greatest) / sum;
            to[i * inner] = of_y.Byte(static_cast<float>(share));
          }
        }
      });
}

// ---- QLinearSigmoid, QLinearLeakyRelu -----------------------------------------------------

struct QuantUnaryAttrs : Attrs {
  bool leaky = false;
  float alpha = 0.01f;
};

StatusOr<std::shared_ptr<Attrs>> ParseUnary(ParseContext& context) {
  auto attrs = std::make_shared<QuantUnaryAttrs>();
  attrs->leaky = context.node().op_type == "QLinearLeakyRelu";
  if (attrs->leaky) attrs->alpha = context.Float("alpha", 0.01f);
  return attrs;
}

Status InferUnaryBytes(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckBytes(context, {0}, {1, 3}, {2, 4}));
  context.set_output(0, context.element(0), context.input(0).shape);
  return absl::OkStatus();
}

/// There are but 256 inputs.
Status RunUnaryBytes(KernelContext& context) {
  const auto& attrs = context.attrs<QuantUnaryAttrs>();
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(const Linear of_x, LinearOf(context, 1, 2, x.type()));
  SX_ASSIGN_OR_RETURN(const Linear of_y, LinearOf(context, 3, 4, y.type()));
  std::array<uint8_t, 256> table;
  for (int byte = 0; byte < 256; ++byte) {
    const float real = of_x.Real(static_cast<uint8_t>(byte));
    const float result = !attrs.leaky ? 1.0f / (1.0f + std::exp(-real))
                         : real < 0   ? attrs.alpha * real
                                      : real;
    table[static_cast<size_t>(byte)] = of_y.Byte(result);
  }
  return context.ParallelFor(x.size(), 0.7, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y.data<uint8_t>()[i] = table[x.data<uint8_t>()[i]];
  });
}

OpDef Contrib(absl::string_view name, int min_inputs, int max_inputs,
              StatusOr<std::shared_ptr<Attrs>> (*parse)(ParseContext&),
              Status (*infer)(InferContext&), KernelDef kernel) {
  return {.domain = "com.microsoft",
          .name = name,
          .versions = {1},
          .min_inputs = min_inputs,
          .max_inputs = max_inputs,
          .parse = parse,
          .infer = infer,
          .kernels = {kernel}};
}

}  // namespace

std::vector<OpDef> ContribOps() {
  return {
      Contrib("QLinearAdd", 7, 8, nullptr, InferPair,
              SimpleKernel<RunPair<false>>("quantized.loop")),
      Contrib("QLinearMul", 7, 8, nullptr, InferPair,
              SimpleKernel<RunPair<true>>("quantized.loop")),
      Contrib("QLinearAveragePool", 4, 5, ParsePool, InferPool,
              SimpleKernel<RunPool>("quantized.loop")),
      Contrib("QLinearGlobalAveragePool", 5, 5, ParsePool, InferPool,
              SimpleKernel<RunPool>("quantized.loop")),
      Contrib("QLinearSoftmax", 5, 5, ParseSoftmax, InferSoftmax,
              SimpleKernel<RunSoftmax>("quantized.loop")),
      Contrib("QLinearSigmoid", 4, 5, ParseUnary, InferUnaryBytes,
              SimpleKernel<RunUnaryBytes>("quantized.loop")),
      Contrib("QLinearLeakyRelu", 4, 5, ParseUnary, InferUnaryBytes,
              SimpleKernel<RunUnaryBytes>("quantized.loop")),
  };
}

}  // namespace sardonyx
