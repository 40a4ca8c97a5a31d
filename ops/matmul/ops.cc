#include "ops/matmul/ops.h"

#include "ops/common/contrib.h"
#include "ops/matmul/gradients.h"
#include "ops/matmul/matmul.h"
#include "ops/matmul/native.h"

namespace sardonyx {

std::vector<OpDef> MatmulOps() {
  const OpDef matmul = {.name = "MatMul",
                        .versions = {1, 9, 13},
                        .min_inputs = 2,
                        .max_inputs = 2,  // rewrites may add a bias and a residual
                        .parse = ParseMatMul,
                        .infer = InferMatMul,
                        .kernels = {MatMulNative(), MatMulOneDnn(),
                                    SimpleKernel<RunMatMulReference>("matmul.reference")},
                        .rewrites = MatMulRewrites(),
                        .multiply_adds = MatMulMultiplyAdds,
                        .gradient = MatMulGradient};
  const OpDef gemm = {
      .name = "Gemm",
      .versions = {1, 6, 7, 9, 11, 13},
      .min_inputs = 2,
      .max_inputs = 3,
      .parse = ParseGemm,
      .infer = InferGemm,
      .kernels = {GemmNative(), GemmOneDnn(), SimpleKernel<RunGemmReference>("gemm.reference")},
      .rewrites = GemmRewrites(),
      .multiply_adds = GemmMultiplyAdds,
      .gradient = GemmGradient};
  OpDef fused_matmul = matmul;
  fused_matmul.parse = ParseFusedMatMul;
  fused_matmul.infer = InferFusedMatMul;
  OpDef fused_gemm = gemm;
  fused_gemm.parse = ParseFusedGemm;
  return {matmul, gemm, AsContrib(fused_matmul, "FusedMatMul"), AsContrib(fused_gemm, "FusedGemm")};
}

}  // namespace sardonyx
