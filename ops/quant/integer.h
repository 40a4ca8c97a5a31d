// What the products of quantised tensors, MatMulInteger and ConvInteger and their QLinear kin, have
// in common: x and w with their scales and zero points, sums in integers, and the way back to
// quantised results.
#pragma once

#include <cmath>
#include <vector>

#include "ops/quant/real.h"
#include "runtime/op.h"

namespace sardonyx {

/// Which input is what; -1 for what the operator does not have.
struct IntegerSlots {
  int x = 0, x_scale = -1, x_zero = 2;
  int w = 1, w_scale = -1, w_zero = 3;
  int y_scale = -1, y_zero = -1;
  int bias = -1;

  /// Results are quantised; or they are float; or, where there are no scales, the sums themselves.
  bool quantizes() const { return y_zero >= 0; }
  bool dequantizes() const { return !quantizes() && w_scale >= 0; }
};
inline constexpr IntegerSlots kIntegerSlots = {};
inline constexpr IntegerSlots kQLinearSlots = {.x = 0,
                                               .x_scale = 1,
                                               .x_zero = 2,
                                               .w = 3,
                                               .w_scale = 4,
                                               .w_zero = 5,
                                               .y_scale = 6,
                                               .y_zero = 7,
                                               .bias = 8};

/// The input of that number; undefined where it is left out or -1.
inline const Tensor& InputAt(const KernelContext& context, int slot) {
  static const Tensor* const none = new Tensor();
  return slot < 0 ? *none : context.input(slot);
}

/// Checks element types and that zero points have those of their tensors. The output's type.
StatusOr<DataType> CheckIntegerTypes(const InferContext& context, const IntegerSlots& slots);

/// An error unless input i, where given and known, holds one element or one of `counts`.
Status CheckCount(const InferContext& context, int i, absl::string_view name,
                  std::initializer_list<Dim> counts);

/// Zero points of int8 or uint8: the one that holds for everything, or number i; 0 where undefined.
inline int32_t ZeroPoint(const Tensor& zeros, int64_t i) {
  if (zeros.size() == 0 || !zeros.defined()) return 0;
  const int64_t at = zeros.size() == 1 ? 0 : i;
  return zeros.type() == DataType::kInt8 ? zeros.data<int8_t>()[at] : zeros.data<uint8_t>()[at];
}

/// Scales of a float type: the one, or number i.
float ScaleAt(const Tensor& scales, int64_t i);

/// The factor from sums of products to results: x_scale * w_scale / y_scale, in the scales' type.
float Multiplier(const Tensor& x_scale, int64_t row, const Tensor& w_scale, int64_t column,
                 const Tensor& y_scale);

/// `value` rounded, halves to even, where it is within 2^51 of 0, without a call.
inline double RoundHalfEven(double value) {
  constexpr double kMagic = 6755399441055744.0;  // 1.5 * 2^52: the unit in its last place is 1
  return (value + kMagic) - kMagic;
}

/// saturate(round(sum * multiplier) + zero_point) in [low, high].
inline int32_t Requantize(int64_t sum, float multiplier, int32_t zero_point, int32_t low,
                          int32_t high) {
  const double value = static_cast<double>(sum) * multiplier;
  const double least = low - zero_point, greatest = high - zero_point;
  const double held = value < least ? least : value > greatest ? greatest : value;
  return (held == held ? static_cast<int32_t>(RoundHalfEven(held)) : 0) + zero_point;
}

}  // namespace sardonyx
