// Elements of quantised and other real types as float, block by block.
#pragma once

#include "runtime/op.h"

namespace sardonyx {

/// out[i] = element first + i as float, exact for every type but int32.
using ReadReals = void (*)(const void* data, int64_t first, int64_t n, float* out);
/// Null for types that are not quantised, scales or what is quantised: strings, 64-bit types, ...
ReadReals FindReader(DataType type);

/// All elements of `tensor` as float. Errors: a type that FindReader does not know.
StatusOr<std::vector<float>> ToFloats(const Tensor& tensor);

/// The single element of a scale or zero point that holds for a whole tensor; `otherwise` where
/// the input is left out. Errors: more than one element.
StatusOr<float> SingleReal(const KernelContext& context, int i, absl::string_view name,
                           float otherwise);

/// `value` rounded to what a float type of fewer bits holds; other types leave it as it is.
float RoundTo(DataType type, float value);

/// Writes values, quantised but not yet rounded: y = saturate(round(value) + zero_point), halves to
/// even; for narrow float types the nearest of them to value + zero_point, beyond their ends the
/// greatest where `saturate`.
using WriteQuantized = void (*)(const float* values, const float* zero_points, int64_t zero_step,
                                bool saturate, void* y, int64_t first, int64_t n);
/// Null for types that nothing is quantised to.
WriteQuantized FindWriter(DataType type);

/// Types of quantised tensors.
using QuantizedTypes =
    TypeList<int8_t, uint8_t, int16_t, uint16_t, Int4, UInt4, Int2, UInt2, Float8E4M3FN,
             Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ, Float4E2M1, Float6E2M3, Float6E3M2>;

}  // namespace sardonyx
