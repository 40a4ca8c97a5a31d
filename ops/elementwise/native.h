// Vectorised kernels of float32, dispatched at run time to the best instruction set.
#pragma once

#include <cstdint>

#include "ops/elementwise/binary.h"
#include "ops/elementwise/unary.h"

namespace sardonyx::native {

// Row functions as UnaryRow describes them; the attributes mean what they mean to the operator.
void Abs(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Neg(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Ceil(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Floor(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Round(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Sqrt(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Reciprocal(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Exp(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Log(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Tanh(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Erf(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Sigmoid(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Relu(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void LeakyRelu(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void HardSigmoid(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void HardSwish(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Swish(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
void Gelu(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);
/// Held within [attrs.alpha, attrs.beta].
void Clip(const void* x, void* y, int64_t n, const UnaryAttrs& attrs);

// Row functions as BinaryRow describes them.
void Add(const BinaryOperands& at, int64_t n, const BinaryAttrs& attrs);
void Sub(const BinaryOperands& at, int64_t n, const BinaryAttrs& attrs);
void Mul(const BinaryOperands& at, int64_t n, const BinaryAttrs& attrs);
void Div(const BinaryOperands& at, int64_t n, const BinaryAttrs& attrs);
void Max(const BinaryOperands& at, int64_t n, const BinaryAttrs& attrs);
void Min(const BinaryOperands& at, int64_t n, const BinaryAttrs& attrs);
void PRelu(const BinaryOperands& at, int64_t n, const BinaryAttrs& attrs);

}  // namespace sardonyx::native
