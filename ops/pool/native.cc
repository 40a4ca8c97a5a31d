// maxpool.native and averagepool.native: float32, a row of outputs at a time.
//
// For each row of the kernel that meets the input, and each of its elements, the outputs that read
// the input proper form one interval; over it runs a plain loop that the compiler turns into
// vectors. With stride 2, the commonest after 1, it loads with a constant step.
#include <algorithm>
#include <limits>

#include "ops/pool/pool.h"

namespace sardonyx {
namespace {

struct TakeMax {
  static float Start() { return -std::numeric_limits<float>::infinity(); }
  static float Combine(float best, float value) { return value > best ? value : best; }
};
struct TakeSum {
  static float Start() { return 0; }
  static float Combine(float sum, float value) { return sum + value; }
};

/// to[o] = Combine(to[o], from[o * stride]).
template <typename Op>
void CombineRow(float* __restrict to, const float* __restrict from, int64_t count, int64_t stride) {
  if (stride == 1) {
    for (int64_t o = 0; o < count; ++o) to[o] = Op::Combine(to[o], from[o]);
  } else if (stride == 2) {
    for (int64_t o = 0; o < count; ++o) to[o] = Op::Combine(to[o], from[2 * o]);
  } else {
    for (int64_t o = 0; o < count; ++o) to[o] = Op::Combine(to[o], from[o * stride]);
  }
}

/// The window padded to three axes, so that one loop serves 1 to 3 dimensions.
struct Rows {
  WindowAxis depth, height, width;
  explicit Rows(const Window& window) {
    const Window three = AtLeastRank(window, 3);
    depth = three[0];
    height = three[1];
    width = three[2];
  }
};

/// Output row (d, h) of one plane `x`.
template <typename Op>
void PoolRow(const Rows& rows, const float* x, int64_t d, int64_t h, float* y) {
  const WindowAxis& width = rows.width;
  std::fill_n(y, width.output, Op::Start());
  int64_t d_first, d_last, h_first, h_last;
  rows.depth.Inside(d, &d_first, &d_last);
  rows.height.Inside(h, &h_first, &h_last);
  // Of a kernel much wider than the input, only these columns meet it.
  const int64_t w_first = std::max<int64_t>(
      0,
      (width.pad_begin - (width.output - 1) * width.stride + width.dilation - 1) / width.dilation);
  const int64_t w_last =
      std::min(width.kernel, (width.input + width.pad_begin + width.dilation - 1) / width.dilation);
  for (int64_t kd = d_first; kd < d_last; ++kd) {
    const int64_t z = d * rows.depth.stride - rows.depth.pad_begin + kd * rows.depth.dilation;
    for (int64_t kh = h_first; kh < h_last; ++kh) {
      const int64_t line =
          h * rows.height.stride - rows.height.pad_begin + kh * rows.height.dilation;
      const float* from = x + (z * rows.height.input + line) * width.input;
      for (int64_t kw = w_first; kw < w_last; ++kw) {
        int64_t first, last;
        OutputsInside(width, kw, &first, &last);
        CombineRow<Op>(y + first,
                       from + first * width.stride - width.pad_begin + kw * width.dilation,
                       last - first, width.stride);
      }
    }
  }
}

/// Divides a row of sums by how many elements each output read.
void Divide(const Rows& rows, bool count_padding, int64_t d, int64_t h, float* y) {
  const auto count = [&](const WindowAxis& axis, int64_t o) {
    if (count_padding) return TapsInPadded(axis, o);
    int64_t first, last;
    axis.Inside(o, &first, &last);
    return last - first;
  };
  const int64_t lines = count(rows.depth, d) * count(rows.height, h);
  // All outputs between the first and last few read whole rows of the kernel.
  const WindowAxis& width = rows.width;
  const float whole = static_cast<float>(lines * width.kernel);
  for (int64_t o = 0; o < width.output; ++o) {
    const int64_t start = o * width.stride - width.pad_begin;
    if (start >= 0 && start + width.extent() <= width.input) {
      y[o] /= whole;
    } else {
      const int64_t taps = lines * count(width, o);
      y[o] = taps == 0 ? 0 : y[o] / static_cast<float>(taps);
    }
  }
}

template <typename Op, typename Finish>
Status Pool(KernelContext& context, const Finish& finish) {
  SX_ASSIGN_OR_RETURN(const PoolShape pool,
                      ResolvePool(context.attrs<PoolAttrs>(), context.input(0).shape()));
  const Rows rows(pool.window);
  const float* x = context.input(0).data<float>();
  float* y = context.output(0).data<float>();
  const int64_t lines = rows.depth.output * rows.height.output;
  const int64_t in = pool.input_plane();
  if (context.output(0).size() == 0) return absl::OkStatus();
  const double cost = static_cast<double>(rows.width.output) *
                      (1.0 + 0.3 * static_cast<double>(pool.kernel_plane()));
  return context.ParallelFor(pool.planes * lines, cost, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t d = i % lines / rows.height.output, h = i % rows.height.output;
      float* row = y + i * rows.width.output;
      PoolRow<Op>(rows, x + i / lines * in, d, h, row);
      finish(rows, d, h, row);
    }
  });
}

Status RunMax(KernelContext& context) {
  return Pool<TakeMax>(context, [](const Rows&, int64_t, int64_t, float*) {});
}

Status RunAverage(KernelContext& context) {
  const bool count_padding = context.attrs<PoolAttrs>().count_include_pad;
  return Pool<TakeSum>(context, [&](const Rows& rows, int64_t d, int64_t h, float* row) {
    Divide(rows, count_padding, d, h, row);
  });
}

std::string Refuses(const PrepareContext& context) {
  if (context.element(0) != DataType::kFloat) {
    return absl::StrCat("works on float, not ", Name(context.element(0)));
  }
  if (context.node().outputs.size() > 1 && context.node().outputs[1] != kNoValue) {
    return "does not give indices";
  }
  return context.attrs<PoolAttrs>().window.kernel_shape.size() > 3
             ? "takes at most 3 spatial dimensions"
             : "";
}

}  // namespace

KernelDef MaxPoolNative() {
  return SimpleKernel<RunMax>("maxpool.native", Backend::kNative, Refuses);
}
KernelDef AveragePoolNative() {
  return SimpleKernel<RunAverage>("averagepool.native", Backend::kNative, Refuses);
}

}  // namespace sardonyx
