// matmul.integer, the reference kernel of integer matrix products; and what it shares with the
// native one.
#include <algorithm>

#include "ops/quant/dynamic.h"
#include "ops/quant/integer_matmul.h"

namespace sardonyx {
namespace {

/// Parameters of rows or columns: one, one for each of `size` in every batch, or one for each in
/// its own batch.
int64_t ParameterOf(const Tensor& parameters, int64_t size, int64_t offset, int64_t k, int64_t i) {
  if (parameters.size() == size || k == 0) return i;
  return offset / k + i;
}

Status CheckParameters(const Tensor& parameters, int64_t size, int64_t all,
                       absl::string_view name) {
  const int64_t count = parameters.size();
  if (!parameters.defined() || count == 1 || count == size || count == all) {
    return absl::OkStatus();
  }
  return InvalidArgument(name, " has ", count, " elements, not 1, ", size, " or ", all);
}

}  // namespace

StatusOr<LeftOperand> LeftOf(const KernelContext& context, const IntegerMatMulAttrs& attrs) {
  const Tensor& a = context.input(attrs.slots.x);
  if (!attrs.dynamic) {
    return LeftOperand{a, InputAt(context, attrs.slots.x_scale),
                       InputAt(context, attrs.slots.x_zero)};
  }
  SX_ASSIGN_OR_RETURN(const DynamicLinear linear, DynamicRange(context, a.span<float>()));
  SX_ASSIGN_OR_RETURN(Tensor values, context.Temporary(DataType::kUInt8, a.shape()));
  SX_RETURN_IF_ERROR(QuantizeDynamically(context, linear, a.span<float>(), values.data<uint8_t>()));
  return LeftOperand{values, Tensor::Scalar(linear.scale), Tensor::Scalar(linear.zero)};
}

IntegerScaling::IntegerScaling(const KernelContext& context, const IntegerMatMulAttrs& attrs,
                               const Tensor& a_scale)
    : a_scale_(a_scale),
      b_scale_(InputAt(context, attrs.slots.w_scale)),
      y_scale_(InputAt(context, attrs.slots.y_scale)),
      alpha_(attrs.alpha),
      c_(InputAt(context, attrs.slots.bias).data<int32_t>()),
      c_step_(StridesOfBias(InputAt(context, attrs.slots.bias).shape())) {
  const Tensor& bias = InputAt(context, attrs.float_bias);
  if (bias.type() == DataType::kFloat16) {
    half_bias_ = bias.data<Half>();
  } else {
    bias_ = bias.data<float>();
  }
}

float IntegerScaling::Factor(int64_t a_index, int64_t b_index) const {
  if (!y_scale_.defined()) return alpha_ * ScaleAt(a_scale_, a_index) * ScaleAt(b_scale_, b_index);
  return alpha_ * Multiplier(a_scale_, a_index, b_scale_, b_index, y_scale_);
}

/// Sums in double, which holds every sum of up to 2^37 products of bytes exactly.
Status RunIntegerMatMul(KernelContext& context) {
  const auto& attrs = context.attrs<IntegerMatMulAttrs>();
  const IntegerSlots& slots = attrs.slots;
  SX_ASSIGN_OR_RETURN(const LeftOperand a, LeftOf(context, attrs));
  const Tensor &b = context.input(slots.w), &b_zero = InputAt(context, slots.w_zero);
  const Tensor &b_scale = InputAt(context, slots.w_scale), &y_zero = InputAt(context, slots.y_zero);
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(const MatMulShape shape,
                      MakeMatMulShape(a.values.shape(), b.shape(), attrs.product));
  const int64_t m = shape.m, n = shape.n, k = shape.k;
  const int64_t rows = a.values.size() / std::max<int64_t>(k, 1);
  const int64_t columns = b.size() / std::max<int64_t>(k, 1);
  SX_RETURN_IF_ERROR(CheckParameters(a.zero, m, rows, "a_zero_point"));
  SX_RETURN_IF_ERROR(CheckParameters(a.scale, m, rows, "a_scale"));
  SX_RETURN_IF_ERROR(CheckParameters(b_zero, n, columns, "b_zero_point"));
  SX_RETURN_IF_ERROR(CheckParameters(b_scale, n, columns, "b_scale"));
  SX_RETURN_IF_ERROR(CheckParameters(InputAt(context, slots.y_scale), 1, 1, "y_scale"));
  SX_RETURN_IF_ERROR(CheckParameters(y_zero, 1, 1, "y_zero_point"));
  SX_ASSIGN_OR_RETURN(const std::vector<float> left, ToFloats(a.values));
  SX_ASSIGN_OR_RETURN(const std::vector<float> right, ToFloats(b));
  const std::vector<float> no_zero = {0.0f};
  SX_ASSIGN_OR_RETURN(const std::vector<float> left_zero,
                      a.zero.defined() ? ToFloats(a.zero) : no_zero);
  SX_ASSIGN_OR_RETURN(const std::vector<float> right_zero,
                      b_zero.defined() ? ToFloats(b_zero) : no_zero);
  const IntegerScaling scaling(context, attrs, a.scale);
  const WriteQuantized write = slots.quantizes() ? FindWriter(y.type()) : nullptr;
  const float offset = slots.quantizes() ? ScaleAt(y_zero, 0) : 0;
  const bool to_integer = IsInteger(y.type());

  return context.ParallelFor(
      shape.batches * m, static_cast<double>(n * k), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const int64_t i = row % m;
          const int64_t a_at = shape.AOffset(row / m), b_at = shape.BOffset(row / m);
          const float* a_row = left.data() + a_at + i * shape.a_row;
          const int64_t a_index = ParameterOf(a.zero, m, a_at, k, i);
          const double zero = left_zero[left_zero.size() == 1 ? 0 : a_index];
          for (int64_t j = 0; j < n; ++j) {
            const int64_t b_index = ParameterOf(b_zero, n, b_at, k, j);
            const double b_offset = right_zero[right_zero.size() == 1 ? 0 : b_index];
            const float* b_column = right.data() + b_at + j * shape.b_column;
            double sum = 0;
            for (int64_t p = 0; p < k; ++p) {
              sum += (a_row[p * shape.a_column] - zero) * (b_column[p * shape.b_row] - b_offset);
            }
            const int64_t out = row * n + j;
            if (y.type() == DataType::kInt32) {
              y.data<int32_t>()[out] = static_cast<int32_t>(static_cast<int64_t>(sum));
              continue;
            }
            const double result =
                scaling.WithC(sum, i, j) * scaling.Factor(ParameterOf(a.scale, m, a_at, k, i),
                                                          ParameterOf(b_scale, n, b_at, k, j));
            if (slots.dequantizes()) {
              const float value = static_cast<float>(result) + scaling.Bias(j);
              if (y.type() == DataType::kFloat16) {
                y.data<Half>()[out] = Half(value);
              } else {
                y.data<float>()[out] = value;
              }
              continue;
            }
            const auto value = static_cast<float>(to_integer ? std::nearbyint(result) : result);
            write(&value, &offset, 0, true, y.raw(), out, 1);
          }
        }
      });
}

}  // namespace sardonyx
