// matmul.int8dot: integer matrix products by dot products of int16.
#include <algorithm>

#include "ops/quant/dynamic.h"
#include "ops/quant/integer_matmul.h"
#include "ops/quant/native.h"

namespace sardonyx {
namespace {

constexpr int64_t kRowBlock = 8, kColumnBlock = 64;

/// B minus its zero points: n rows of k.
void PackColumns(const Tensor& b, const Tensor& b_zero, const MatMulShape& shape, int16_t* packed) {
  const bool is_signed = b.type() == DataType::kInt8;
  const auto* from = b.data<uint8_t>();
  const int64_t k = shape.k;
  for (int64_t j = 0; j < shape.n; ++j) {
    const int32_t zero = ZeroPoint(b_zero, j);
    for (int64_t p = 0; p < k; ++p) {
      const uint8_t byte = from[p * shape.b_row + j * shape.b_column];
      packed[j * k + p] =
          static_cast<int16_t>((is_signed ? static_cast<int8_t>(byte) : byte) - zero);
    }
  }
}

using Packed = std::vector<int16_t>;

class DotMatMul : public Kernel {
 public:
  DotMatMul(const MatMulShape& shape, bool dynamic, std::shared_ptr<const Packed> packed)
      : shape_(shape),
        rows_(shape.batches * shape.m),
        dynamic_(dynamic),
        packed_(std::move(packed)) {}

  /// Sums, A widened, B packed where it is not constant, and A's bytes where it is quantised here.
  int64_t scratch_bytes() const override {
    return 4 * rows_ * shape_.n + 2 * rows_ * shape_.k + (packed_ ? 0 : 2 * shape_.k * shape_.n) +
           (dynamic_ ? rows_ * shape_.k : 0);
  }

  Status Run(KernelContext& context) const override {
    const auto& attrs = context.attrs<IntegerMatMulAttrs>();
    const IntegerSlots& slots = attrs.slots;
    const int64_t n = shape_.n, k = shape_.k;
    auto* sums = reinterpret_cast<int32_t*>(context.scratch().data());
    auto* left = reinterpret_cast<int16_t*>(sums + rows_ * n);
    int16_t* own = left + rows_ * k;
    const int16_t* right = packed_ ? packed_->data() : own;
    if (!packed_) {
      PackColumns(context.input(slots.w), InputAt(context, slots.w_zero), shape_, own);
      own += k * n;
    }
    Tensor dynamic_scale;
    SX_RETURN_IF_ERROR(
        Widen(context, attrs, left, reinterpret_cast<uint8_t*>(own), &dynamic_scale));
    const Tensor& a_scale = dynamic_ ? dynamic_scale : InputAt(context, slots.x_scale);
    const IntegerScaling scaling(context, attrs, a_scale);
    const int64_t row_blocks = (rows_ + kRowBlock - 1) / kRowBlock;
    const int64_t column_blocks = (n + kColumnBlock - 1) / kColumnBlock;
    const double cost = 0.1 * static_cast<double>(std::min(rows_, kRowBlock) *
                                                  std::min(n, kColumnBlock) * (k + 10));
    return context.ParallelFor(row_blocks * column_blocks, cost, [&](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; ++block) {
        const int64_t i = block / column_blocks * kRowBlock;
        const int64_t j = block % column_blocks * kColumnBlock;
        const int64_t height = std::min(kRowBlock, rows_ - i);
        const int64_t width = std::min(kColumnBlock, n - j);
        native::DotRows(left + i * k, k, height, right + j * k, k, width, k, sums + i * n + j, n);
        for (int64_t r = i; r < i + height; ++r) {
          Store(context, scaling, sums + r * n, r, j, width);
        }
      }
    });
  }

 private:
  /// A less its zero point, quantised to `bytes` first where it is float, with a scale of its own.
  Status Widen(const KernelContext& context, const IntegerMatMulAttrs& attrs, int16_t* left,
               uint8_t* bytes, Tensor* dynamic_scale) const {
    const Tensor& a = context.input(attrs.slots.x);
    const uint8_t* from = a.data<uint8_t>();
    int32_t zero = ZeroPoint(InputAt(context, attrs.slots.x_zero), 0);
    if (dynamic_) {
      SX_ASSIGN_OR_RETURN(const DynamicLinear linear, DynamicRange(context, a.span<float>()));
      SX_RETURN_IF_ERROR(QuantizeDynamically(context, linear, a.span<float>(), bytes));
      *dynamic_scale = Tensor::Scalar(linear.scale);
      from = bytes;
      zero = linear.zero;
    }
    const bool is_signed = a.type() == DataType::kInt8;
    return context.ParallelFor(rows_ * shape_.k, 0.2, [&](int64_t begin, int64_t end) {
      native::WidenRow(from + begin, end - begin, is_signed, zero, left + begin);
    });
  }

  void Store(KernelContext& context, const IntegerScaling& scaling, const int32_t* sums,
             int64_t row, int64_t j, int64_t width) const {
    const IntegerSlots& slots = context.attrs<IntegerMatMulAttrs>().slots;
    Tensor& y = context.output(0);
    const int64_t at = row * shape_.n;
    if (y.type() == DataType::kInt32) {
      std::copy_n(sums + j, width, y.data<int32_t>() + at + j);
      return;
    }
    const int32_t low = y.type() == DataType::kInt8 ? -128 : 0;
    const int32_t zero = ZeroPoint(InputAt(context, slots.y_zero), 0);
    const bool one_scale = InputAt(context, slots.w_scale).size() == 1;
    float factor = scaling.Factor(0, 0);
    for (int64_t c = j; c < j + width; ++c) {
      if (!one_scale) factor = scaling.Factor(0, c);
      const int64_t sum = scaling.WithC<int64_t>(sums[c], row, c);
      if (slots.dequantizes()) {
        y.data<float>()[at + c] = static_cast<float>(sum) * factor + scaling.Bias(c);
      } else {
        y.data<uint8_t>()[at + c] =
            static_cast<uint8_t>(Requantize(sum, factor, zero, low, low + 255));
      }
    }
  }

  MatMulShape shape_;
  int64_t rows_;
  bool dynamic_;
  std::shared_ptr<const Packed> packed_;
};

/// The elements of input `slot` where their number is known; 1 where it is left out.
std::optional<int64_t> CountOf(const PrepareContext& context, int slot) {
  if (slot < 0 || !context.has_input(slot)) return 1;
  const auto shape = context.shape(slot);
  if (!shape) return std::nullopt;
  return shape->Elements();
}

std::string RefuseDotMatMul(const PrepareContext& context) {
  const auto& attrs = context.attrs<IntegerMatMulAttrs>();
  const IntegerSlots& slots = attrs.slots;
  if (attrs.product.a.transposed) return "reads the rows of A along";
  for (int slot : {attrs.dynamic ? -1 : slots.x, slots.w, slots.y_zero}) {
    if (slot < 0) continue;
    const DataType type = context.element(slot);
    if (type != DataType::kInt8 && type != DataType::kUInt8) return "takes int8 and uint8 alone";
  }
  if (slots.dequantizes() && context.element(slots.w_scale) != DataType::kFloat) {
    return "takes scales of float alone";
  }
  const auto a = context.shape(slots.x), b = context.shape(slots.w);
  if (!a || !b) return "needs shapes known before the run";
  const auto shape = MakeMatMulShape(*a, *b, attrs.product);
  if (!shape.ok()) return std::string(shape.status().message());
  if (!shape->SharesB()) return "takes one matrix B for all batches";
  if (shape->k > native::kLongestDot) return "sums of so many products may overflow";
  const int64_t rows = shape->batches * shape->m;
  if (rows == 0) return "there are no rows";  // nor, it may be, a matrix B
  constexpr int64_t kLimit = int64_t{1} << 28;
  if (rows * shape->n > kLimit || rows * shape->k > kLimit || shape->k * shape->n > kLimit) {
    return "the matrices are too large for its scratch memory";
  }
  for (int slot : {slots.x_zero, slots.x_scale, slots.y_scale, slots.y_zero}) {
    if (CountOf(context, slot) != 1) return "takes one scale and zero point for A and Y";
  }
  for (int slot : {slots.w_zero, slots.w_scale}) {
    const auto count = CountOf(context, slot);
    if (count != 1 && count != shape->n) return "takes one scale and zero point for a column of B";
  }
  return "";
}

StatusOr<std::unique_ptr<Kernel>> PrepareDotMatMul(const PrepareContext& context) {
  const auto& attrs = context.attrs<IntegerMatMulAttrs>();
  const IntegerSlots& slots = attrs.slots;
  SX_ASSIGN_OR_RETURN(
      const MatMulShape shape,
      MakeMatMulShape(*context.shape(slots.x), *context.shape(slots.w), attrs.product));
  const Tensor* b = context.constant(slots.w);
  const Tensor* zero = context.has_input(slots.w_zero) ? context.constant(slots.w_zero) : nullptr;
  std::shared_ptr<const Packed> packed;
  if (b != nullptr && (zero != nullptr || !context.has_input(slots.w_zero))) {
    packed = context.Shared<Packed>("dot.columns", [&] {
      auto made = std::make_shared<Packed>(static_cast<size_t>(shape.k * shape.n));
      PackColumns(*b, zero != nullptr ? *zero : Tensor(), shape, made->data());
      return made;
    });
  }
  return std::make_unique<DotMatMul>(shape, attrs.dynamic, std::move(packed));
}

}  // namespace

KernelDef IntegerMatMulDot() {
  return {.name = "matmul.int8dot",
          .backend = Backend::kNative,
          .refuses = RefuseDotMatMul,
          .prepare = PrepareDotMatMul};
}

}  // namespace sardonyx
