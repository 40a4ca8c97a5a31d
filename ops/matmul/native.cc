#include "ops/matmul/native.h"

#include <optional>

#include "ops/common/scratch.h"
#include "ops/matmul/gemm.h"
#include "ops/matmul/matmul.h"

namespace sardonyx {
namespace {

using Layout = GemmProblem::Layout;

constexpr int64_t kPackLines = 8;  // with fewer rows or columns, constants are read where they lie

std::string RefusesAllButFloat(const PrepareContext& context) {
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.has_input(i) && context.element(i) != DataType::kFloat) {
      return absl::StrCat("works on float, not ", Name(context.element(i)));
    }
  }
  return "";
}

/// What both kernels are made of: a plan, made before the run if the sizes are known by then, and
/// packed constants.
struct Prepared : Kernel {
  int64_t scratch_bytes() const override { return plan ? plan->scratch_bytes() : 0; }
  bool reads(int input) const override { return input > 1 || (input == 0 ? a : b) == nullptr; }

  /// Runs the plan, or one for `problem` if there is none yet.
  Status Multiply(KernelContext& context, GemmProblem problem,
                  absl::FunctionRef<GemmOperands(int64_t)> operands) const {
    std::optional<GemmPlan> made;
    if (!plan) made.emplace(problem, context.environment().pool->threads());
    const GemmPlan& use = plan ? *plan : *made;
    Tensor temporary;
    SX_ASSIGN_OR_RETURN(const absl::Span<std::byte> scratch,
                        ScratchOf(context, use.scratch_bytes(), &temporary));
    return use.Run(operands, nullptr, scratch, *context.environment().pool,
                   *context.environment().control);
  }

  std::optional<GemmPlan> plan;
  std::shared_ptr<const PackedMatrix> a, b;  // null where not packed
};

/// Packs the constants of a problem that is worth it, and plans.
Status Prepare(const PrepareContext& context, GemmProblem problem, bool one_a, bool one_b,
               Prepared* prepared) {
  if (!problem.sensible()) {
    return LimitExceeded("a product of ", problem.m, "x", problem.k, " and ", problem.k, "x",
                         problem.n, " matrices is too large");
  }
  const Tensor *a = context.constant(0), *b = context.constant(1);
  if (b != nullptr && one_b && problem.m > kPackLines) {
    prepared->b = context.Shared<PackedMatrix>("gemm.right", [&] {
      return PackedMatrix::Right(b->data<float>(), problem.b.row_stride, problem.b.column_stride,
                                 problem.k, problem.n, &context.environment());
    });
    if (prepared->b == nullptr) return context.NotPacked("B of the matrix product");
    problem.b.layout = Layout::kPacked;
  }
  if (a != nullptr && one_a && problem.n > kPackLines) {
    prepared->a = context.Shared<PackedMatrix>("gemm.left", [&] {
      return PackedMatrix::Left(a->data<float>(), problem.a.row_stride, problem.a.column_stride,
                                problem.m, problem.k, &context.environment());
    });
    if (prepared->a == nullptr) return context.NotPacked("A of the matrix product");
    problem.a.layout = Layout::kPacked;
  }
  prepared->plan.emplace(problem, context.threads());
  return absl::OkStatus();
}

// ---- MatMul ---------------------------------------------------------------------------------

GemmProblem ProblemOf(const MatMulShape& shape) {
  GemmProblem problem{.m = shape.m, .n = shape.n, .k = shape.k, .count = shape.batches};
  if (shape.SharesB()) {
    problem.m = shape.batches * shape.m;
    problem.count = 1;
  }
  problem.a = {.row_stride = shape.a_row, .column_stride = shape.a_column};
  problem.b = {.row_stride = shape.b_row, .column_stride = shape.b_column};
  problem.c_stride = shape.n;
  return problem;
}

struct MatMulKernel : Prepared {
  Status Run(KernelContext& context) const override {
    const auto& attrs = context.attrs<MatMulAttrs>();
    SX_ASSIGN_OR_RETURN(const MatMulShape shape,
                        MakeMatMulShape(context.input(0).shape(), context.input(1).shape(), attrs));
    if (context.output(0).size() == 0) return absl::OkStatus();
    const GemmProblem problem = ProblemOf(shape);
    const float* left = context.input(0).data<float>();
    const float* right = context.input(1).data<float>();
    const float* bias = attrs.bias ? context.input(2).data<float>() : nullptr;
    const float* residual =
        attrs.residual ? context.input(context.input_count() - 1).data<float>() : nullptr;
    float* y = context.output(0).data<float>();
    return Multiply(context, problem, [&](int64_t i) {
      return GemmOperands{
          .a = a != nullptr ? a->data() : left + shape.AOffset(i),
          .b = b != nullptr ? b->data() : right + shape.BOffset(i),
          .c = y + i * problem.m * problem.n,
          .epilogue = {
              .alpha = attrs.alpha,
              .column_bias = bias,
              .residual = residual == nullptr ? nullptr : residual + i * problem.m * problem.n,
              .residual_stride = problem.n,
              .activation = attrs.activation}};
    });
  }
};

StatusOr<std::unique_ptr<Kernel>> PrepareMatMul(const PrepareContext& context) {
  auto kernel = std::make_unique<MatMulKernel>();
  const auto a = context.shape(0), b = context.shape(1);
  if (a && b) {
    SX_ASSIGN_OR_RETURN(const MatMulShape shape,
                        MakeMatMulShape(*a, *b, context.attrs<MatMulAttrs>()));
    const GemmProblem problem = ProblemOf(shape);
    const bool one_a = a->Elements() == problem.m * problem.k;
    const bool one_b = b->Elements() == problem.k * problem.n;
    SX_RETURN_IF_ERROR(Prepare(context, problem, one_a, one_b, kernel.get()));
  }
  return kernel;
}

// ---- Gemm -----------------------------------------------------------------------------------

GemmProblem ProblemOf(const GemmShape& shape, const GemmAttrs& attrs) {
  GemmProblem problem{.m = shape.m, .n = shape.n, .k = shape.k, .c_stride = shape.n};
  problem.a = {.row_stride = attrs.trans_a ? 1 : shape.k,
               .column_stride = attrs.trans_a ? shape.m : 1};
  problem.b = {.row_stride = attrs.trans_b ? 1 : shape.n,
               .column_stride = attrs.trans_b ? shape.k : 1};
  return problem;
}

/// C as the epilogue takes it, by the way in which it repeats.
void AddBias(const Tensor& c, Epilogue* epilogue) {
  const GemmBias step = StridesOfBias(c.shape());
  const float* data = c.data<float>();
  if (step.row == 0 && step.column == 0) {
    epilogue->offset = data[0];
  } else if (step.row == 0) {
    epilogue->column_bias = data;
  } else if (step.column == 0) {
    epilogue->row_bias = data;
  } else {
    epilogue->residual = data;
    epilogue->residual_stride = step.row;
  }
}

struct GemmKernel : Prepared {
  Status Run(KernelContext& context) const override {
    const auto& attrs = context.attrs<GemmAttrs>();
    const Tensor &left = context.input(0), &right = context.input(1);
    SX_ASSIGN_OR_RETURN(const GemmShape shape, MakeGemmShape(left.shape(), right.shape(), attrs));
    if (context.output(0).size() == 0) return absl::OkStatus();
    Epilogue epilogue{.alpha = attrs.alpha, .activation = attrs.activation};
    // beta 0 does not read C, whose NaN would otherwise spread: as BLAS has it.
    if (context.has_input(2) && attrs.beta != 0) {
      epilogue.beta = attrs.beta;
      AddBias(context.input(2), &epilogue);
    }
    if (attrs.residual) {
      epilogue.residual = context.input(kGemmResidual).data<float>();
      epilogue.residual_stride = shape.n;
    }
    return Multiply(context, ProblemOf(shape, attrs), [&](int64_t) {
      return GemmOperands{.a = a != nullptr ? a->data() : left.data<float>(),
                          .b = b != nullptr ? b->data() : right.data<float>(),
                          .c = context.output(0).data<float>(),
                          .epilogue = epilogue};
    });
  }
};

StatusOr<std::unique_ptr<Kernel>> PrepareGemm(const PrepareContext& context) {
  auto kernel = std::make_unique<GemmKernel>();
  const auto& attrs = context.attrs<GemmAttrs>();
  const auto a = context.shape(0), b = context.shape(1);
  if (a && b) {
    SX_ASSIGN_OR_RETURN(const GemmShape shape, MakeGemmShape(*a, *b, attrs));
    SX_RETURN_IF_ERROR(Prepare(context, ProblemOf(shape, attrs), true, true, kernel.get()));
  }
  return kernel;
}

}  // namespace

KernelDef MatMulNative() {
  return {.name = "matmul.native",
          .backend = Backend::kNative,
          .refuses = RefusesAllButFloat,
          .prepare = PrepareMatMul};
}

KernelDef GemmNative() {
  return {.name = "gemm.native",
          .backend = Backend::kNative,
          .refuses = RefusesAllButFloat,
          .prepare = PrepareGemm};
}

}  // namespace sardonyx
