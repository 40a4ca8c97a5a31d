#include "ops/quant/integer.h"

#include <algorithm>

#include "ops/common/element_check.h"
#include "ops/common/float8.h"
#include "ops/common/infer.h"

namespace sardonyx {

StatusOr<DataType> CheckIntegerTypes(const InferContext& context, const IntegerSlots& slots) {
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.has_input(i)) SX_RETURN_IF_ERROR(CheckIsTensor(context, i));
  }
  using Bytes = TypeList<int8_t, uint8_t>;
  using BytesOrFloat8 = decltype(Bytes{} + Float8s{});
  const bool narrow = slots.quantizes() && slots.bias < 0;  // QLinearMatMul since opset 21
  const auto check = [&](int tensor, int zero, absl::string_view name) -> Status {
    const DataType type = context.element(tensor);
    if (narrow) {
      SX_RETURN_IF_ERROR(CheckElement(type, BytesOrFloat8{}, name));
    } else {
      SX_RETURN_IF_ERROR(CheckElement(type, Bytes{}, name));
    }
    if (zero < 0 || !context.has_input(zero)) return absl::OkStatus();
    const DataType zero_type = context.element(zero);
    if (type != zero_type && type != DataType::kUndefined && zero_type != DataType::kUndefined) {
      return InvalidArgument("input ", name, " has element type ", Name(type),
                             " and its zero point ", Name(zero_type), ", which must be the same");
    }
    return absl::OkStatus();
  };
  // An x without a scale of its own where w has one is float.
  if (slots.x_scale < 0 && slots.w_scale >= 0) {
    SX_RETURN_IF_ERROR(CheckElement(context.element(slots.x), TypeList<float>{}, "x"));
  } else {
    SX_RETURN_IF_ERROR(check(slots.x, slots.x_zero, "x"));
  }
  SX_RETURN_IF_ERROR(check(slots.w, slots.w_zero, "w"));
  if (slots.dequantizes()) {
    if (slots.x_scale < 0) return CommonElement(context, TypeList<float>{}, {slots.w_scale});
    return CommonElement(context, TypeList<float, Half>{}, {slots.x_scale, slots.w_scale});
  }
  if (!slots.quantizes()) return DataType::kInt32;
  using Scales = TypeList<float, Half, BFloat16>;
  for (int i : {slots.x_scale, slots.w_scale, slots.y_scale}) {
    SX_RETURN_IF_ERROR(CheckElement(context.element(i), Scales{}, absl::StrCat(i)));
  }
  const DataType type = context.element(slots.y_zero);
  if (narrow) {
    SX_RETURN_IF_ERROR(CheckElement(type, BytesOrFloat8{}, "y_zero_point"));
  } else {
    SX_RETURN_IF_ERROR(CheckElement(type, Bytes{}, "y_zero_point"));
  }
  return type;
}

Status CheckCount(const InferContext& context, int i, absl::string_view name,
                  std::initializer_list<Dim> counts) {
  if (i < 0 || !context.has_input(i)) return absl::OkStatus();
  const auto shape = context.input(i).StaticShape();
  if (!shape || shape->Elements() == 1) return absl::OkStatus();
  for (const Dim& count : counts) {
    if (!count.known() || count.value == shape->Elements()) return absl::OkStatus();
  }
  return InvalidArgument("input ", name, " has shape ", shape->ToString(),
                         "; it must hold one number or one for each row, column or channel");
}

float ScaleAt(const Tensor& scales, int64_t i) {
  const ReadReals read = FindReader(scales.type());
  if (read == nullptr || scales.size() == 0) return 0;
  float value = 0;
  read(scales.raw(), scales.size() == 1 ? 0 : i, 1, &value);
  return value;
}

float Multiplier(const Tensor& x_scale, int64_t row, const Tensor& w_scale, int64_t column,
                 const Tensor& y_scale) {
  const DataType type = x_scale.type();
  const float product = RoundTo(type, ScaleAt(x_scale, row) * ScaleAt(w_scale, column));
  return RoundTo(type, product / ScaleAt(y_scale, 0));
}

}  // namespace sardonyx
