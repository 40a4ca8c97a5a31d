// Einsum of two float tensors as a batch of matrix products: axes are put into the order
// [batch, rows, inner] and [batch, inner, columns], where they are not there already.
#include <algorithm>

#include "ops/common/scratch.h"
#include "ops/common/strided_copy.h"
#include "ops/matmul/gemm.h"
#include "ops/reduce/einsum.h"

namespace sardonyx {
namespace {

using Labels = std::vector<int>;

Labels Concat(const Labels& a, const Labels& b, const Labels& c) {
  Labels all = a;
  all.insert(all.end(), b.begin(), b.end());
  all.insert(all.end(), c.begin(), c.end());
  return all;
}

bool Has(const Labels& labels, int label) {
  return std::count(labels.begin(), labels.end(), label) > 0;
}

/// Each label by who has it: all three; A and the result; B and the result; A and B.
struct Contraction {
  Labels a, b, output;
  Labels batch, rows, columns, inner;
  std::vector<int64_t> sizes;  // by label

  Shape ShapeOf(const Labels& labels) const {
    Shape shape;
    for (const int label : labels) shape.push_back(sizes[label]);
    return shape;
  }
  int64_t Elements(const Labels& labels) const { return ShapeOf(labels).Elements(); }
};

/// An error says what stands in the way of a matrix product.
StatusOr<Contraction> Classify(const PrepareContext& context) {
  if (context.input_count() != 2) return Unimplemented("takes two operands");
  if (context.element(0) != DataType::kFloat) {
    return Unimplemented("works on float, not ", Name(context.element(0)));
  }
  const auto a = context.shape(0), b = context.shape(1);
  if (!a || !b) return Unimplemented("the sizes are known only during the run");
  SX_ASSIGN_OR_RETURN(const EinsumLabels labels,
                      ResolveLabels(context.attrs<EinsumAttrs>(), {a->rank(), b->rank()}));
  Contraction result{.a = labels.inputs[0], .b = labels.inputs[1], .output = labels.output};
  result.sizes.assign(labels.count, -1);
  for (int i = 0; i < 2; ++i) {
    const Labels& own = labels.inputs[i];
    for (size_t axis = 0; axis < own.size(); ++axis) {
      const int64_t size = (i == 0 ? *a : *b)[static_cast<int>(axis)];
      int64_t& known = result.sizes[own[axis]];
      if (std::count(own.begin(), own.end(), own[axis]) > 1) {
        return Unimplemented("an operand has a label twice");
      }
      if (known >= 0 && known != size) return Unimplemented("an axis is broadcast");
      known = size;
    }
  }
  for (const int label : result.a) {
    const bool in_b = Has(result.b, label), in_output = Has(result.output, label);
    if (!in_b && !in_output) return Unimplemented("an axis of one operand alone is summed");
    (in_b ? in_output ? result.batch : result.inner : result.rows).push_back(label);
  }
  for (const int label : result.b) {
    if (Has(result.a, label)) continue;
    if (!Has(result.output, label)) {
      return Unimplemented("an axis of one operand alone is summed");
    }
    result.columns.push_back(label);
  }
  return result;
}

std::string Refuses(const PrepareContext& context) {
  return std::string(Classify(context).status().message());
}

class EinsumKernel : public Kernel {
 public:
  explicit EinsumKernel(Contraction contraction) : c_(std::move(contraction)) {}

  Status Prepare(int threads);
  Status Run(KernelContext& context) const override;
  int64_t scratch_bytes() const override { return bytes_; }

 private:
  /// Input i with its axes in the order of `wanted`, in `memory`.
  Status Arrange(const KernelContext& context, int i, const Labels& wanted, float* memory) const;

  const Contraction c_;
  Labels a_order_, b_order_, product_order_;
  int64_t rows_ = 1, columns_ = 1, inner_ = 1;
  std::optional<GemmPlan> plan_;
  int64_t a_at_ = 0, b_at_ = 0, product_at_ = 0, gemm_at_ = 0, bytes_ = 0;  // in scratch, bytes
};

Status EinsumKernel::Prepare(int threads) {
  rows_ = c_.Elements(c_.rows);
  columns_ = c_.Elements(c_.columns);
  inner_ = c_.Elements(c_.inner);
  GemmProblem problem{
      .m = rows_, .n = columns_, .k = inner_, .count = c_.Elements(c_.batch), .c_stride = columns_};
  // Transposed operands are read as they are.
  a_order_ = Concat(c_.batch, c_.inner, c_.rows);
  problem.a = {.row_stride = 1, .column_stride = rows_};
  if (a_order_ != c_.a) {
    a_order_ = Concat(c_.batch, c_.rows, c_.inner);
    problem.a = {.row_stride = inner_, .column_stride = 1};
  }
  b_order_ = Concat(c_.batch, c_.columns, c_.inner);
  problem.b = {.row_stride = 1, .column_stride = inner_};
  if (b_order_ != c_.b) {
    b_order_ = Concat(c_.batch, c_.inner, c_.columns);
    problem.b = {.row_stride = columns_, .column_stride = 1};
  }
  product_order_ = Concat(c_.batch, c_.rows, c_.columns);
  if (!problem.sensible()) return LimitExceeded("the contraction is too large");
  plan_.emplace(problem, threads);

  bool overflow = false;
  const auto reserve = [&](int64_t bytes) {
    const int64_t begin = bytes_;
    const auto end = CheckedAdd(bytes_, bytes);
    const auto aligned = end ? CheckedAdd(*end, kAlignment - 1) : std::nullopt;
    overflow = overflow || !aligned;
    if (aligned) bytes_ = *aligned / kAlignment * kAlignment;
    return begin;
  };
  const auto floats = [&](const Labels& labels) {
    const auto bytes = CheckedBytes(DataType::kFloat, c_.ShapeOf(labels));
    overflow = overflow || !bytes.ok();
    return bytes.value_or(0);
  };
  if (a_order_ != c_.a) a_at_ = reserve(floats(a_order_));
  if (b_order_ != c_.b) b_at_ = reserve(floats(b_order_));
  if (product_order_ != c_.output) product_at_ = reserve(floats(product_order_));
  gemm_at_ = reserve(plan_->scratch_bytes());
  if (overflow) return LimitExceeded("the contraction is too large");
  return absl::OkStatus();
}

/// Steps along `wanted` in a dense tensor whose axes are `own`.
Ints StepsAlong(const Contraction& c, const Labels& own, const Labels& wanted) {
  const Ints strides = c.ShapeOf(own).Strides();
  Ints steps;
  for (const int label : wanted) {
    steps.push_back(strides[std::find(own.begin(), own.end(), label) - own.begin()]);
  }
  return steps;
}

Status EinsumKernel::Arrange(const KernelContext& context, int i, const Labels& wanted,
                             float* memory) const {
  const Shape shape = c_.ShapeOf(wanted);
  Tensor arranged = Tensor::Borrow(DataType::kFloat, shape, memory, nullptr);
  return CopyStrided(context, shape.dims(), context.input(i),
                     {0, StepsAlong(c_, i == 0 ? c_.a : c_.b, wanted)}, arranged,
                     {0, shape.Strides()});
}

Status EinsumKernel::Run(KernelContext& context) const {
  Tensor& output = context.output(0);
  if (output.size() == 0) return absl::OkStatus();
  Tensor temporary;
  SX_ASSIGN_OR_RETURN(const absl::Span<std::byte> scratch, ScratchOf(context, bytes_, &temporary));
  const auto at = [&](int64_t offset) { return reinterpret_cast<float*>(scratch.data() + offset); };
  const float* a = context.input(0).data<float>();
  const float* b = context.input(1).data<float>();
  if (a_order_ != c_.a) {
    SX_RETURN_IF_ERROR(Arrange(context, 0, a_order_, at(a_at_)));
    a = at(a_at_);
  }
  if (b_order_ != c_.b) {
    SX_RETURN_IF_ERROR(Arrange(context, 1, b_order_, at(b_at_)));
    b = at(b_at_);
  }
  const bool in_place = product_order_ == c_.output;
  float* product = in_place ? output.data<float>() : at(product_at_);
  SX_RETURN_IF_ERROR(plan_->Run(
      [&](int64_t i) {
        return GemmOperands{.a = a + i * rows_ * inner_,
                            .b = b + i * inner_ * columns_,
                            .c = product + i * rows_ * columns_};
      },
      nullptr, scratch.subspan(gemm_at_), *context.environment().pool,
      *context.environment().control));
  if (in_place) return absl::OkStatus();
  const Tensor from =
      Tensor::Borrow(DataType::kFloat, c_.ShapeOf(product_order_), product, nullptr);
  return CopyStrided(context, output.shape().dims(), from,
                     {0, StepsAlong(c_, product_order_, c_.output)}, output,
                     {0, output.shape().Strides()});
}

StatusOr<std::unique_ptr<Kernel>> PrepareEinsum(const PrepareContext& context) {
  SX_ASSIGN_OR_RETURN(Contraction contraction, Classify(context));
  auto kernel = std::make_unique<EinsumKernel>(std::move(contraction));
  SX_RETURN_IF_ERROR(kernel->Prepare(context.threads()));
  return kernel;
}

}  // namespace

KernelDef EinsumGemm() {
  return {.name = "einsum.gemm",
          .backend = Backend::kNative,
          .refuses = Refuses,
          .prepare = PrepareEinsum};
}

}  // namespace sardonyx
