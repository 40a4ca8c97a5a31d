// What com.microsoft's operators between quantised tensors share, which ONNX Runtime's quantiser
// writes into models in QOperator form: bytes with one scale and zero point for a tensor. Results
// are those of the float operator between dequantised inputs and the quantised output.
#pragma once

#include <array>
#include <initializer_list>

#include "ops/quant/integer.h"

namespace sardonyx {

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

/// From the inputs numbered `scale` and `zero` (0 where it is left out), of a tensor of `type`.
/// Errors: not one number each.
StatusOr<Linear> LinearOf(const KernelContext& context, int scale, int zero, DataType type);

/// Checks that the inputs numbered `tensors` are bytes of one type, `scales` floats, and `zeros` of
/// the tensors' type.
Status CheckBytes(const InferContext& context, std::initializer_list<int> tensors,
                  std::initializer_list<int> scales, std::initializer_list<int> zeros);

/// What each byte becomes: there are but 256 of them.
template <typename Function>
std::array<uint8_t, 256> ByteTable(const Linear& from, const Linear& to, const Function& function) {
  std::array<uint8_t, 256> table;
  for (int byte = 0; byte < 256; ++byte) {
    table[byte] = to.Byte(function(from.Real(static_cast<uint8_t>(byte))));
  }
  return table;
}

// The operators, each in a file of its own name.
std::vector<OpDef> QLinearElementwiseOps();  // QLinearAdd, QLinearMul, QLinearSigmoid, ...
std::vector<OpDef> QLinearPoolOps();
OpDef QLinearSoftmaxOp();
OpDef QLinearConcatOp();

}  // namespace sardonyx
