#include "ops/elementwise/unary.h"

#include <algorithm>

#include "ops/common/half.h"

namespace sardonyx {

StatusOr<std::shared_ptr<Attrs>> ParseNoAttributes(ParseContext& context) {
  if (context.version() < 6) context.Ignore("consumed_inputs");
  return std::make_shared<UnaryAttrs>();
}

Status RunUnaryRows(KernelContext& context, UnaryRow row, double cost) {
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0);
  const auto* in = static_cast<const std::byte*>(x.raw());
  auto* out = static_cast<std::byte*>(y.raw());
  const auto in_size = static_cast<int64_t>(ElementSize(x.type()));
  const auto out_size = static_cast<int64_t>(ElementSize(y.type()));
  const auto& attrs = context.attrs<UnaryAttrs>();
  return context.ParallelFor(x.size(), cost, [&](int64_t begin, int64_t end) {
    row(in + begin * in_size, out + begin * out_size, end - begin, attrs);
  });
}

Status RunFloatRows(KernelContext& context, UnaryRow row) {
  const Tensor& x = context.input(0);
  if (x.type() == DataType::kFloat) return RunUnaryRows(context, row, 0.5);
  const auto& attrs = context.attrs<UnaryAttrs>();
  const Half* in = x.data<Half>();
  Half* out = context.output(0).data<Half>();
  return context.ParallelFor(x.size(), 1, [&](int64_t begin, int64_t end) {
    constexpr int64_t kBlock = 512;
    float wide[kBlock];
    for (int64_t i = begin; i < end; i += kBlock) {
      const int64_t n = std::min(kBlock, end - i);
      HalfToFloat(in + i, n, wide);
      row(wide, wide, n, attrs);
      FloatToHalf(wide, n, out + i);
    }
  });
}

std::string RefuseUnlessFloatOrHalf(const PrepareContext& context) {
  const DataType type = context.element(0);
  if (type == DataType::kFloat || type == DataType::kFloat16) return "";
  return absl::StrCat("takes float and float16, not ", Name(type));
}

std::string RefuseUnlessFloat(const PrepareContext& context) {
  const DataType type = context.element(0);
  if (type == DataType::kFloat) return "";
  return absl::StrCat("takes float, not ", Name(type));
}

}  // namespace sardonyx
