// Vectorised loops over quantised elements, dispatched at run time to the best instruction set.
#pragma once

#include <cstdint>

namespace sardonyx::native {

/// y[i] = saturate(round(x[i] / scale) + zero_point) as int8 or uint8, halves to even; NaN counts
/// as 0.
void QuantizeRow(const float* x, int64_t n, float scale, int32_t zero_point, bool is_signed,
                 uint8_t* y);

/// y[i] = (x[i] - zero_point) * scale, x being int8 or uint8.
void DequantizeRow(const uint8_t* x, int64_t n, bool is_signed, float scale, int32_t zero_point,
                   float* y);

/// y[i] = x[i] - zero_point, x being int8 or uint8.
void WidenRow(const uint8_t* x, int64_t n, bool is_signed, int32_t zero_point, int16_t* y);

/// The longest dot product of int16 values within [-255, 255] that int32 holds whatever they are:
/// 255 * 255 * 33025 < 2^31.
inline constexpr int64_t kLongestDot = 33025;

/// c[i * c_stride + j] = sum over p < k of a[i * a_stride + p] * b[j * b_stride + p] for i < m,
/// j < n. Exact where k is at most kLongestDot and values are within [-255, 255].
void DotRows(const int16_t* a, int64_t a_stride, int64_t m, const int16_t* b, int64_t b_stride,
             int64_t n, int64_t k, int32_t* c, int64_t c_stride);

}  // namespace sardonyx::native
