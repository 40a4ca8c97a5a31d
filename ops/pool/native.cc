// maxpool.native and averagepool.native: float32, a row of outputs at a time.
//
// The input's lines that a row of outputs reads are combined element by element, and what comes of
// it with itself, shifted by each column of the kernel: for each the outputs that read the input
// proper, not padding, form one interval. Plain loops that the compiler turns into vectors.
#include <algorithm>
#include <limits>

#include "ops/pool/pool.h"

namespace sardonyx {
namespace {

struct TakeMax {  // passes over NaN, as oneDNN does
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

/// y[o] = Combine over the kernel's elements that meet the input of y[o] and of line `from`.
template <typename Op>
void PoolLine(const WindowAxis& width, const float* from, float* y) {
  // Of a kernel much wider than the input, only these elements meet it.
  const int64_t first_tap = std::max<int64_t>(
      0,
      (width.pad_begin - (width.output - 1) * width.stride + width.dilation - 1) / width.dilation);
  const int64_t last_tap =
      std::min(width.kernel, (width.input + width.pad_begin + width.dilation - 1) / width.dilation);
  for (int64_t k = first_tap; k < last_tap; ++k) {
    int64_t first, last;
    OutputsInside(width, k, &first, &last);
    CombineRow<Op>(y + first, from + first * width.stride - width.pad_begin + k * width.dilation,
                   last - first, width.stride);
  }
}

/// Output row (d, h) of one plane `x`.
template <typename Op>
void PoolRow(const Rows& rows, const float* x, int64_t d, int64_t h, float* y) {
  const WindowAxis &depth = rows.depth, &height = rows.height, &width = rows.width;
  int64_t d_first, d_last, h_first, h_last;
  depth.Inside(d, &d_first, &d_last);
  height.Inside(h, &h_first, &h_last);
  const auto line = [&](int64_t kd, int64_t kh) {
    const int64_t z = d * depth.stride - depth.pad_begin + kd * depth.dilation;
    const int64_t row = h * height.stride - height.pad_begin + kh * height.dilation;
    return x + (z * height.input + row) * width.input;
  };
  std::fill_n(y, width.output, Op::Start());
  // Lines that fit are combined first, so that the kernel's columns go over one line alone.
  constexpr int64_t kLongest = 2048;
  float combined[kLongest];
  const int64_t count = (d_last - d_first) * (h_last - h_first);
  if (count > 1 && width.kernel > 1 && width.input <= kLongest) {
    std::fill_n(combined, width.input, Op::Start());
    for (int64_t i = 0; i < count; ++i) {
      const int64_t per_depth = h_last - h_first;
      CombineRow<Op>(combined, line(d_first + i / per_depth, h_first + i % per_depth), width.input,
                     1);
    }
    PoolLine<Op>(width, combined, y);
    return;
  }
  for (int64_t kd = d_first; kd < d_last; ++kd) {
    for (int64_t kh = h_first; kh < h_last; ++kh) PoolLine<Op>(width, line(kd, kh), y);
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
  return context.ParallelFor(pool.planes() * lines, cost, [&](int64_t begin, int64_t end) {
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
  if (context.attrs<PoolAttrs>().channels_last) return "takes ONNX's layout only";
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
