// convtranspose.gemm: a matrix product gives what each input pixel adds at each element of the
// kernel; then every output row sums what falls on it.
#include <algorithm>

#include "ops/conv/conv_transpose.h"
#include "ops/conv/kernels.h"
#include "ops/matmul/gemm.h"

namespace sardonyx {
namespace {

constexpr int64_t kMaxScratch = int64_t{1} << 30;

class ConvTransposeGemm : public Kernel {
 public:
  ConvTransposeGemm(const ConvTransposeShape& conv, std::shared_ptr<const PackedMatrix> packed,
                    int threads)
      : conv_(conv),
        window_(AtLeastRank(conv.window, 3)),
        rows_(conv.group_out() * conv.kernel_plane()),
        columns_bytes_((conv.group * rows_ * conv.input_plane() * 4 + 63) / 64 * 64),
        packed_(std::move(packed)),
        plan_(Problem(), threads) {}

  int64_t scratch_bytes() const override { return columns_bytes_ + plan_.scratch_bytes(); }

  Status Run(KernelContext& context) const override {
    if (context.output(0).size() == 0) return absl::OkStatus();
    const float* x = context.input(0).data<float>();
    const float* w = context.input(1).data<float>();
    float* columns = reinterpret_cast<float*>(context.scratch().data());
    const int64_t plane = conv_.input_plane();
    for (int64_t n = 0; n < conv_.batch; ++n) {
      if (plane > 0) {
        SX_RETURN_IF_ERROR(plan_.Run(
            [&](int64_t g) {
              const int64_t first = n * conv_.in_channels + g * conv_.group_in();
              return GemmOperands{.a = packed_ ? packed_->data() : w + g * conv_.group_in() * rows_,
                                  .b = x + first * plane,
                                  .c = columns + g * rows_ * plane};
            },
            nullptr, context.scratch().subspan(static_cast<size_t>(columns_bytes_)),
            *context.environment().pool, *context.environment().control));
      }
      SX_RETURN_IF_ERROR(Sum(context, n, columns));
    }
    return absl::OkStatus();
  }

 private:
  GemmProblem Problem() const {
    const int64_t plane = conv_.input_plane();
    GemmProblem problem{
        .m = rows_, .n = plane, .k = conv_.group_in(), .count = conv_.group, .c_stride = plane};
    problem.a = {.row_stride = 1, .column_stride = rows_};
    if (packed_ != nullptr) problem.a.layout = GemmProblem::Layout::kPacked;
    problem.b = {.row_stride = plane, .column_stride = 1};
    return problem;
  }

  /// The output of image n from the columns.
  Status Sum(KernelContext& context, int64_t n, const float* columns) const {
    const WindowAxis &depth = window_[0], &height = window_[1], &width = window_[2];
    const float* bias = context.has_input(2) ? context.input(2).data<float>() : nullptr;
    float* y = context.output(0).data<float>() + n * conv_.out_channels * conv_.output_plane();
    const int64_t lines = depth.output * height.output;
    const double cost = static_cast<double>(conv_.kernel_plane()) *
                        static_cast<double>(width.input) / static_cast<double>(height.stride);
    return context.ParallelFor(conv_.out_channels * lines, 2 + cost,
                               [&](int64_t begin, int64_t end) {
                                 for (int64_t i = begin; i < end; ++i) {
                                   const int64_t m = i / lines;
                                   float* row = y + i * width.output;
                                   std::fill_n(row, width.output, bias != nullptr ? bias[m] : 0.0f);
                                   SumRow(columns + m * conv_.kernel_plane() * conv_.input_plane(),
                                          i % lines / height.output, i % height.output, row);
                                 }
                               });
  }

  void SumRow(const float* columns, int64_t d, int64_t h, float* row) const {
    const WindowAxis &depth = window_[0], &height = window_[1], &width = window_[2];
    for (int64_t kd = 0; kd < depth.kernel; ++kd) {
      const int64_t z = d + depth.pad_begin - kd * depth.dilation;
      if (z < 0 || z % depth.stride != 0 || z / depth.stride >= depth.input) continue;
      for (int64_t kh = 0; kh < height.kernel; ++kh) {
        const int64_t line = h + height.pad_begin - kh * height.dilation;
        if (line < 0 || line % height.stride != 0 || line / height.stride >= height.input) continue;
        for (int64_t kw = 0; kw < width.kernel; ++kw) {
          const int64_t tap = (kd * height.kernel + kh) * width.kernel + kw;
          const float* from =
              columns + tap * conv_.input_plane() +
              (z / depth.stride * height.input + line / height.stride) * width.input;
          AddTap(width, kw * width.dilation - width.pad_begin, from, row);
        }
      }
    }
  }

  /// row[i * stride + shift] += from[i] wherever that lies in the row.
  static void AddTap(const WindowAxis& width, int64_t shift, const float* __restrict from,
                     float* __restrict row) {
    const int64_t first = shift < 0 ? (-shift + width.stride - 1) / width.stride : 0;
    const int64_t last =
        shift >= width.output
            ? 0
            : std::min(width.input, (width.output - shift + width.stride - 1) / width.stride);
    if (width.stride == 1) {
      for (int64_t i = first; i < last; ++i) row[i + shift] += from[i];
    } else {
      for (int64_t i = first; i < last; ++i) row[i * width.stride + shift] += from[i];
    }
  }

  const ConvTransposeShape conv_;
  const Window window_;          // three axes
  const int64_t rows_;           // of the product: output channels of a group, kernel elements
  const int64_t columns_bytes_;  // of what the products give for one image
  const std::shared_ptr<const PackedMatrix> packed_;  // of the one group; null: weights as they lie
  const GemmPlan plan_;
};

StatusOr<ConvTransposeShape> Resolve(const PrepareContext& context) {
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.has_input(i) && context.element(i) != DataType::kFloat) {
      return Unimplemented("works on float, not ", Name(context.element(i)));
    }
  }
  const auto x = context.shape(0), w = context.shape(1);
  if (!x || !w) return Unimplemented("needs shapes that are known before the run");
  SX_ASSIGN_OR_RETURN(ConvTransposeShape conv,
                      ResolveConvTranspose(context.attrs<ConvTransposeAttrs>(), *x, *w));
  if (x->Elements() == 0 || conv.output().Elements() == 0) return Unimplemented("needs pixels");
  if (conv.window.size() > 3) return Unimplemented("takes at most 3 spatial dimensions");
  const auto taps = CheckedMul(conv.out_channels, conv.kernel_plane());
  const auto columns = taps ? CheckedMul(*taps, conv.input_plane()) : std::nullopt;
  if (!columns || *columns > kMaxScratch / 4) {
    return Unimplemented("would need more than 1 GiB of scratch memory");
  }
  return conv;
}

std::string Refuses(const PrepareContext& context) {
  const auto conv = Resolve(context);
  return conv.ok() ? "" : std::string(conv.status().message());
}

StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  SX_ASSIGN_OR_RETURN(const ConvTransposeShape conv, Resolve(context));
  std::shared_ptr<const PackedMatrix> packed;
  const int64_t rows = conv.group_out() * conv.kernel_plane();
  if (const Tensor* w = context.constant(1); w != nullptr && conv.group == 1) {
    packed = context.Shared<PackedMatrix>("gemm.weights", [&] {
      return PackedMatrix::Left(w->data<float>(), 1, rows, rows, conv.group_in(),
                                &context.environment());
    });
  }
  return std::make_unique<ConvTransposeGemm>(conv, std::move(packed), context.threads());
}

}  // namespace

KernelDef ConvTransposeGemmKernel() {
  return {.name = "convtranspose.gemm",
          .backend = Backend::kNative,
          .refuses = Refuses,
          .prepare = Prepare};
}

}  // namespace sardonyx
