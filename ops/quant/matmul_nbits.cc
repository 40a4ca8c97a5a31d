// com.microsoft's MatMulNBits: a product with weights of 2, 4 or 8 bits, in blocks along the inner
// dimension that have a scale and a zero point each.
//
// B holds the rows of the transposed weights: [N, blocks, bytes of a block], the first of the
// elements that share a byte in its lowest bits.
#include <algorithm>
#include <vector>

#include "ops/common/accumulate.h"
#include "ops/common/contrib.h"
#include "ops/common/infer.h"
#include "ops/common/scratch.h"
#include "ops/matmul/gemm.h"
#include "ops/quant/qlinear.h"

namespace sardonyx {
namespace {

enum Input { kA, kB, kScales, kZeros, kGroupIndex, kBias };

using RealTypes = TypeList<float, Half, BFloat16>;

struct NBitsAttrs : Attrs {
  int64_t n = 0, k = 0, block = 0, bits = 4;

  int64_t blocks() const { return (k + block - 1) / block; }
  int64_t block_bytes() const { return block * bits / 8; }
  /// Bytes of the packed zero points of one row.
  int64_t zero_bytes() const { return (blocks() * bits + 7) / 8; }
};

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<NBitsAttrs>();
  for (const char* name : {"N", "K", "block_size"}) context.Require(name);
  attrs->n = context.Int("N", 1);
  attrs->k = context.Int("K", 1);
  attrs->block = context.Int("block_size", 16);
  attrs->bits = context.Int("bits", 4);
  context.Ignore("accuracy_level");  // asks for no less than is done here
  constexpr int64_t kMost = int64_t{1} << 31;
  if (attrs->n < 0 || attrs->k < 0 || attrs->n > kMost || attrs->k > kMost) {
    return InvalidArgument("N is ", attrs->n, " and K ", attrs->k, ", which is out of range");
  }
  if (attrs->block < 16 || attrs->block > kMost || (attrs->block & (attrs->block - 1)) != 0) {
    return InvalidArgument("block_size is ", attrs->block, ", not a power of two from 16 on");
  }
  if (attrs->bits != 2 && attrs->bits != 4 && attrs->bits != 8) {
    return InvalidArgument("bits is ", attrs->bits, "; only 2, 4 and 8 are supported");
  }
  if (context.Int("weight_prepacked", 0) != 0) {
    context.Fail("attribute 'weight_prepacked' is set: layouts of other devices are not supported");
  }
  const std::vector<ValueId>& inputs = context.node().inputs;
  if (inputs.size() > kGroupIndex && inputs[kGroupIndex] != kNoValue) {
    context.Fail("input g_idx is given: blocks in another order are not supported");
  }
  return attrs;
}

/// An error where the number of elements of input i is known, and is not `count`.
Status CheckElements(const InferContext& context, int i, absl::string_view name, int64_t count) {
  const auto shape = context.input(i).StaticShape();
  if (!shape || shape->Elements() == count) return absl::OkStatus();
  return InvalidArgument("input ", name, " has shape ", shape->ToString(), ", not ", count,
                         " elements");
}

Status Infer(InferContext& context) {
  const auto& attrs = context.attrs<NBitsAttrs>();
  SX_ASSIGN_OR_RETURN(const DataType element,
                      CommonElement(context, RealTypes{}, {kA, kScales, kBias}));
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<uint8_t>{}, {kB}).status());
  SX_RETURN_IF_ERROR(CommonElement(context, RealTypes{} + TypeList<uint8_t>{}, {kZeros}).status());
  SX_RETURN_IF_ERROR(
      CheckElements(context, kB, "B", attrs.n * attrs.blocks() * attrs.block_bytes()));
  SX_RETURN_IF_ERROR(CheckElements(context, kScales, "scales", attrs.n * attrs.blocks()));
  SX_RETURN_IF_ERROR(CheckElements(context, kBias, "bias", attrs.n));
  if (context.has_input(kZeros) && context.element(kZeros) != DataType::kUndefined) {
    const bool packed = context.element(kZeros) == DataType::kUInt8;
    const int64_t row = packed ? attrs.zero_bytes() : attrs.blocks();
    SX_RETURN_IF_ERROR(CheckElements(context, kZeros, "zero_points", attrs.n * row));
  }
  std::optional<SymbolicShape> shape;
  if (const SymbolicShape* a = context.shape(kA)) {
    if (a->empty()) return InvalidArgument("A is a scalar");
    SX_RETURN_IF_ERROR(
        MergeDims(a->back(), Dim(attrs.k), "the last dimension of A, and K").status());
    shape = *a;
    shape->back() = Dim(attrs.n);
  }
  context.set_output(0, element, std::move(shape));
  return absl::OkStatus();
}

/// Element `i` of packed numbers of so many bits.
int32_t Unpack(const uint8_t* packed, int64_t i, int64_t bits) {
  const int64_t per_byte = 8 / bits;
  return (packed[i / per_byte] >> (i % per_byte * bits)) & ((1 << bits) - 1);
}

/// The dequantised weights of one column of the product.
class Weights {
 public:
  Weights(const NBitsAttrs& attrs, const Tensor& b, std::vector<float> scales, const Tensor& zeros,
          std::vector<float> real_zeros)
      : attrs_(attrs),
        b_(b.data<uint8_t>()),
        scales_(std::move(scales)),
        zeros_(zeros.type() == DataType::kUInt8 ? zeros.data<uint8_t>() : nullptr),
        real_zeros_(std::move(real_zeros)) {}

  static StatusOr<Weights> Of(const NBitsAttrs& attrs, const Tensor& b, const Tensor& scales,
                              const Tensor& zeros) {
    SX_ASSIGN_OR_RETURN(std::vector<float> factors, ToFloats(scales));
    std::vector<float> real_zeros;
    if (zeros.defined() && zeros.type() != DataType::kUInt8) {
      SX_ASSIGN_OR_RETURN(real_zeros, ToFloats(zeros));
    }
    return Weights(attrs, b, std::move(factors), zeros, std::move(real_zeros));
  }

  /// Calls store(p, weight) for p < K.
  template <typename Store>
  void ForColumn(int64_t j, const Store& store) const {
    for (int64_t at = 0, block = 0; at < attrs_.k; at += attrs_.block, ++block) {
      const int64_t index = j * attrs_.blocks() + block;
      const uint8_t* packed = b_ + index * attrs_.block_bytes();
      const float zero = Zero(j, block), scale = scales_[index];
      const int64_t count = std::min(attrs_.block, attrs_.k - at);
      for (int64_t i = 0; i < count; ++i) {
        store(at + i, (static_cast<float>(Unpack(packed, i, attrs_.bits)) - zero) * scale);
      }
    }
  }

 private:
  float Zero(int64_t j, int64_t block) const {
    if (!real_zeros_.empty()) return real_zeros_[j * attrs_.blocks() + block];
    if (zeros_ == nullptr) return static_cast<float>(1 << (attrs_.bits - 1));
    return static_cast<float>(Unpack(zeros_ + j * attrs_.zero_bytes(), block, attrs_.bits));
  }

  const NBitsAttrs& attrs_;
  const uint8_t* b_;
  std::vector<float> scales_;
  const uint8_t* zeros_;           // packed
  std::vector<float> real_zeros_;  // or as floats; empty: none
};

Status RunReference(KernelContext& context) {
  const auto& attrs = context.attrs<NBitsAttrs>();
  const Tensor& a = context.input(kA);
  if (context.output(0).size() == 0) return absl::OkStatus();
  SX_ASSIGN_OR_RETURN(
      const Weights weights,
      Weights::Of(attrs, context.input(kB), context.input(kScales), context.input(kZeros)));
  const int64_t n = attrs.n, k = attrs.k, rows = context.output(0).size() / n;
  return Dispatch(a.type(), RealTypes{}, [&]<typename T>() {
    const T* bias = context.has_input(kBias) ? context.input(kBias).data<T>() : nullptr;
    T* y = context.output(0).data<T>();
    const double cost = 2.0 * static_cast<double>(k) * static_cast<double>(rows + 1);
    return context.ParallelFor(n, cost, [&](int64_t begin, int64_t end) {
      std::vector<double> sums(static_cast<size_t>(rows));
      for (int64_t j = begin; j < end; ++j) {
        std::fill(sums.begin(), sums.end(), bias == nullptr ? 0.0 : Widen(bias[j]));
        weights.ForColumn(j, [&](int64_t p, float weight) {
          for (int64_t row = 0; row < rows; ++row) {
            sums[row] += Widen(a.data<T>()[row * k + p]) * static_cast<double>(weight);
          }
        });
        for (int64_t row = 0; row < rows; ++row) y[row * n + j] = Narrow<T>(sums[row]);
      }
    });
  });
}

// ---- Constant weights, dequantised and packed for the float product ---------------------------

GemmProblem ProblemOf(const NBitsAttrs& attrs, const Shape& a) {
  GemmProblem problem{.m = a.Elements(0, a.rank() - 1), .n = attrs.n, .k = attrs.k};
  problem.a.row_stride = attrs.k;
  problem.b.layout = GemmProblem::Layout::kPacked;
  problem.c_stride = attrs.n;
  return problem;
}

class PackedNBits : public Kernel {
 public:
  PackedNBits(std::shared_ptr<const PackedMatrix> weights, std::optional<GemmPlan> plan)
      : weights_(std::move(weights)), plan_(std::move(plan)) {}

  int64_t scratch_bytes() const override { return plan_ ? plan_->scratch_bytes() : 0; }

  Status Run(KernelContext& context) const override {
    const auto& attrs = context.attrs<NBitsAttrs>();
    Tensor& y = context.output(0);
    if (y.size() == 0) return absl::OkStatus();
    const RunEnvironment& environment = context.environment();
    std::optional<GemmPlan> made;
    if (!plan_) {
      made.emplace(ProblemOf(attrs, context.input(kA).shape()), environment.pool->threads());
    }
    const GemmPlan& plan = plan_ ? *plan_ : *made;
    Tensor temporary;
    SX_ASSIGN_OR_RETURN(const absl::Span<std::byte> scratch,
                        ScratchOf(context, plan.scratch_bytes(), &temporary));
    const float* bias = context.has_input(kBias) ? context.input(kBias).data<float>() : nullptr;
    return plan.Run(
        [&](int64_t) {
          return GemmOperands{.a = context.input(kA).data<float>(),
                              .b = weights_->data(),
                              .c = y.data<float>(),
                              .epilogue = {.column_bias = bias}};
        },
        nullptr, scratch, *environment.pool, *environment.control);
  }

 private:
  std::shared_ptr<const PackedMatrix> weights_;
  std::optional<GemmPlan> plan_;  // made before the run where A's shape is known by then
};

std::string RefusesPacked(const PrepareContext& context) {
  if (context.element(kA) != DataType::kFloat) return "works on float";
  for (const int i : {kB, kScales, kZeros}) {
    if (context.has_input(i) && context.constant(i) == nullptr) return "needs constant weights";
  }
  const auto& attrs = context.attrs<NBitsAttrs>();
  if (attrs.n == 0 || attrs.k == 0) return "needs weights";
  // Unpacked they take up to 16 times the memory.
  if (attrs.n * attrs.k > int64_t{1} << 28) return "the weights are too large to unpack";
  return "";
}

StatusOr<std::unique_ptr<Kernel>> PreparePacked(const PrepareContext& context) {
  const auto& attrs = context.attrs<NBitsAttrs>();
  Status failed;
  auto packed = context.Shared<PackedMatrix>("nbits.right", [&] {
    const Tensor* zeros = context.has_input(kZeros) ? context.constant(kZeros) : nullptr;
    const auto weights = Weights::Of(attrs, *context.constant(kB), *context.constant(kScales),
                                     zeros != nullptr ? *zeros : Tensor());
    auto dense = Tensor::CreateUninitialized(DataType::kFloat, {attrs.n, attrs.k});
    failed.Update(weights.status());
    failed.Update(dense.status());
    if (!failed.ok()) return std::shared_ptr<const PackedMatrix>();
    float* rows = dense->data<float>();
    for (int64_t j = 0; j < attrs.n; ++j) {
      weights->ForColumn(j, [&](int64_t p, float weight) { rows[j * attrs.k + p] = weight; });
    }
    return PackedMatrix::Right(rows, 1, attrs.k, attrs.k, attrs.n);
  });
  SX_RETURN_IF_ERROR(failed);
  if (packed == nullptr) return LimitExceeded("no memory to pack the weights");
  std::optional<GemmPlan> plan;
  if (const auto a = context.shape(kA)) {
    const GemmProblem problem = ProblemOf(attrs, *a);
    if (!problem.sensible()) return LimitExceeded("A of shape ", a->ToString(), " is too large");
    plan.emplace(problem, context.threads());
  }
  return std::make_unique<PackedNBits>(std::move(packed), std::move(plan));
}

double MultiplyAdds(const PrepareContext& context) {
  const auto& attrs = context.attrs<NBitsAttrs>();
  const auto a = context.shape(kA);
  return a ? static_cast<double>(a->Elements()) * static_cast<double>(attrs.n) : 0;
}

}  // namespace

OpDef MatMulNBitsOp() {
  return AsContrib({.min_inputs = 3,
                    .max_inputs = 6,
                    .parse = Parse,
                    .infer = Infer,
                    .kernels = {{.name = "matmul.nbits_packed",
                                 .backend = Backend::kNative,
                                 .refuses = RefusesPacked,
                                 .prepare = PreparePacked},
                                SimpleKernel<RunReference>("matmul.nbits")},
                    .multiply_adds = MultiplyAdds},
                   "MatMulNBits");
}

}  // namespace sardonyx
