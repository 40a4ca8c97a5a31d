// What MatMul and Gemm nodes say, for every kernel that computes them.
#pragma once

#include <optional>
#include <utility>

#include "ops/common/activation.h"
#include "runtime/op.h"

namespace sardonyx {

/// How MatMul reads one of its operands, of rank 2 at least; a vector is read as it is.
struct MatMulOperand {
  bool transposed = false;        // the last two axes change places
  bool batch_transposed = false;  // before that the first axis moves to the last but one

  /// The operand's shape as it enters the product. T is an index of dimensions: Shape, say.
  template <typename T>
  T Seen(T shape, int rank) const {
    for (int i = 0; batch_transposed && i + 2 < rank; ++i) std::swap(shape[i], shape[i + 1]);
    if (transposed && rank >= 2) std::swap(shape[rank - 2], shape[rank - 1]);
    return shape;
  }
};

/// Y = activation(alpha A B + bias + residual). The bias, the residual and, but for FusedMatMul,
/// the activation are put there by rewrites, for float32 only.
struct MatMulAttrs : Attrs {
  MatMulOperand a, b;  // of FusedMatMul, as is alpha
  float alpha = 1;
  Activation activation;
  bool bias = false;      // input 2 holds one number for each of Y's columns
  bool residual = false;  // the last input has Y's shape

  int inputs() const { return 2 + bias + residual; }
};

/// Y = activation(alpha A' B' + beta C + residual), A' and B' transposed where the flags say so.
/// The residual is put there by a rewrite, only where beta is 1 and C left out or one row.
struct GemmAttrs : Attrs {
  float alpha = 1;
  float beta = 1;
  bool trans_a = false;
  bool trans_b = false;
  Activation activation;
  bool residual = false;  // input kGemmResidual has Y's shape
};
inline constexpr int kGemmResidual = 3;

/// A MatMul of given shapes as a batch of m x k by k x n products. Vectors have become matrices of
/// one row or column.
struct MatMulShape {
  int64_t m = 1, k = 1, n = 1;
  int64_t a_row = 1, a_column = 1;  // elements to move in A's memory for a step down and across
  int64_t b_row = 1, b_column = 1;
  Shape batch;          // leading dimensions of the result, those of A and B broadcast
  Ints a_step, b_step;  // elements to move in A and B for a step along each batch axis, 0 or more
  int64_t batches = 1;

  /// Elements from the start of A and B to the matrices of batch `index` in row-major order.
  int64_t AOffset(int64_t index) const { return Offset(a_step, index); }
  int64_t BOffset(int64_t index) const { return Offset(b_step, index); }
  /// B is the same matrix for every batch, so that batches are only more rows of A, which are
  /// dense and row-major.
  bool SharesB() const;

 private:
  int64_t Offset(const Ints& step, int64_t index) const;
};

/// Errors: rank 0, inner dimensions that differ, batches that do not broadcast.
StatusOr<MatMulShape> MakeMatMulShape(const Shape& a, const Shape& b,
                                      const MatMulAttrs& attrs = {});

/// The shape of a product where some sizes may be symbols. Errors: as MakeMatMulShape.
StatusOr<std::optional<SymbolicShape>> MatMulResult(const SymbolicShape& a, const SymbolicShape& b);

/// Sizes of a Gemm. Errors: ranks other than 2, inner dimensions that differ.
struct GemmShape {
  int64_t m = 0, k = 0, n = 0;
};
StatusOr<GemmShape> MakeGemmShape(const Shape& a, const Shape& b, const GemmAttrs& attrs);

/// Element strides with which C, broadcast to m x n, is read: row and column, 0 where it repeats.
/// C has passed Gemm's inference.
struct GemmBias {
  int64_t row = 0, column = 0;
};
GemmBias StridesOfBias(const Shape& c);
/// An error where C, of which null says that nothing is known, does not broadcast to the result.
Status CheckGemmBias(const SymbolicShape* c, const SymbolicShape& result);

// Parts of the OpDefs, each in a file of its own.
StatusOr<std::shared_ptr<Attrs>> ParseMatMul(ParseContext& context);
StatusOr<std::shared_ptr<Attrs>> ParseFusedMatMul(ParseContext& context);
StatusOr<std::shared_ptr<Attrs>> ParseGemm(ParseContext& context);
StatusOr<std::shared_ptr<Attrs>> ParseFusedGemm(ParseContext& context);
Status InferMatMul(InferContext& context);
Status InferFusedMatMul(InferContext& context);
Status InferGemm(InferContext& context);
double MatMulMultiplyAdds(const PrepareContext& context);
double GemmMultiplyAdds(const PrepareContext& context);
Status RunMatMulReference(KernelContext& context);
Status RunGemmReference(KernelContext& context);
KernelDef MatMulOneDnn();
KernelDef GemmOneDnn();
std::vector<Rewrite> MatMulRewrites();
std::vector<Rewrite> GemmRewrites();

}  // namespace sardonyx
