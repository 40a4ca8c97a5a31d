// MatMul and Gemm by oneDNN's matrix product. Biases are put into Y first and added to.
#include "ops/common/onednn.h"

#include <algorithm>
#include <mutex>

#include "ops/matmul/matmul.h"

namespace sardonyx {
namespace {

std::string RefusesAllButFloat(const PrepareContext& context) {
  if (context.element(0) == DataType::kFloat) return "";
  return absl::StrCat("takes float only, not ", Name(context.element(0)));
}

/// Activates all of y.
Status ActivateAll(const KernelContext& context, const Activation& activation, Tensor& y) {
  if (!activation) return absl::OkStatus();
  const bool relu = activation.kind == Activation::Kind::kRelu;
  return context.ParallelFor(y.size(), relu ? 0.1 : 1, [&](int64_t begin, int64_t end) {
    Activate(activation, {y.data<float>() + begin, static_cast<size_t>(end - begin)});
  });
}

/// to = bias + residual, null being zeros.
void PutAdded(const float* bias, const float* residual, int64_t n, float* to) {
  if (residual != nullptr) {
    std::copy_n(residual, n, to);
  } else {
    std::fill_n(to, n, 0.0f);
  }
  for (int64_t j = 0; bias != nullptr && j < n; ++j) to[j] += bias[j];
}

Status RunMatMul(KernelContext& context) {
  const auto& attrs = context.attrs<MatMulAttrs>();
  SX_ASSIGN_OR_RETURN(const MatMulShape shape,
                      MakeMatMulShape(context.input(0).shape(), context.input(1).shape(), attrs));
  Tensor& y = context.output(0);
  if (y.size() == 0) return absl::OkStatus();
  const float* a = context.input(0).data<float>();
  const float* b = context.input(1).data<float>();
  const float* bias = attrs.bias ? context.input(2).data<float>() : nullptr;
  const float* residual =
      attrs.residual ? context.input(context.input_count() - 1).data<float>() : nullptr;
  float* out = y.data<float>();
  const bool adds = bias != nullptr || residual != nullptr;
  if (adds || shape.k == 0) {
    SX_RETURN_IF_ERROR(context.ParallelFor(
        shape.batches * shape.m, 0.3 * shape.n, [&](int64_t begin, int64_t end) {
          for (int64_t row = begin; row < end; ++row) {
            PutAdded(bias, residual == nullptr ? nullptr : residual + row * shape.n, shape.n,
                     out + row * shape.n);
          }
        }));
  }
  // A matrix of one row or column is not transposed for oneDNN, whatever its strides.
  const bool transpose_a = shape.a_column != 1, transpose_b = shape.b_column != 1;
  onednn::Gemm gemm{.transpose_a = transpose_a,
                    .transpose_b = transpose_b,
                    .m = shape.m,
                    .n = shape.n,
                    .k = shape.k,
                    .alpha = attrs.alpha,
                    .lda = transpose_a ? shape.a_column : std::max(shape.a_row, shape.k),
                    .ldb = transpose_b ? shape.b_column : std::max(shape.b_row, shape.n),
                    .beta = adds ? 1.0f : 0.0f,
                    .ldc = shape.n};
  if (shape.k > 0 && shape.SharesB()) {
    gemm.m = shape.batches * shape.m;
    gemm.a = a;
    gemm.b = b;
    gemm.c = out;
    SX_RETURN_IF_ERROR(onednn::Run(context, gemm));
  } else if (shape.k > 0) {
    std::mutex mutex;
    Status first;
    const double cost = 0.05 * shape.m * shape.k * shape.n;
    SX_RETURN_IF_ERROR(context.ParallelFor(shape.batches, cost, [&](int64_t begin, int64_t end) {
      for (int64_t batch = begin; batch < end; ++batch) {
        onednn::Gemm one = gemm;
        one.a = a + shape.AOffset(batch);
        one.b = b + shape.BOffset(batch);
        one.c = out + batch * shape.m * shape.n;
        if (Status status = onednn::Run(one); !status.ok()) {
          const std::lock_guard lock(mutex);
          first.Update(status);
        }
      }
    }));
    SX_RETURN_IF_ERROR(first);
  }
  return ActivateAll(context, attrs.activation, y);
}

Status RunGemm(KernelContext& context) {
  const auto& attrs = context.attrs<GemmAttrs>();
  const Tensor &a = context.input(0), &b = context.input(1), &c = context.input(2);
  SX_ASSIGN_OR_RETURN(const GemmShape shape, MakeGemmShape(a.shape(), b.shape(), attrs));
  Tensor& y = context.output(0);
  if (y.size() == 0) return absl::OkStatus();
  const bool has_c = c.defined() && attrs.beta != 0, adds = has_c || attrs.residual;
  const float* residual = attrs.residual ? context.input(kGemmResidual).data<float>() : nullptr;
  float* out = y.data<float>();
  if (adds || shape.k == 0) {
    const GemmBias step = has_c ? StridesOfBias(c.shape()) : GemmBias{};
    SX_RETURN_IF_ERROR(context.ParallelFor(shape.m, 0.3 * shape.n, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float* from = has_c ? c.data<float>() + i * step.row : nullptr;
        PutAdded(nullptr, residual == nullptr ? nullptr : residual + i * shape.n, shape.n,
                 out + i * shape.n);
        for (int64_t j = 0; has_c && j < shape.n; ++j) {
          out[i * shape.n + j] += attrs.beta * from[j * step.column];
        }
      }
    }));
  }
  if (shape.k > 0) {
    SX_RETURN_IF_ERROR(onednn::Run(context, {.transpose_a = attrs.trans_a,
                                             .transpose_b = attrs.trans_b,
                                             .m = shape.m,
                                             .n = shape.n,
                                             .k = shape.k,
                                             .alpha = attrs.alpha,
                                             .a = a.data<float>(),
                                             .lda = a.dim(1),
                                             .b = b.data<float>(),
                                             .ldb = b.dim(1),
                                             .beta = adds ? 1.0f : 0.0f,
                                             .c = out,
                                             .ldc = shape.n}));
  }
  return ActivateAll(context, attrs.activation, y);
}

}  // namespace

KernelDef MatMulOneDnn() {
  return SimpleKernel<RunMatMul>("matmul.onednn", Backend::kOneDnn, RefusesAllButFloat);
}

KernelDef GemmOneDnn() {
  return SimpleKernel<RunGemm>("gemm.onednn", Backend::kOneDnn, RefusesAllButFloat);
}

}  // namespace sardonyx
