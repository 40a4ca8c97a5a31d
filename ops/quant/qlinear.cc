#include "ops/quant/qlinear.h"

#include "ops/common/element_check.h"

namespace sardonyx {

StatusOr<Linear> LinearOf(const KernelContext& context, int scale, int zero, DataType type) {
  Linear linear{.low = type == DataType::kInt8 ? -128 : 0};
  SX_ASSIGN_OR_RETURN(linear.scale, SingleReal(context, scale, "a scale", 1.0f));
  SX_ASSIGN_OR_RETURN(const float point, SingleReal(context, zero, "a zero point", 0.0f));
  linear.zero = static_cast<int32_t>(point);
  return linear;
}

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

}  // namespace sardonyx
