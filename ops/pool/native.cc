// maxpool.native and averagepool.native: float32, a row of outputs at a time.
//
// The input's lines that a row of outputs reads are combined element by element, and what comes of
// it with itself, shifted by each column of the kernel: for each the outputs that read the input
// proper, not padding, form one interval.
#include <algorithm>
#include <limits>

#include "ops/common/ceil.h"
#include "ops/common/simd_targets.h"
#include "ops/pool/pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/pool/native.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

#ifndef SARDONYX_POOL_NATIVE
#define SARDONYX_POOL_NATIVE
namespace sardonyx {

/// The window padded to three axes, so that one loop serves 1 to 3 dimensions, and what is the same
/// for all rows.
struct Rows {
  /// Element of the kernel along the width, from which outputs [first, last) get the input's
  /// element `offset` and those `stride` apart behind it.
  struct Tap {
    int64_t first, last, offset;
  };

  WindowAxis depth, height, width;
  absl::InlinedVector<Tap, 8> taps;
  int64_t first_whole, last_whole;  // outputs whose windows lie within the width

  explicit Rows(const Window& window) {
    const Window three = AtLeastRank(window, 3);
    depth = three[0];
    height = three[1];
    width = three[2];
    // Of a kernel much wider than the input, only these elements meet it.
    const int64_t before = width.pad_begin - (width.output - 1) * width.stride;
    const int64_t end = CeilDiv(width.input + width.pad_begin, width.dilation);
    for (int64_t k = before > 0 ? CeilDiv(before, width.dilation) : 0;
         k < std::min(width.kernel, end); ++k) {
      Tap tap;
      OutputsInside(width, k, &tap.first, &tap.last);
      tap.offset = tap.first * width.stride - width.pad_begin + k * width.dilation;
      if (tap.first < tap.last) taps.push_back(tap);
    }
    first_whole = std::min(CeilDiv(width.pad_begin, width.stride), width.output);
    const int64_t room = width.input + width.pad_begin - width.extent();
    last_whole =
        room < 0 ? first_whole : std::clamp(room / width.stride + 1, first_whole, width.output);
  }
};

/// Row (d, h) of the outputs of one plane `x`.
using PoolRowFunction = void (*)(const Rows& rows, bool count_padding, const float* x, int64_t d,
                                 int64_t h, float* y);

}  // namespace sardonyx
#endif

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());

struct TakeMax {  // passes over NaN, as oneDNN does
  static float Start() { return -std::numeric_limits<float>::infinity(); }
  static float Combine(float best, float value) { return value > best ? value : best; }
  static V Combine(V best, V x) { return hn::IfThenElse(hn::Gt(x, best), x, best); }
};
struct TakeSum {
  static float Start() { return 0; }
  static float Combine(float sum, float value) { return sum + value; }
  static V Combine(V sum, V x) { return hn::Add(sum, x); }
};

constexpr int64_t kLongest = 2048;      // a line that is combined with others
constexpr int64_t kSlack = 3 * kLanes;  // behind it, which whole vectors may touch

auto First(int64_t count) { return hn::FirstN(D(), static_cast<size_t>(std::min(kLanes, count))); }

/// to[i] = change(to[i], i) for a vector of i. With slack, whole vectors are written: what is read
/// again soon must not have been written by parts, which processors wait for.
template <bool slack, class Change>
HWY_INLINE void ChangeFloats(float* to, int64_t count, const Change& change) {
  const D d;
  for (int64_t i = 0; i < count; i += kLanes) {
    const auto mask = First(count - i);
    if constexpr (slack) {
      const V old = hn::LoadU(d, to + i);
      hn::StoreU(hn::IfThenElse(mask, change(old, i), old), d, to + i);
    } else {
      hn::BlendedStore(change(hn::MaskedLoad(mask, d, to + i), i), mask, d, to + i);
    }
  }
}

/// to[o] = Combine(to[o], from[o * stride]); with slack, both have kSlack elements more.
template <typename Op, bool slack>
void CombineRow(float* HWY_RESTRICT to, const float* HWY_RESTRICT from, int64_t count,
                int64_t stride) {
  const D d;
  if (stride == 1) {
    ChangeFloats<slack>(to, count, [&](V old, int64_t i) HWY_ATTR {
      return Op::Combine(
          old, slack ? hn::LoadU(d, from + i) : hn::MaskedLoad(First(count - i), d, from + i));
    });
  } else if (slack && stride == 2) {
    ChangeFloats<slack>(to, count, [&](V old, int64_t i) HWY_ATTR {
      V even, odd;
      hn::LoadInterleaved2(d, from + 2 * i, even, odd);
      return Op::Combine(old, even);
    });
  } else {
    for (int64_t o = 0; o < count; ++o) to[o] = Op::Combine(to[o], from[o * stride]);
  }
}

/// y[o] = Combine over the kernel's elements that meet the input of y[o] and of line `from`.
template <typename Op, bool slack>
void PoolLine(const Rows& rows, const float* from, float* y) {
  for (const Rows::Tap& tap : rows.taps) {
    CombineRow<Op, slack>(y + tap.first, from + tap.offset, tap.last - tap.first,
                          rows.width.stride);
  }
}

/// Lines of the input, `width` long, combined with each other; room for slack behind.
template <typename Op, class Line>
HWY_INLINE void CombineLines(int64_t count, int64_t width, const Line& line, float* to) {
  const D d;
  for (int64_t i = 0; i < width; i += kLanes) {
    const auto mask = First(width - i);
    V x = hn::MaskedLoad(mask, d, line(0) + i);
    for (int64_t k = 1; k < count; ++k) x = Op::Combine(x, hn::MaskedLoad(mask, d, line(k) + i));
    hn::StoreU(x, d, to + i);
  }
  for (int64_t i = 0; i < kSlack; i += kLanes) hn::StoreU(hn::Zero(d), d, to + width + i);
}

/// What the input's part of one row of outputs is divided by.
int64_t TapsOf(const WindowAxis& axis, bool count_padding, int64_t o) {
  if (count_padding) return TapsInPadded(axis, o);
  int64_t first, last;
  axis.Inside(o, &first, &last);
  return last - first;
}

/// Divides a row of sums by how many elements each output read, `lines` of them on other axes.
template <bool slack>
void Divide(const Rows& rows, bool count_padding, int64_t lines, float* y) {
  const auto divide = [&](int64_t o) {
    const int64_t taps = lines * TapsOf(rows.width, count_padding, o);
    y[o] = taps == 0 ? 0 : y[o] / static_cast<float>(taps);
  };
  for (int64_t o = 0; o < rows.first_whole; ++o) divide(o);
  const V whole = hn::Set(D(), static_cast<float>(lines * rows.width.kernel));
  ChangeFloats<slack>(y + rows.first_whole, rows.last_whole - rows.first_whole,
                      [&](V sums, int64_t) HWY_ATTR { return hn::Div(sums, whole); });
  for (int64_t o = rows.last_whole; o < rows.width.output; ++o) divide(o);
}

/// Output row (d, h) of one plane `x`; finish(slack, y) changes it in the end.
template <typename Op, class Finish>
void PoolRow(const Rows& rows, const float* x, int64_t d, int64_t h, const Finish& finish,
             float* y) {
  const WindowAxis &depth = rows.depth, &height = rows.height, &width = rows.width;
  int64_t d_first, d_last, h_first, h_last;
  depth.Inside(d, &d_first, &d_last);
  height.Inside(h, &h_first, &h_last);
  const int64_t first_z = d * depth.stride - depth.pad_begin + d_first * depth.dilation;
  const int64_t first_y = h * height.stride - height.pad_begin + h_first * height.dilation;
  const int64_t first = (first_z * height.input + first_y) * width.input;
  const int64_t plane_step = depth.dilation * height.input * width.input;
  const int64_t line_step = height.dilation * width.input, lines = h_last - h_first;
  const int64_t count = (d_last - d_first) * lines;
  const auto line = [&](int64_t i) {
    return x + first + (i < lines ? i * line_step : i / lines * plane_step + i % lines * line_step);
  };
  const auto start = [](V, int64_t) HWY_ATTR { return hn::Set(D(), Op::Start()); };
  // Lines that fit are combined first, so that the kernel's columns go over one line alone.
  if (count > 1 && width.kernel > 1 && width.input <= kLongest && width.output <= kLongest) {
    float combined[kLongest + kSlack], results[kLongest + kSlack];
    CombineLines<Op>(count, width.input, line, combined);
    for (int64_t i = 0; i < width.output; i += kLanes) {
      hn::StoreU(hn::Set(D(), Op::Start()), D(), results + i);
    }
    PoolLine<Op, true>(rows, combined, results);
    finish(std::true_type(), results);
    ChangeFloats<false>(y, width.output,
                        [&](V, int64_t i) HWY_ATTR { return hn::LoadU(D(), results + i); });
    return;
  }
  ChangeFloats<false>(y, width.output, start);
  for (int64_t i = 0; i < count; ++i) PoolLine<Op, false>(rows, line(i), y);
  finish(std::false_type(), y);
}

void MaxRow(const Rows& rows, bool, const float* x, int64_t d, int64_t h, float* y) {
  PoolRow<TakeMax>(
      rows, x, d, h, [](auto, float*) {}, y);
}
void AverageRow(const Rows& rows, bool count_padding, const float* x, int64_t d, int64_t h,
                float* y) {
  const int64_t lines =
      TapsOf(rows.depth, count_padding, d) * TapsOf(rows.height, count_padding, h);
  PoolRow<TakeSum>(
      rows, x, d, h,
      [&](auto slack, float* row) { Divide<slack.value>(rows, count_padding, lines, row); }, y);
}

}  // namespace

PoolRowFunction MaxPoolRow() { return MaxRow; }
PoolRowFunction AveragePoolRow() { return AverageRow; }

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(MaxPoolRow);
HWY_EXPORT(AveragePoolRow);

namespace {

Status Pool(KernelContext& context, PoolRowFunction pool_row) {
  const auto& attrs = context.attrs<PoolAttrs>();
  SX_ASSIGN_OR_RETURN(const PoolShape pool, ResolvePool(attrs, context.input(0).shape()));
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
      pool_row(rows, attrs.count_include_pad, x + i / lines * in, i % lines / rows.height.output,
               i % rows.height.output, y + i * rows.width.output);
    }
  });
}

Status RunMax(KernelContext& context) { return Pool(context, HWY_DYNAMIC_DISPATCH(MaxPoolRow)()); }

Status RunAverage(KernelContext& context) {
  return Pool(context, HWY_DYNAMIC_DISPATCH(AveragePoolRow)());
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
#endif  // HWY_ONCE
