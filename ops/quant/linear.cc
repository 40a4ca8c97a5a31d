// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear.
#include <algorithm>
#include <cmath>

#include "ops/common/element_check.h"
#include "ops/quant/dynamic.h"
#include "ops/quant/families.h"
#include "ops/quant/granularity.h"
#include "ops/quant/native.h"
#include "ops/quant/real.h"

namespace sardonyx {
namespace {

constexpr int64_t kBlock = 256;

// ---- Attributes ---------------------------------------------------------------------------

StatusOr<std::shared_ptr<Attrs>> ParseLinear(ParseContext& context) {
  const bool quantize = context.node().op_type == "QuantizeLinear";
  const int version = context.version();
  auto attrs = std::make_shared<LinearAttrs>();
  if (version >= 13) attrs->axis = context.Int("axis", 1);
  if (version >= 19 && quantize) attrs->saturate = context.Flag("saturate", true);
  if (version >= 21) {
    attrs->block_size = context.Int("block_size", 0);
    if (attrs->block_size < 0) {
      context.Fail(
          absl::StrCat("attribute 'block_size' is ", attrs->block_size, ", not at least 0"));
    }
  }
  if (version >= (quantize ? 21 : 23)) {
    attrs->output = context.DataTypeValue("output_dtype", DataType::kUndefined);
  }
  if (version >= 23 && quantize) {
    attrs->precision = context.DataTypeValue("precision", DataType::kUndefined);
    const DataType p = attrs->precision;
    if (p != DataType::kUndefined && p != DataType::kFloat && p != DataType::kFloat16 &&
        p != DataType::kBFloat16) {
      context.Fail(absl::StrCat("attribute 'precision' is ", Name(p),
                                ", none of float, float16 and bfloat16"));
    }
  }
  return attrs;
}

using ScaleTypes = TypeList<float, Half, BFloat16, int32_t, Float8E8M0>;

/// Scales or zero points as floats; where a zero point is left out, zeros as many as scales.
StatusOr<std::vector<float>> Parameters(const KernelContext& context, int i, int64_t count) {
  if (!context.has_input(i)) return std::vector<float>(static_cast<size_t>(count), 0.0f);
  return ToFloats(context.input(i));
}

/// What inference could not see: as many zero points as scales, of the quantised type.
Status CheckZeroPoint(const Tensor& zero, DataType type, int64_t count) {
  if (!zero.defined() || (zero.type() == type && zero.size() == count)) return absl::OkStatus();
  return InvalidArgument("the zero point is ", zero.ToString(), ", but ", count,
                         " of element type ", Name(type), " are needed");
}

// ---- QuantizeLinear -----------------------------------------------------------------------

Status InferQuantize(InferContext& context) {
  const auto& attrs = context.attrs<LinearAttrs>();
  SX_RETURN_IF_ERROR(CheckLinearShapes(context));
  using Inputs = TypeList<float, Half, BFloat16, int32_t>;
  SX_RETURN_IF_ERROR(CheckElement(context.element(0), Inputs{}, "x"));
  SX_RETURN_IF_ERROR(CheckElement(context.element(1), ScaleTypes{}, "y_scale"));
  DataType type = attrs.output;
  if (context.has_input(2)) {
    const DataType zero = context.element(2);
    if (type != DataType::kUndefined && zero != DataType::kUndefined && zero != type) {
      return InvalidArgument("attribute 'output_dtype' is ", Name(type),
                             ", but y_zero_point has element type ", Name(zero));
    }
    if (type == DataType::kUndefined) type = zero;
  } else if (type == DataType::kUndefined) {
    type = DataType::kUInt8;
  }
  if (type != DataType::kUndefined && FindWriter(type) == nullptr) {
    return InvalidArgument("nothing is quantised to element type ", Name(type));
  }
  context.set_output(0, type, context.input(0).shape);
  return absl::OkStatus();
}

Status RunQuantize(KernelContext& context) {
  const auto& attrs = context.attrs<LinearAttrs>();
  const Tensor &x = context.input(0), &scale = context.input(1);
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(const Granularity granularity,
                      ResolveGranularity(attrs, x.shape(), scale.shape()));
  SX_ASSIGN_OR_RETURN(const std::vector<float> scales, ToFloats(scale));
  SX_ASSIGN_OR_RETURN(const std::vector<float> zeros, Parameters(context, 2, scale.size()));
  if (zeros.size() != scales.size()) {
    return InvalidArgument("there are ", scales.size(), " scales but ", zeros.size(),
                           " zero points");
  }
  const ReadReals read = FindReader(x.type());
  const WriteQuantized write = FindWriter(y.type());
  if (read == nullptr || write == nullptr) {
    return InvalidArgument("cannot quantise ", x.ToString(), " to ", Name(y.type()));
  }
  const DataType precision =
      attrs.precision != DataType::kUndefined ? attrs.precision : scale.type();
  return granularity.ForEachRun(context, 5, [&](int64_t first, int64_t n, int64_t p, int64_t step) {
    float values[kBlock];
    for (int64_t done = 0; done < n; done += kBlock) {
      const int64_t count = std::min(kBlock, n - done);
      const int64_t at = p + done * step;
      read(x.raw(), first + done, count, values);
      for (int64_t i = 0; i < count; ++i) {
        const float dividend = RoundTo(precision, values[i]);
        values[i] = RoundTo(precision, dividend / RoundTo(precision, scales[at + i * step]));
      }
      write(values, zeros.data() + at, step, attrs.saturate, y.raw(), first + done, count);
    }
  });
}

/// Float to 8-bit integers with one scale, or one for each slice of more than one element.
Status RunNativeQuantize(KernelContext& context) {
  const auto& attrs = context.attrs<LinearAttrs>();
  const Tensor &x = context.input(0), &scale = context.input(1), &zero = context.input(2);
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(const Granularity granularity,
                      ResolveGranularity(attrs, x.shape(), scale.shape()));
  SX_RETURN_IF_ERROR(CheckZeroPoint(zero, y.type(), scale.size()));
  const bool is_signed = y.type() == DataType::kInt8;
  const float* scales = scale.data<float>();
  return granularity.ForEachRun(context, 0.5, [&](int64_t first, int64_t n, int64_t p, int64_t) {
    int32_t offset = 0;
    if (zero.defined()) offset = is_signed ? zero.data<int8_t>()[p] : zero.data<uint8_t>()[p];
    native::QuantizeRow(x.data<float>() + first, n, scales[p], offset, is_signed,
                        y.data<uint8_t>() + first);
  });
}

std::string RefuseNativeQuantize(const PrepareContext& context) {
  const auto& attrs = context.attrs<LinearAttrs>();
  const DataType to = context.output(0).element;
  if (context.element(0) != DataType::kFloat || context.element(1) != DataType::kFloat) {
    return "takes float";
  }
  if (to != DataType::kInt8 && to != DataType::kUInt8) return "gives int8 and uint8 alone";
  if (attrs.precision != DataType::kUndefined && attrs.precision != DataType::kFloat) {
    return "divides as float";
  }
  const auto x = context.shape(0), scale = context.shape(1);
  if (scale && scale->Elements() == 1 && scale->rank() <= 1) return "";
  if (!scale || !x) return "needs shapes known before the run";
  const auto granularity = ResolveGranularity(attrs, *x, *scale);
  if (!granularity.ok()) return std::string(granularity.status().message());
  if (granularity->kind != Granularity::Kind::kAxis || granularity->inner == 1) {
    return "takes runs of elements with one scale";
  }
  return "";
}

// ---- DequantizeLinear ---------------------------------------------------------------------

Status InferDequantize(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckLinearShapes(context));
  using Inputs = decltype(QuantizedTypes{} + TypeList<int32_t>{});
  SX_RETURN_IF_ERROR(CheckElement(context.element(0), Inputs{}, "x"));
  SX_RETURN_IF_ERROR(CheckElement(context.element(1), ScaleTypes{}, "x_scale"));
  const DataType x = context.element(0), zero = context.element(2);
  if (x != DataType::kUndefined && zero != DataType::kUndefined && x != zero) {
    return InvalidArgument("x has element type ", Name(x), " and x_zero_point ", Name(zero),
                           ", which must be the same");
  }
  DataType type = context.attrs<LinearAttrs>().output;
  if (type == DataType::kUndefined) type = context.element(1);
  // Scales that are powers of two or integers leave the result's type open.
  if (type == DataType::kFloat8E8M0 || type == DataType::kInt32) type = DataType::kFloat;
  using Outputs = TypeList<float, Half, BFloat16>;
  SX_RETURN_IF_ERROR(CheckElement(type, Outputs{}, "x_scale (or attribute 'output_dtype')"));
  context.set_output(0, type, context.input(0).shape);
  return absl::OkStatus();
}

template <typename T>
void StoreAs(const float* values, void* y, int64_t first, int64_t n) {
  T* out = static_cast<T*>(y) + first;
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(values[i]);
}

Status RunDequantize(KernelContext& context) {
  const Tensor &x = context.input(0), &scale = context.input(1);
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(const Granularity granularity,
                      ResolveGranularity(context.attrs<LinearAttrs>(), x.shape(), scale.shape()));
  SX_ASSIGN_OR_RETURN(const std::vector<float> scales, ToFloats(scale));
  SX_ASSIGN_OR_RETURN(const std::vector<float> zeros, Parameters(context, 2, scale.size()));
  if (zeros.size() != scales.size()) {
    return InvalidArgument("there are ", scales.size(), " scales but ", zeros.size(),
                           " zero points");
  }
  const ReadReals read = FindReader(x.type());
  if (read == nullptr) return InvalidArgument("cannot dequantise ", x.ToString());
  const auto store = y.type() == DataType::kFloat16    ? StoreAs<Half>
                     : y.type() == DataType::kBFloat16 ? StoreAs<BFloat16>
                                                       : StoreAs<float>;
  return granularity.ForEachRun(context, 2, [&](int64_t first, int64_t n, int64_t p, int64_t step) {
    float values[kBlock];
    for (int64_t done = 0; done < n; done += kBlock) {
      const int64_t count = std::min(kBlock, n - done);
      const int64_t at = p + done * step;
      read(x.raw(), first + done, count, values);
      for (int64_t i = 0; i < count; ++i) {
        values[i] = (values[i] - zeros[at + i * step]) * scales[at + i * step];
      }
      store(values, y.raw(), first + done, count);
    }
  });
}

Status RunNativeDequantize(KernelContext& context) {
  const Tensor &x = context.input(0), &scale = context.input(1), &zero = context.input(2);
  SX_ASSIGN_OR_RETURN(const Granularity granularity,
                      ResolveGranularity(context.attrs<LinearAttrs>(), x.shape(), scale.shape()));
  SX_RETURN_IF_ERROR(CheckZeroPoint(zero, x.type(), scale.size()));
  const bool is_signed = x.type() == DataType::kInt8;
  float* y = context.output(0).data<float>();
  const float* scales = scale.data<float>();
  return granularity.ForEachRun(context, 0.5, [&](int64_t first, int64_t n, int64_t p, int64_t) {
    int32_t offset = 0;
    if (zero.defined()) offset = is_signed ? zero.data<int8_t>()[p] : zero.data<uint8_t>()[p];
    native::DequantizeRow(x.data<uint8_t>() + first, n, is_signed, scales[p], offset, y + first);
  });
}

std::string RefuseNativeDequantize(const PrepareContext& context) {
  const DataType from = context.element(0);
  if (from != DataType::kInt8 && from != DataType::kUInt8) return "takes int8 and uint8 alone";
  if (context.element(1) != DataType::kFloat || context.output(0).element != DataType::kFloat) {
    return "gives float from a float scale";
  }
  const auto x = context.shape(0), scale = context.shape(1);
  if (scale && scale->Elements() == 1 && scale->rank() <= 1) return "";
  if (!scale || !x) return "needs shapes known before the run";
  const auto granularity = ResolveGranularity(context.attrs<LinearAttrs>(), *x, *scale);
  if (!granularity.ok()) return std::string(granularity.status().message());
  if (granularity->kind != Granularity::Kind::kAxis || granularity->inner == 1) {
    return "takes runs of elements with one scale";
  }
  return "";
}

// ---- DynamicQuantizeLinear ----------------------------------------------------------------

Status InferDynamic(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
  SX_RETURN_IF_ERROR(CheckElement(context.element(0), TypeList<float>{}, "x"));
  context.set_output(0, DataType::kUInt8, context.input(0).shape);
  context.set_output(1, DataType::kFloat, SymbolicShape());
  context.set_output(2, DataType::kUInt8, SymbolicShape());
  return absl::OkStatus();
}

Status RunDynamic(KernelContext& context) {
  const absl::Span<const float> x = context.input(0).span<float>();
  SX_ASSIGN_OR_RETURN(const DynamicLinear linear, DynamicRange(context, x));
  if (context.has_output(1)) *context.output(1).data<float>() = linear.scale;
  if (context.has_output(2)) *context.output(2).data<uint8_t>() = linear.zero;
  if (!context.has_output(0)) return absl::OkStatus();
  return QuantizeDynamically(context, linear, x, context.output(0).data<uint8_t>());
}

}  // namespace

StatusOr<DynamicLinear> DynamicRange(const KernelContext& context, absl::Span<const float> x) {
  float low = 0, high = 0;  // the range always takes in zero
  for (size_t i = 0; i < x.size(); ++i) {
    if (i % 65536 == 0) SX_RETURN_IF_ERROR(context.Check());
    low = std::min(low, x[i]);
    high = std::max(high, x[i]);
  }
  const float scale = (high == low ? 1.0f : high - low) / 255.0f;
  const float zero = std::clamp(std::nearbyint(-low / scale), 0.0f, 255.0f);
  return DynamicLinear{scale, std::isnan(zero) ? uint8_t{0} : static_cast<uint8_t>(zero)};
}

Status QuantizeDynamically(const KernelContext& context, const DynamicLinear& linear,
                           absl::Span<const float> x, uint8_t* y) {
  const auto n = static_cast<int64_t>(x.size());
  return context.ParallelFor(n, 1, [&](int64_t begin, int64_t end) {
    native::QuantizeRow(x.data() + begin, end - begin, linear.scale, linear.zero, false, y + begin);
  });
}

std::vector<OpDef> LinearOps() {
  return {
      {.name = "QuantizeLinear",
       .versions = {10, 13, 19, 21, 23, 24, 25, 28},
       .min_inputs = 2,
       .max_inputs = 3,
       .parse = ParseLinear,
       .infer = InferQuantize,
       .kernels = {SimpleKernel<RunNativeQuantize>("quantize.simd", Backend::kNative,
                                                   RefuseNativeQuantize),
                   SimpleKernel<RunQuantize>("quantize.loop")}},
      {.name = "DequantizeLinear",
       .versions = {10, 13, 19, 21, 23, 24, 25, 28},
       .min_inputs = 2,
       .max_inputs = 3,
       .parse = ParseLinear,
       .infer = InferDequantize,
       .kernels = {SimpleKernel<RunNativeDequantize>("dequantize.simd", Backend::kNative,
                                                     RefuseNativeDequantize),
                   SimpleKernel<RunDequantize>("dequantize.loop")}},
      {.name = "DynamicQuantizeLinear",
       .versions = {11},
       .min_inputs = 1,
       .max_inputs = 1,
       .min_outputs = 3,
       .max_outputs = 3,
       .infer = InferDynamic,
       .kernels = {SimpleKernel<RunDynamic>("quantize.loop")}},
  };
}

}  // namespace sardonyx
