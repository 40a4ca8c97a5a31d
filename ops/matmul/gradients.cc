#include "ops/matmul/gradients.h"

#include <numeric>

#include "ops/common/gradients.h"
#include "ops/matmul/matmul.h"

namespace sardonyx {
namespace {

ValueId AddAxis(GradientContext& context, ValueId x, int64_t axis) {
  return context.Add("Unsqueeze", {x, context.Constant(Tensor::Of<int64_t>({1}, {axis}))});
}

/// The matrices of x, a tensor of that rank, transposed.
ValueId Transposed(GradientContext& context, ValueId x, int rank) {
  std::vector<int64_t> perm(static_cast<size_t>(rank));
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[rank - 2], perm[rank - 1]);
  return context.Add("Transpose", {x}, {{"perm", {perm}}});
}

}  // namespace

// g B' and A' g, summed over the batches along which A or B repeats. Vectors are matrices of one
// row or column.
Status MatMulGradient(GradientContext& context) {
  ValueId a = context.input(0), b = context.input(1), g = context.output_gradient();
  int a_rank = context.type(a).rank(), b_rank = context.type(b).rank();
  if (a_rank < 1 || b_rank < 1) {
    return Unimplemented("cannot be differentiated, as the ranks of its inputs are not known");
  }
  const bool row = a_rank == 1, column = b_rank == 1;
  if (column) {
    b = AddAxis(context, b, 1);
    g = AddAxis(context, g, -1);
    b_rank = 2;
  }
  if (row) {
    a = AddAxis(context, a, 0);
    g = AddAxis(context, g, -2);
    a_rank = 2;
  }
  const ValueId of_a = context.Add("MatMul", {g, Transposed(context, b, b_rank)});
  const ValueId of_b = context.Add("MatMul", {Transposed(context, a, a_rank), g});
  context.set_input_gradient(0,
                             ReshapeLike(context, SumToLike(context, of_a, a), context.input(0)));
  context.set_input_gradient(1,
                             ReshapeLike(context, SumToLike(context, of_b, b), context.input(1)));
  return absl::OkStatus();
}

// Of Y = alpha A' B' + beta C, where A' and B' are A and B or their transposes.
Status GemmGradient(GradientContext& context) {
  const auto& attrs = context.attrs<GemmAttrs>();
  const ValueId a = context.input(0), b = context.input(1), g = context.output_gradient();
  const auto product = [&](ValueId left, bool trans_left, ValueId right, bool trans_right) {
    return context.Add("Gemm", {left, right},
                       {{"alpha", {attrs.alpha}},
                        {"transA", {int64_t{trans_left}}},
                        {"transB", {int64_t{trans_right}}}});
  };
  context.set_input_gradient(
      0, attrs.trans_a ? product(b, attrs.trans_b, g, true) : product(g, false, b, !attrs.trans_b));
  context.set_input_gradient(
      1, attrs.trans_b ? product(g, true, a, attrs.trans_a) : product(a, !attrs.trans_a, g, false));
  const ValueId c = context.input(2);
  if (c == kNoValue) return absl::OkStatus();
  const ValueId scaled = context.Add("Mul", {g, ScalarLike(context, attrs.beta, g)});
  context.set_input_gradient(2, SumToLike(context, scaled, c));
  return absl::OkStatus();
}

}  // namespace sardonyx
