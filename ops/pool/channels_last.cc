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

/// The input's elements that one output combines: a box of `count` positions along three axes,
/// `step` elements apart, from `from` on, which points to channel 0.
struct PoolBox {
  const float* from;
  int64_t count[3];
  int64_t step[3];
};
using PoolBoxFunction = void (*)(const PoolBox& box, float divisor, int64_t channels, float* y);

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

/// `vectors` vectors of channels. Rows are combined on their own first, which keeps the rounding of
/// large windows small.
template <class Op, int vectors, class Load>
HWY_INLINE void Combine(const PoolBox& box, const Load& load, V* result) {
  for (int v = 0; v < vectors; ++v) result[v] = Op::Start();
  for (int64_t i = 0; i < box.count[0]; ++i) {
    for (int64_t j = 0; j < box.count[1]; ++j) {
      const float* from = box.from + i * box.step[0] + j * box.step[1];
      V row[vectors];
      for (int v = 0; v < vectors; ++v) row[v] = Op::Start();
      for (int64_t k = 0; k < box.count[2]; ++k, from += box.step[2]) {
        for (int v = 0; v < vectors; ++v) row[v] = Op::Combine(row[v], load(from + v * kLanes));
      }
      for (int v = 0; v < vectors; ++v) result[v] = Op::Combine(result[v], row[v]);
    }
  }
}

template <class Op>
void Pool(const PoolBox& box, float divisor, int64_t channels, float* y) {
  const D d;
  const V divisors = hn::Set(d, divisor);
  const auto load = [d](const float* p) HWY_ATTR { return hn::LoadU(d, p); };
  constexpr int kVectors = 4;
  PoolBox at = box;
  int64_t c = 0;
  for (; c + kVectors * kLanes <= channels; c += kVectors * kLanes) {
    V result[kVectors];
    at.from = box.from + c;
    Combine<Op, kVectors>(at, load, result);
    for (int v = 0; v < kVectors; ++v) {
      hn::StoreU(Op::Finish(result[v], divisors), d, y + c + v * kLanes);
    }
  }
  for (; c < channels; c += kLanes) {
    const auto mask = hn::FirstN(d, static_cast<size_t>(std::min(kLanes, channels - c)));
    const auto part = [d, mask](const float* p) HWY_ATTR { return hn::MaskedLoad(mask, d, p); };
    V result[1];
    at.from = box.from + c;
    Combine<Op, 1>(at, part, result);
    hn::BlendedStore(Op::Finish(result[0], divisors), mask, d, y + c);
  }
}

}  // namespace

PoolBoxFunction MaxPoolBox() { return Pool<TakeMax>; }
PoolBoxFunction AveragePoolBox() { return Pool<TakeAverage>; }

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(MaxPoolBox);
HWY_EXPORT(AveragePoolBox);

namespace {

/// Where along one axis output `o` begins to read the input, and how many elements.
struct Reach {
  int64_t first, count;
  Reach(const WindowAxis& axis, int64_t o) {
    int64_t begin, end;
    axis.Inside(o, &begin, &end);
    first = o * axis.stride - axis.pad_begin + begin * axis.dilation;
    count = end - begin;
  }
};

struct Job {
  Window window;  // three axes
  int64_t channels;
  const float* x;
  float* y;
  bool count_padding = false;
  float divisor_of_none = 1;  // for a window without elements

  /// Output `o`, counted through all images and axes, its channels [begin, end).
  void Run(PoolBoxFunction pool, int64_t o, int64_t begin, int64_t end) const {
    float* to = y + o * channels + begin;
    Ints at(3);
    for (int i = 3; i-- > 0; o /= window[i].output) at[i] = o % window[i].output;
    PoolBox box{};
    int64_t offset = o, step = channels, taps = 1;
    for (int i = 0; i < 3; ++i) {
      const Reach reach(window[i], at[i]);
      offset = offset * window[i].input + reach.first;
      box.count[i] = reach.count;
      taps *= count_padding ? TapsInPadded(window[i], at[i]) : reach.count;
    }
    for (int i = 3; i-- > 0; step *= window[i].input) box.step[i] = step * window[i].dilation;
    if (box.count[0] * box.count[1] * box.count[2] == 0) box = {};
    box.from = x + offset * channels + begin;
    pool(box, taps == 0 ? divisor_of_none : static_cast<float>(taps), end - begin, to);
  }
};

Status RunJob(KernelContext& context, PoolBoxFunction pool, const Job& job) {
  const int64_t outputs = context.output(0).size() / std::max<int64_t>(job.channels, 1);
  constexpr int64_t kChunk = 64;  // channels: work enough for several threads where outputs are few
  const int64_t chunks = (job.channels + kChunk - 1) / kChunk;
  double taps = 1;
  for (const WindowAxis& axis : job.window) {
    taps *= static_cast<double>(std::min(axis.kernel, axis.input));
  }
  return context.ParallelFor(outputs * chunks, 5 + 2 * taps, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t first = begin % chunks;
      const int64_t last = std::min(chunks, first + end - begin);
      job.Run(pool, begin / chunks, first * kChunk, std::min(last * kChunk, job.channels));
      begin += last - first;
    }
  });
}

template <bool average>
PoolBoxFunction BoxFunction() {
  return average ? HWY_DYNAMIC_DISPATCH(AveragePoolBox)() : HWY_DYNAMIC_DISPATCH(MaxPoolBox)();
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
  return RunJob(context, BoxFunction<average>(), job);
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
  return RunJob(context, BoxFunction<average>(), job);
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
