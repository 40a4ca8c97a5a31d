// Gelu: x times the probability that a standard normal variable is below x, and its approximation
// by tanh (Hendrycks and Gimpel, arXiv:1606.08415). Those of com.microsoft may add a bias first.
#include <algorithm>
#include <cmath>

#include "ops/common/contrib.h"
#include "ops/elementwise/native.h"
#include "ops/elementwise/unary.h"

namespace sardonyx {
namespace {

/// flag: the approximation.
struct Gelu {
  static constexpr double kCost = 15;
  template <typename T>
  static T Apply(T x, const UnaryAttrs& attrs) {
    if (!attrs.flag) return T(0.5) * x * std::erfc(x * T(-0.70710678118654752440));
    const T u = T(0.79788456080286535588) * x * (T{1} + T(0.044715) * x * x);
    return x * SigmoidOf(2 * u);  // (1 + tanh u) / 2
  }
};

StatusOr<std::shared_ptr<Attrs>> ParseGelu(ParseContext& context) {
  auto attrs = std::make_shared<UnaryAttrs>();
  const std::string approximate = context.String("approximate", "none");
  if (approximate != "none" && approximate != "tanh") {
    context.Fail(
        absl::StrCat("attribute 'approximate' is '", approximate, "', neither 'none' nor 'tanh'"));
  }
  attrs->flag = approximate == "tanh";
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseFastGelu(ParseContext&) {
  auto attrs = std::make_shared<UnaryAttrs>();
  attrs->flag = true;
  return attrs;
}

// ---- With a bias: input 1, if it is there, is added along the last axis ---------------------

Status InferBiasGelu(InferContext& context) {
  SX_RETURN_IF_ERROR(InferUnary<Floats>(context));
  if (!context.has_input(1)) return absl::OkStatus();
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 1));
  const DataType x_type = context.element(0), bias_type = context.element(1);
  if (x_type != bias_type && x_type != DataType::kUndefined && bias_type != DataType::kUndefined) {
    return InvalidArgument("X has element type ", Name(x_type), " and the bias ", Name(bias_type),
                           ", which must be the same");
  }
  const SymbolicShape *x = context.shape(0), *bias = context.shape(1);
  if (bias == nullptr) return absl::OkStatus();
  if (bias->size() != 1 ||
      (x != nullptr && (x->empty() || (x->back().known() && bias->back().known() &&
                                       x->back().value != bias->back().value)))) {
    return InvalidArgument("the bias has shape ", ToString(*bias), ", not one number for each of ",
                           "the last axis of X ", x == nullptr ? "?" : ToString(*x));
  }
  return absl::OkStatus();
}

/// Calls piece(i, n, column) for runs of elements [i, i + n) of input 0 that together cover it and
/// lie within a row each, `column` being the place in the row.
Status ForEachRowPiece(const KernelContext& context, double cost,
                       absl::FunctionRef<void(int64_t i, int64_t n, int64_t column)> piece) {
  const int64_t columns = context.input(1).size();
  return context.ParallelFor(context.input(0).size(), cost, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin, n = 0; i < end; i += n) {
      n = std::min(columns - i % columns, end - i);
      piece(i, n, i % columns);
    }
  });
}

Status RunBiasGelu(KernelContext& context) {
  if (!context.has_input(1)) return RunUnary<Gelu, Floats>(context);
  const auto& attrs = context.attrs<UnaryAttrs>();
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() {
    using C = ComputeType<T>;
    const T *x = context.input(0).data<T>(), *bias = context.input(1).data<T>();
    T* y = context.output(0).data<T>();
    return ForEachRowPiece(context, Gelu::kCost, [&](int64_t at, int64_t n, int64_t column) {
      for (int64_t i = 0; i < n; ++i) {
        const C sum = static_cast<C>(x[at + i]) + static_cast<C>(bias[column + i]);
        y[at + i] = static_cast<T>(Gelu::Apply(sum, attrs));
      }
    });
  });
}

Status RunNativeBiasGelu(KernelContext& context) {
  if (!context.has_input(1)) return RunFloatRows(context, native::Gelu);
  const auto& attrs = context.attrs<UnaryAttrs>();
  const float *x = context.input(0).data<float>(), *bias = context.input(1).data<float>();
  float* y = context.output(0).data<float>();
  return ForEachRowPiece(context, 1, [&](int64_t at, int64_t n, int64_t column) {
    for (int64_t i = 0; i < n; ++i) y[at + i] = x[at + i] + bias[column + i];
    native::Gelu(y + at, y + at, n, attrs);
  });
}

OpDef BiasGeluOp(ParseFn parse, int min_inputs) {
  return {.min_inputs = min_inputs,
          .max_inputs = 2,
          .parse = parse,
          .infer = InferBiasGelu,
          .kernels = {SimpleKernel<RunNativeBiasGelu>("elementwise.simd", Backend::kNative,
                                                      RefuseUnlessFloat),
                      SimpleKernel<RunBiasGelu>("elementwise.loop")},
          .in_place = {0}};
}

}  // namespace

std::vector<OpDef> GeluOps() {
  const OpDef gelu = UnaryOpWithNative<Gelu, Floats, native::Gelu>("Gelu", {20}, ParseGelu);
  OpDef exact = gelu;
  exact.parse = ParseNoAttributes;
  return {gelu, AsContrib(exact, "Gelu"), AsContrib(BiasGeluOp(ParseNoAttributes, 2), "BiasGelu"),
          AsContrib(BiasGeluOp(ParseFastGelu, 1), "FastGelu")};
}

}  // namespace sardonyx
