// Matrix products of quantised tensors: MatMulInteger, QLinearMatMul, and com.microsoft's QGemm,
// MatMulIntegerToFloat and DynamicQuantizeMatMul.
#pragma once

#include "ops/matmul/matmul.h"
#include "ops/quant/integer.h"

namespace sardonyx {

/// Y from sums s of products of A and B, both less their zero points: s as it is; or, where there
/// are scales, alpha a_scale b_scale (s + C) + bias of their type; or that quantised, without bias.
struct IntegerMatMulAttrs : Attrs {
  IntegerSlots slots;   // its bias is C, int32 and broadcast to Y
  MatMulAttrs product;  // how A and B are read
  float alpha = 1;
  int float_bias = -1;   // an input of one number for each column; -1: none
  bool dynamic = false;  // A is float and quantised first, as DynamicQuantizeLinear does it
};

/// A, quantised if need be, and its parameters.
struct LeftOperand {
  Tensor values, scale, zero;  // undefined where there are none
};

StatusOr<LeftOperand> LeftOf(const KernelContext& context, const IntegerMatMulAttrs& attrs);

/// What lies between sums and results.
class IntegerScaling {
 public:
  IntegerScaling(const KernelContext& context, const IntegerMatMulAttrs& attrs,
                 const Tensor& a_scale);

  /// s + C for an element of Y; the sum of integers.
  template <typename Sum>
  Sum WithC(Sum sum, int64_t row, int64_t column) const {
    return c_ == nullptr ? sum : sum + c_[row * c_step_.row + column * c_step_.column];
  }
  /// alpha a_scale b_scale, over y_scale if there is one, for the scales of these numbers.
  float Factor(int64_t a_index, int64_t b_index) const;
  float Bias(int64_t column) const {
    if (half_bias_ != nullptr) return static_cast<float>(half_bias_[column]);
    return bias_ == nullptr ? 0.0f : bias_[column];
  }

 private:
  const Tensor &a_scale_, &b_scale_, &y_scale_;
  const float alpha_;
  const int32_t* c_;
  const GemmBias c_step_;
  const float* bias_ = nullptr;  // or
  const Half* half_bias_ = nullptr;
};

Status RunIntegerMatMul(KernelContext& context);
KernelDef IntegerMatMulDot();  // matmul.int8dot

}  // namespace sardonyx
