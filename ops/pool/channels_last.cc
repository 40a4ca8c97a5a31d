// maxpool.channels_last and averagepool.channels_last, and the global ones: float32 tensors
// [N, D..., C]. Each output is a row of channels, which vectors go along.
#include <limits>

#include "ops/common/simd_targets.h"
#include "ops/pool/pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/pool/channels_last.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

#ifndef SARDONYX_POOL_CHANNELS_LAST
#define SARDONYX_POOL_CHANNELS_LAST
namespace sardonyx {

/// A line of outputs, some channels of them. What one output combines is a box of positions along
/// three axes: the first two the same for all of the line, the third as `x` says.
struct PoolLine {
  const float*
      from;  // channel 0 of position 0 on the third axis, where the box begins on the others
  int64_t count[2];  // positions on the first two axes
  int64_t step[2];   // floats from one to the next
  WindowAxis x;
  int64_t pixel;     // floats from pixel to pixel, of the input and of y
  int64_t channels;  // of each pixel
  bool count_padding;
  int64_t divisor;        // of an average, the part of the first two axes
  float divisor_of_none;  // for a window without elements
  float* y;
};
using PoolLineFunction = void (*)(const PoolLine& line);

}  // namespace sardonyx
#endif

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr int64_t kLanes = hn::MaxLanes(D());

struct TakeMax {  // passes over NaN, as the reference does
  static HWY_INLINE V Start() { return hn::Set(D(), -std::numeric_limits<float>::infinity()); }
  static HWY_INLINE V Combine(V best, V x) { return hn::IfThenElse(hn::Gt(x, best), x, best); }
  static HWY_INLINE V Finish(V best, V) { return best; }
};
struct TakeAverage {
  static HWY_INLINE V Start() { return hn::Zero(D()); }
  static HWY_INLINE V Combine(V sum, V x) { return hn::Add(sum, x); }
  static HWY_INLINE V Finish(V sum, V divisor) { return hn::Div(sum, divisor); }
};

/// `vectors` vectors of channels, read from `from` on, of `count` positions on the third axis. Rows
/// are combined on their own first, which keeps the rounding of large windows small. The loops over
/// vectors are unrolled by hand, as they would not stay in registers otherwise.
template <class Op, int vectors, class Load>
HWY_INLINE void Combine(const PoolLine& line, const float* from, int64_t count, const Load& load,
                        V* result) {
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) result[v] = Op::Start();
  for (int64_t i = 0; i < line.count[0]; ++i) {
    for (int64_t j = 0; j < line.count[1]; ++j) {
      const float* at = from + i * line.step[0] + j * line.step[1];
      V row[vectors];
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) row[v] = Op::Start();
      for (int64_t k = 0; k < count; ++k, at += line.x.dilation * line.pixel) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) row[v] = Op::Combine(row[v], load(at + v * kLanes));
      }
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) result[v] = Op::Combine(result[v], row[v]);
    }
  }
}

/// All channels of one output.
template <class Op>
HWY_INLINE void Output(const PoolLine& line, const float* from, int64_t count, float divisor,
                       float* y) {
  const D d;
  const V divisors = hn::Set(d, divisor);
  const auto load = [d](const float* p) HWY_ATTR { return hn::LoadU(d, p); };
  constexpr int kVectors = 4;
  int64_t c = 0;
  for (; c + kVectors * kLanes <= line.channels; c += kVectors * kLanes) {
    V result[kVectors];
    Combine<Op, kVectors>(line, from + c, count, load, result);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      hn::StoreU(Op::Finish(result[v], divisors), d, y + c + v * kLanes);
    }
  }
  for (; c < line.channels; c += kLanes) {
    const auto mask = hn::FirstN(d, static_cast<size_t>(std::min(kLanes, line.channels - c)));
    const auto part = [d, mask](const float* p) HWY_ATTR { return hn::MaskedLoad(mask, d, p); };
    V result[1];
    Combine<Op, 1>(line, from + c, count, part, result);
    hn::BlendedStore(Op::Finish(result[0], divisors), mask, d, y + c);
  }
}

template <class Op>
void Pool(const PoolLine& line) {
  for (int64_t o = 0; o < line.x.output; ++o) {
    int64_t begin, end;
    line.x.Inside(o, &begin, &end);
    const int64_t taps =
        line.divisor * (line.count_padding ? TapsInPadded(line.x, o) : end - begin);
    const int64_t first = o * line.x.stride - line.x.pad_begin + begin * line.x.dilation;
    // Nothing before the image is pointed to where nothing is read.
    const float* from = end > begin ? line.from + first * line.pixel : line.from;
    Output<Op>(line, from, end - begin, taps == 0 ? line.divisor_of_none : static_cast<float>(taps),
               line.y + o * line.pixel);
  }
}

}  // namespace

PoolLineFunction MaxPoolLine() { return Pool<TakeMax>; }
PoolLineFunction AveragePoolLine() { return Pool<TakeAverage>; }

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(MaxPoolLine);
HWY_EXPORT(AveragePoolLine);

namespace {

struct Job {
  Window window;  // three axes
  int64_t channels;
  const float* x;
  float* y;
  bool count_padding = false;
  float divisor_of_none = 1;

  /// Line `index`, counted through all images and the first two axes, its channels [begin, end).
  void Run(PoolLineFunction pool, int64_t index, int64_t begin, int64_t end) const {
    PoolLine line{.x = window[2],
                  .pixel = channels,
                  .channels = end - begin,
                  .count_padding = count_padding,
                  .divisor = 1,
                  .divisor_of_none = divisor_of_none,
                  .y = y + index * window[2].output * channels + begin};
    const int64_t at[2] = {index / window[1].output % window[0].output, index % window[1].output};
    int64_t offset = index / window[1].output / window[0].output;
    for (int i = 0; i < 2; ++i) {
      int64_t first, last;
      window[i].Inside(at[i], &first, &last);
      line.count[i] = last - first;
      line.divisor *= count_padding ? TapsInPadded(window[i], at[i]) : last - first;
      const int64_t start = at[i] * window[i].stride - window[i].pad_begin;
      offset = offset * window[i].input + (last > first ? start + first * window[i].dilation : 0);
    }
    const int64_t row = window[2].input * channels;
    line.step[0] = window[0].dilation * window[1].input * row;
    line.step[1] = window[1].dilation * row;
    line.from = x + offset * row + begin;
    pool(line);
  }
};

Status RunJob(KernelContext& context, PoolLineFunction pool, const Job& job) {
  const int64_t line = std::max<int64_t>(job.channels * job.window[2].output, 1);
  const int64_t lines = context.output(0).size() / line;
  constexpr int64_t kChunk = 64;  // channels: work enough for several threads where lines are few
  const int64_t chunks = (job.channels + kChunk - 1) / kChunk;
  double taps = static_cast<double>(job.window[2].output);
  for (const WindowAxis& axis : job.window) {
    taps *= static_cast<double>(std::min(axis.kernel, axis.input));
  }
  return context.ParallelFor(lines * chunks, 10 + taps, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t first = begin % chunks;
      const int64_t last = std::min(chunks, first + end - begin);
      job.Run(pool, begin / chunks, first * kChunk, std::min(last * kChunk, job.channels));
      begin += last - first;
    }
  });
}

template <bool average>
PoolLineFunction LineFunction() {
  return average ? HWY_DYNAMIC_DISPATCH(AveragePoolLine)() : HWY_DYNAMIC_DISPATCH(MaxPoolLine)();
}

template <bool average>
Status RunPool(KernelContext& context) {
  const auto& attrs = context.attrs<PoolAttrs>();
  SX_ASSIGN_OR_RETURN(const PoolShape pool, ResolvePool(attrs, context.input(0).shape()));
  const Job job{.window = AtLeastRank(pool.window, 3),
                .channels = pool.channels,
                .x = context.input(0).data<float>(),
                .y = context.output(0).data<float>(),
                .count_padding = attrs.count_include_pad};
  return RunJob(context, LineFunction<average>(), job);
}

template <bool average>
Status RunGlobal(KernelContext& context) {
  const Tensor& x = context.input(0);
  Window window;
  for (int i = 1; i + 1 < x.rank(); ++i) window.push_back({.input = x.dim(i), .kernel = x.dim(i)});
  // One axis will do where there are more than three.
  if (window.size() > 3) {
    const int64_t plane = x.shape().Elements(1, x.rank() - 1);
    window = {{.input = plane, .kernel = plane}};
  }
  const Job job{.window = AtLeastRank(window, 3),
                .channels = x.dim(x.rank() - 1),
                .x = x.data<float>(),
                .y = context.output(0).data<float>(),
                .divisor_of_none = 0};
  return RunJob(context, LineFunction<average>(), job);
}

template <typename A>
std::string Refuses(const PrepareContext& context) {
  if (!context.attrs<A>().channels_last) return "takes channels-last tensors only";
  return context.element(0) == DataType::kFloat ? "" : "works on float only";
}

}  // namespace

KernelDef MaxPoolChannelsLast() {
  return SimpleKernel<RunPool<false>>("maxpool.channels_last", Backend::kNative,
                                      Refuses<PoolAttrs>);
}
KernelDef AveragePoolChannelsLast() {
  return SimpleKernel<RunPool<true>>("averagepool.channels_last", Backend::kNative,
                                     Refuses<PoolAttrs>);
}
KernelDef GlobalAveragePoolChannelsLast() {
  return SimpleKernel<RunGlobal<true>>("globalaveragepool.channels_last", Backend::kNative,
                                       Refuses<GlobalPoolAttrs>);
}
KernelDef GlobalMaxPoolChannelsLast() {
  return SimpleKernel<RunGlobal<false>>("globalmaxpool.channels_last", Backend::kNative,
                                        Refuses<GlobalPoolAttrs>);
}

}  // namespace sardonyx
#endif  // HWY_ONCE
