// The reference kernels of MatMul and Gemm: every type, sums in its accumulator.
#include "ops/matmul/matmul.h"
#include "ops/matmul/product.h"

namespace sardonyx {
namespace {

using ProductTypes = TypeList<float, double, Half, BFloat16, int32_t, int64_t, uint32_t, uint64_t>;

/// `value` as T, activated where there is an activation, which floats alone have.
template <typename T>
T Finish(const Activation& activation, Accumulator<T> value) {
  if constexpr (std::is_integral_v<T>) {
    return Narrow<T>(value);
  } else {
    return static_cast<T>(Apply(activation, static_cast<ComputeType<T>>(value)));
  }
}

template <typename T>
Status MatMul(KernelContext& context, const MatMulShape& shape) {
  const auto& attrs = context.attrs<MatMulAttrs>();
  const T* a = context.input(0).data<T>();
  const T* b = context.input(1).data<T>();
  const T* bias = attrs.bias ? context.input(2).data<T>() : nullptr;
  const T* residual = attrs.residual ? context.input(context.input_count() - 1).data<T>() : nullptr;
  T* y = context.output(0).data<T>();
  return context.ParallelFor(
      shape.batches * shape.m, 1.0 * shape.k * shape.n, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const int64_t batch = row / shape.m;
          T* out = y + row * shape.n;
          ProductRow<T>({a + shape.AOffset(batch), shape.a_row, shape.a_column},
                        {b + shape.BOffset(batch), shape.b_row, shape.b_column}, row % shape.m,
                        shape.k, shape.n, [&](int64_t j, Accumulator<T> sum) {
                          if constexpr (!std::is_integral_v<T>) sum *= attrs.alpha;
                          if (bias != nullptr) sum += Widen(bias[j]);
                          if (residual != nullptr) sum += Widen(residual[row * shape.n + j]);
                          out[j] = Finish<T>(attrs.activation, sum);
                        });
        }
      });
}

/// alpha sum + beta c. Integers scale in double unless the factors are 1, as NumPy would.
template <typename T>
Accumulator<T> Scale(const GemmAttrs& attrs, Accumulator<T> sum, const T* c) {
  if constexpr (std::is_integral_v<T>) {
    if (attrs.alpha == 1 && attrs.beta == 1) return sum + (c == nullptr ? 0 : Widen(*c));
    const double product = static_cast<double>(static_cast<T>(sum));
    return Widen(FromDouble<T>(attrs.alpha * product +
                               (c == nullptr ? 0.0 : attrs.beta * static_cast<double>(*c))));
  } else {
    // beta 0 does not read C, whose NaN would otherwise spread: as BLAS has it.
    const double added = c == nullptr || attrs.beta == 0 ? 0 : attrs.beta * Widen(*c);
    return attrs.alpha * sum + added;
  }
}

template <typename T>
Status Gemm(KernelContext& context, const GemmShape& shape) {
  const auto& attrs = context.attrs<GemmAttrs>();
  const Tensor &a = context.input(0), &b = context.input(1);
  const T* c = context.has_input(2) ? context.input(2).data<T>() : nullptr;
  const GemmBias step = c == nullptr ? GemmBias{} : StridesOfBias(context.input(2).shape());
  const T* residual = attrs.residual ? context.input(kGemmResidual).data<T>() : nullptr;
  T* y = context.output(0).data<T>();
  const auto view = [](const Tensor& tensor, bool transposed) {
    return MatrixView<T>{tensor.data<T>(), transposed ? 1 : tensor.dim(1),
                         transposed ? tensor.dim(1) : 1};
  };
  return context.ParallelFor(shape.m, 1.0 * shape.k * shape.n, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      ProductRow<T>(view(a, attrs.trans_a), view(b, attrs.trans_b), i, shape.k, shape.n,
                    [&](int64_t j, Accumulator<T> sum) {
                      const T* added = c == nullptr ? nullptr : c + i * step.row + j * step.column;
                      Accumulator<T> value = Scale<T>(attrs, sum, added);
                      if (residual != nullptr) value += Widen(residual[i * shape.n + j]);
                      y[i * shape.n + j] = Finish<T>(attrs.activation, value);
                    });
    }
  });
}

}  // namespace

Status RunMatMulReference(KernelContext& context) {
  SX_ASSIGN_OR_RETURN(const MatMulShape shape,
                      MakeMatMulShape(context.input(0).shape(), context.input(1).shape(),
                                      context.attrs<MatMulAttrs>()));
  if (context.output(0).size() == 0) return absl::OkStatus();
  return Dispatch(context.input(0).type(), ProductTypes{},
                  [&]<typename T>() { return MatMul<T>(context, shape); });
}

Status RunGemmReference(KernelContext& context) {
  SX_ASSIGN_OR_RETURN(const GemmShape shape,
                      MakeGemmShape(context.input(0).shape(), context.input(1).shape(),
                                    context.attrs<GemmAttrs>()));
  if (context.output(0).size() == 0) return absl::OkStatus();
  return Dispatch(context.input(0).type(), ProductTypes{},
                  [&]<typename T>() { return Gemm<T>(context, shape); });
}

}  // namespace sardonyx
