// batchnorm.native: float32, y = activation(x factor[c] + shift[c]), in either layout.
#include <cmath>

#include "ops/common/scratch.h"
#include "ops/common/simd_targets.h"
#include "ops/norm/batchnorm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/norm/batchnorm_native.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "ops/common/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sardonyx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
constexpr int64_t kLanes = hn::MaxLanes(D());

/// y[i] = activation(x[i] factor(i) + shift(i)), where both come as vectors for a position and
/// mask.
template <class Factor, class Shift>
HWY_INLINE void ScaleShift(const float* x, int64_t n, const Activation& activation, float* y,
                           const Factor& factor, const Shift& shift) {
  const D d;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const auto all = hn::FirstN(d, static_cast<size_t>(kLanes));
    const auto value = hn::MulAdd(hn::LoadU(d, x + i), factor(i, all), shift(i, all));
    hn::StoreU(Activate(d, activation, value), d, y + i);
  }
  if (i == n) return;
  const auto mask = hn::FirstN(d, static_cast<size_t>(n - i));
  const auto value = hn::MulAdd(hn::MaskedLoad(mask, d, x + i), factor(i, mask), shift(i, mask));
  hn::BlendedStore(Activate(d, activation, value), mask, d, y + i);
}

}  // namespace

/// One channel's elements.
void ScaleShiftPlane(const float* x, int64_t n, float factor, float shift,
                     const Activation& activation, float* y) {
  const auto factors = hn::Set(D(), factor), shifts = hn::Set(D(), shift);
  ScaleShift(
      x, n, activation, y, [&](int64_t, auto) HWY_ATTR { return factors; },
      [&](int64_t, auto) HWY_ATTR { return shifts; });
}

/// One position's channels.
void ScaleShiftRow(const float* x, int64_t channels, const float* factor, const float* shift,
                   const Activation& activation, float* y) {
  const auto load = [](const float* from) {
    return [from](int64_t i, auto mask) HWY_ATTR { return hn::MaskedLoad(mask, D(), from + i); };
  };
  ScaleShift(x, channels, activation, y, load(factor), load(shift));
}

}  // namespace sardonyx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sardonyx {

HWY_EXPORT(ScaleShiftPlane);
HWY_EXPORT(ScaleShiftRow);

namespace {

struct BatchNormNativeKernel : Kernel {
  int64_t channels = 0;  // 0: not known before the run
  int64_t scratch_bytes() const override { return Bytes(channels); }
  static int64_t Bytes(int64_t channels) {
    return 2 * channels * static_cast<int64_t>(sizeof(float));
  }

  Status Run(KernelContext& context) const override {
    const auto& attrs = context.attrs<BatchNormAttrs>();
    const BatchNormShape shape = ViewBatchNorm(attrs, context.input(0).shape());
    for (int i = 1; i < 5; ++i) {
      if (context.input(i).size() != shape.channels) {
        return InvalidArgument("X has ", shape.channels, " channels, but input #", i, " has ",
                               context.input(i).size(), " elements");
      }
    }
    Tensor temporary;
    SX_ASSIGN_OR_RETURN(const absl::Span<std::byte> scratch,
                        ScratchOf(context, Bytes(shape.channels), &temporary));
    float* factor = reinterpret_cast<float*>(scratch.data());
    float* shift = factor + shape.channels;
    const float *scale = context.input(1).data<float>(), *bias = context.input(2).data<float>(),
                *mean = context.input(3).data<float>(), *variance = context.input(4).data<float>();
    for (int64_t c = 0; c < shape.channels; ++c) {
      const double exact = static_cast<double>(scale[c]) /
                           std::sqrt(static_cast<double>(variance[c]) + attrs.epsilon);
      factor[c] = static_cast<float>(exact);
      shift[c] = static_cast<float>(bias[c] - mean[c] * exact);
    }
    const float* x = context.input(0).data<float>();
    float* y = context.output(0).data<float>();
    if (shape.plane == 1) {
      return context.ParallelFor(
          shape.batch, 5.0 + 0.25 * static_cast<double>(shape.channels),
          [&](int64_t begin, int64_t end) {
            for (int64_t at = begin * shape.channels; begin < end; ++begin, at += shape.channels) {
              HWY_DYNAMIC_DISPATCH(ScaleShiftRow)
              (x + at, shape.channels, factor, shift, attrs.activation, y + at);
            }
          });
    }
    return context.ParallelFor(
        shape.batch * shape.channels, 5.0 + 0.25 * static_cast<double>(shape.plane),
        [&](int64_t begin, int64_t end) {
          for (int64_t p = begin; p < end; ++p) {
            const int64_t c = p % shape.channels, at = p * shape.plane;
            HWY_DYNAMIC_DISPATCH(ScaleShiftPlane)
            (x + at, shape.plane, factor[c], shift[c], attrs.activation, y + at);
          }
        });
  }
};

StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  auto kernel = std::make_unique<BatchNormNativeKernel>();
  if (const auto scale = context.shape(1)) kernel->channels = scale->Elements();
  return kernel;
}

}  // namespace

KernelDef BatchNormNative() {
  return {.name = "batchnorm.native",
          .backend = Backend::kNative,
          .refuses = NotFloatInference,
          .prepare = Prepare};
}

}  // namespace sardonyx
#endif  // HWY_ONCE
