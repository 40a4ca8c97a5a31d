// MatMulInteger and QLinearMatMul.
#include "ops/matmul/matmul.h"

#include <algorithm>

#include "ops/quant/families.h"
#include "ops/quant/integer.h"
#include "ops/quant/native.h"

namespace sardonyx {
namespace {

struct IntegerMatMulAttrs : Attrs {
  IntegerSlots slots;
};

StatusOr<std::shared_ptr<Attrs>> ParseIntegerMatMul(ParseContext& context) {
  auto attrs = std::make_shared<IntegerMatMulAttrs>();
  if (context.node().op_type == "QLinearMatMul") {
    attrs->slots = kQLinearSlots;
    attrs->slots.bias = -1;
  }
  return attrs;
}

Status InferIntegerMatMul(InferContext& context) {
  const IntegerSlots& slots = context.attrs<IntegerMatMulAttrs>().slots;
  SX_ASSIGN_OR_RETURN(const DataType type, CheckIntegerTypes(context, slots));
  const SymbolicShape *a = context.shape(slots.x), *b = context.shape(slots.w);
  std::optional<SymbolicShape> shape;
  if (a != nullptr && b != nullptr) {
    SX_ASSIGN_OR_RETURN(shape, MatMulResult(*a, *b));
    const auto static_a = ToShape(*a), static_b = ToShape(*b);
    if (static_a && static_b) {
      SX_ASSIGN_OR_RETURN(const MatMulShape sizes, MakeMatMulShape(*static_a, *static_b));
      const int64_t k = std::max<int64_t>(sizes.k, 1);
      const Dim rows(static_a->Elements() / k), columns(static_b->Elements() / k);
      SX_RETURN_IF_ERROR(CheckCount(context, slots.x_zero, "a_zero_point", {sizes.m, rows}));
      SX_RETURN_IF_ERROR(CheckCount(context, slots.x_scale, "a_scale", {sizes.m, rows}));
      SX_RETURN_IF_ERROR(CheckCount(context, slots.w_zero, "b_zero_point", {sizes.n, columns}));
      SX_RETURN_IF_ERROR(CheckCount(context, slots.w_scale, "b_scale", {sizes.n, columns}));
      SX_RETURN_IF_ERROR(CheckCount(context, slots.y_zero, "y_zero_point", {}));
      SX_RETURN_IF_ERROR(CheckCount(context, slots.y_scale, "y_scale", {}));
    }
  }
  context.set_output(0, type, std::move(shape));
  return absl::OkStatus();
}

const Tensor& InputAt(const KernelContext& context, int slot) {
  static const Tensor* const none = new Tensor();
  return slot < 0 ? *none : context.input(slot);
}

// ---- Reference ----------------------------------------------------------------------------

/// Parameters of rows or columns: one, one for each of `size` in every batch, or one for each in
/// its own batch.
int64_t ParameterOf(const Tensor& parameters, int64_t size, int64_t offset, int64_t k, int64_t i) {
  if (parameters.size() == size || k == 0) return i;
  return offset / k + i;
}

Status CheckParameters(const Tensor& parameters, int64_t size, int64_t all,
                       absl::string_view name) {
  const int64_t count = parameters.size();
  if (!parameters.defined() || count == 1 || count == size || count == all) {
    return absl::OkStatus();
  }
  return InvalidArgument(name, " has ", count, " elements, not 1, ", size, " or ", all);
}

/// Sums in double, which holds every sum of up to 2^37 products of bytes exactly.
Status RunIntegerMatMul(KernelContext& context) {
  const IntegerSlots& slots = context.attrs<IntegerMatMulAttrs>().slots;
  const Tensor &a = context.input(slots.x), &b = context.input(slots.w);
  const Tensor &a_zero = InputAt(context, slots.x_zero), &b_zero = InputAt(context, slots.w_zero);
  const Tensor &a_scale = InputAt(context, slots.x_scale),
               &b_scale = InputAt(context, slots.w_scale);
  const Tensor &y_scale = InputAt(context, slots.y_scale), &y_zero = InputAt(context, slots.y_zero);
  Tensor& y = context.output(0);
  SX_ASSIGN_OR_RETURN(const MatMulShape shape, MakeMatMulShape(a.shape(), b.shape()));
  const int64_t m = shape.m, n = shape.n, k = shape.k;
  const int64_t rows = a.size() / std::max<int64_t>(k, 1);
  const int64_t columns = b.size() / std::max<int64_t>(k, 1);
  SX_RETURN_IF_ERROR(CheckParameters(a_zero, m, rows, "a_zero_point"));
  SX_RETURN_IF_ERROR(CheckParameters(a_scale, m, rows, "a_scale"));
  SX_RETURN_IF_ERROR(CheckParameters(b_zero, n, columns, "b_zero_point"));
  SX_RETURN_IF_ERROR(CheckParameters(b_scale, n, columns, "b_scale"));
  SX_RETURN_IF_ERROR(CheckParameters(y_scale, 1, 1, "y_scale"));
  SX_RETURN_IF_ERROR(CheckParameters(y_zero, 1, 1, "y_zero_point"));
  SX_ASSIGN_OR_RETURN(const std::vector<float> left, ToFloats(a));
  SX_ASSIGN_OR_RETURN(const std::vector<float> right, ToFloats(b));
  const std::vector<float> no_zero = {0.0f};
  SX_ASSIGN_OR_RETURN(const std::vector<float> left_zero,
                      a_zero.defined() ? ToFloats(a_zero) : no_zero);
  SX_ASSIGN_OR_RETURN(const std::vector<float> right_zero,
                      b_zero.defined() ? ToFloats(b_zero) : no_zero);
  const WriteQuantized write = slots.quantizes() ? FindWriter(y.type()) : nullptr;
  const float offset = slots.quantizes() ? ScaleAt(y_zero, 0) : 0;
  const bool to_integer = IsInteger(y.type());

  return context.ParallelFor(
      shape.batches * m, static_cast<double>(n * k), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const int64_t i = row % m;
          const int64_t a_at = shape.AOffset(row / m), b_at = shape.BOffset(row / m);
          const float* a_row = left.data() + a_at + i * k;
          const int64_t a_index = ParameterOf(a_zero, m, a_at, k, i);
          const double zero = left_zero[left_zero.size() == 1 ? 0 : a_index];
          for (int64_t j = 0; j < n; ++j) {
            const int64_t b_index = ParameterOf(b_zero, n, b_at, k, j);
            const double b_offset = right_zero[right_zero.size() == 1 ? 0 : b_index];
            double sum = 0;
            for (int64_t p = 0; p < k; ++p) {
              sum += (a_row[p] - zero) * (right[b_at + p * n + j] - b_offset);
            }
            const int64_t out = row * n + j;
            if (write == nullptr) {
              y.data<int32_t>()[out] = static_cast<int32_t>(static_cast<int64_t>(sum));
              continue;
            }
            const double result =
                sum * Multiplier(a_scale, ParameterOf(a_scale, m, a_at, k, i), b_scale,
                                 ParameterOf(b_scale, n, b_at, k, j), y_scale);
            const auto value = static_cast<float>(to_integer ? std::nearbyint(result) : result);
            write(&value, &offset, 0, true, y.raw(), out, 1);
          }
        }
      });
}

// ---- Native -------------------------------------------------------------------------------

constexpr int64_t kRowBlock = 8, kColumnBlock = 64;

/// B minus its zero points, transposed: n rows of k.
void PackColumns(const Tensor& b, const Tensor& b_zero, int64_t k, int64_t n, int16_t* packed) {
  const bool is_signed = b.type() == DataType::kInt8;
  const auto* from = b.data<uint8_t>();
  for (int64_t j = 0; j < n; ++j) {
    const int32_t zero = ZeroPoint(b_zero, j);
    for (int64_t p = 0; p < k; ++p) {
      const uint8_t byte = from[p * n + j];
      packed[j * k + p] =
          static_cast<int16_t>((is_signed ? static_cast<int8_t>(byte) : byte) - zero);
    }
  }
}

using Packed = std::vector<int16_t>;

class DotMatMul : public Kernel {
 public:
  DotMatMul(const IntegerSlots& slots, const MatMulShape& shape,
            std::shared_ptr<const Packed> packed)
      : slots_(slots), shape_(shape), rows_(shape.batches * shape.m), packed_(std::move(packed)) {}

  /// Sums, A widened, and B packed where it is not constant.
  int64_t scratch_bytes() const override {
    return 4 * rows_ * shape_.n + 2 * rows_ * shape_.k + (packed_ ? 0 : 2 * shape_.k * shape_.n);
  }

  Status Run(KernelContext& context) const override {
    const int64_t n = shape_.n, k = shape_.k;
    const Tensor &a = context.input(slots_.x), &a_zero = InputAt(context, slots_.x_zero);
    auto* sums = reinterpret_cast<int32_t*>(context.scratch().data());
    auto* left = reinterpret_cast<int16_t*>(sums + rows_ * n);
    const int16_t* right = packed_ ? packed_->data() : left + rows_ * k;
    if (!packed_) {
      PackColumns(context.input(slots_.w), InputAt(context, slots_.w_zero), k, n, left + rows_ * k);
    }
    const bool is_signed = a.type() == DataType::kInt8;
    SX_RETURN_IF_ERROR(context.ParallelFor(rows_ * k, 0.2, [&](int64_t begin, int64_t end) {
      native::WidenRow(a.data<uint8_t>() + begin, end - begin, is_signed, ZeroPoint(a_zero, 0),
                       left + begin);
    }));
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
        for (int64_t r = i; r < i + height; ++r) Store(context, sums + r * n, r, j, width);
      }
    });
  }

 private:
  void Store(KernelContext& context, const int32_t* sums, int64_t row, int64_t j,
             int64_t width) const {
    Tensor& y = context.output(0);
    const int64_t n = shape_.n;
    if (!slots_.quantizes()) {
      std::copy_n(sums + j, width, y.data<int32_t>() + row * n + j);
      return;
    }
    const Tensor &a_scale = context.input(slots_.x_scale), &b_scale = context.input(slots_.w_scale);
    const Tensor& y_scale = context.input(slots_.y_scale);
    const bool is_signed = y.type() == DataType::kInt8;
    const int32_t low = is_signed ? -128 : 0, high = low + 255;
    const int32_t zero = ZeroPoint(context.input(slots_.y_zero), 0);
    float multiplier = Multiplier(a_scale, 0, b_scale, 0, y_scale);
    for (int64_t c = j; c < j + width; ++c) {
      if (b_scale.size() != 1) multiplier = Multiplier(a_scale, 0, b_scale, c, y_scale);
      y.data<uint8_t>()[row * n + c] =
          static_cast<uint8_t>(Requantize(sums[c], multiplier, zero, low, high));
    }
  }

  IntegerSlots slots_;
  MatMulShape shape_;
  int64_t rows_;
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
  const IntegerSlots& slots = context.attrs<IntegerMatMulAttrs>().slots;
  for (int slot : {slots.x, slots.w, slots.y_zero}) {
    if (slot < 0) continue;
    const DataType type = context.element(slot);
    if (type != DataType::kInt8 && type != DataType::kUInt8) return "takes int8 and uint8 alone";
  }
  const auto a = context.shape(slots.x), b = context.shape(slots.w);
  if (!a || !b) return "needs shapes known before the run";
  const auto shape = MakeMatMulShape(*a, *b);
  if (!shape.ok()) return std::string(shape.status().message());
  if (!shape->SharesB()) return "takes one matrix B for all batches";
  if (shape->k > native::kLongestDot) return "sums of so many products may overflow";
  const int64_t rows = shape->batches * shape->m;
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
  const IntegerSlots& slots = context.attrs<IntegerMatMulAttrs>().slots;
  SX_ASSIGN_OR_RETURN(const MatMulShape shape,
                      MakeMatMulShape(*context.shape(slots.x), *context.shape(slots.w)));
  const Tensor* b = context.constant(slots.w);
  const Tensor* zero = context.has_input(slots.w_zero) ? context.constant(slots.w_zero) : nullptr;
  std::shared_ptr<const Packed> packed;
  if (b != nullptr && (zero != nullptr || !context.has_input(slots.w_zero))) {
    packed = context.Shared<Packed>("dot.columns", [&] {
      auto made = std::make_shared<Packed>(static_cast<size_t>(shape.k * shape.n));
      PackColumns(*b, zero != nullptr ? *zero : Tensor(), shape.k, shape.n, made->data());
      return made;
    });
  }
  return std::make_unique<DotMatMul>(slots, shape, std::move(packed));
}

double IntegerMultiplyAdds(const PrepareContext& context) {
  const IntegerSlots& slots = context.attrs<IntegerMatMulAttrs>().slots;
  const auto a = context.shape(slots.x), b = context.shape(slots.w);
  if (!a || !b) return 0;
  const auto shape = MakeMatMulShape(*a, *b);
  if (!shape.ok()) return 0;
  return static_cast<double>(shape->batches * shape->m) * static_cast<double>(shape->n) *
         static_cast<double>(shape->k);
}

OpDef IntegerMatMulOp(absl::string_view name, std::vector<int> versions, int min_inputs,
                      int max_inputs) {
  return {.name = name,
          .versions = std::move(versions),
          .min_inputs = min_inputs,
          .max_inputs = max_inputs,
          .parse = ParseIntegerMatMul,
          .infer = InferIntegerMatMul,
          .kernels = {{.name = "matmul.int8dot",
                       .backend = Backend::kNative,
                       .refuses = RefuseDotMatMul,
                       .prepare = PrepareDotMatMul},
                      SimpleKernel<RunIntegerMatMul>("matmul.integer")},
          .multiply_adds = IntegerMultiplyAdds};
}

}  // namespace

std::vector<OpDef> IntegerMatMulOps() {
  return {IntegerMatMulOp("MatMulInteger", {10}, 2, 4),
          IntegerMatMulOp("QLinearMatMul", {10, 21}, 8, 8)};
}

}  // namespace sardonyx
