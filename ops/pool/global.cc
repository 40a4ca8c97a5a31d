// GlobalAveragePool, GlobalMaxPool and GlobalLpPool: one number for each channel of each image.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/common/float_inputs.h"
#include "ops/pool/pool.h"

namespace sardonyx {
namespace {

struct GlobalAttrs : Attrs {
  double p = 2;
};

StatusOr<std::shared_ptr<Attrs>> ParseLp(ParseContext& context) {
  auto attrs = std::make_shared<GlobalAttrs>();
  attrs->p = context.version() < 2 ? static_cast<double>(context.Float("p", 2))
                                   : static_cast<double>(context.Int("p", 2));
  if (!(attrs->p > 0) || std::isinf(attrs->p)) {
    context.Fail(absl::StrCat("attribute 'p' is ", attrs->p, ", not positive"));
  }
  return attrs;
}

Status Infer(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckFloatInput(context, 0));
  std::optional<SymbolicShape> shape;
  if (const SymbolicShape* x = context.shape(0)) {
    if (x->size() < 2) return InvalidArgument("input X has rank ", x->size(), ", not at least 2");
    shape = *x;
    for (size_t i = 2; i < shape->size(); ++i) (*shape)[i] = Dim(1);
  }
  context.set_output(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

/// y[plane] = reduce(first element of the plane, its size).
template <typename T, typename Reduce>
Status ForEachPlane(KernelContext& context, const Reduce& reduce) {
  const Tensor& x = context.input(0);
  const int64_t planes = x.shape().Elements(0, 2);
  const int64_t size = x.shape().Elements(2, x.rank());
  T* y = context.output(0).data<T>();
  return context.ParallelFor(planes, 1.0 + static_cast<double>(size),
                             [&](int64_t begin, int64_t end) {
                               for (int64_t i = begin; i < end; ++i) {
                                 y[i] = static_cast<T>(reduce(x.data<T>() + i * size, size));
                               }
                             });
}

Status Average(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() {
    return ForEachPlane<T>(context, [](const T* x, int64_t size) {
      double sum = 0;
      for (int64_t i = 0; i < size; ++i) sum += static_cast<double>(x[i]);
      return sum / static_cast<double>(size);
    });
  });
}

Status Max(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() {
    return ForEachPlane<T>(context, [](const T* x, int64_t size) {
      auto best = -std::numeric_limits<ComputeType<T>>::infinity();
      for (int64_t i = 0; i < size; ++i) {
        const auto value = static_cast<ComputeType<T>>(x[i]);
        if (value > best) best = value;  // passes over NaN
      }
      return best;
    });
  });
}

Status Lp(KernelContext& context) {
  const double p = context.attrs<GlobalAttrs>().p;
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() {
    return ForEachPlane<T>(context, [p](const T* x, int64_t size) {
      double sum = 0;
      for (int64_t i = 0; i < size; ++i) sum += std::pow(std::abs(static_cast<double>(x[i])), p);
      return std::pow(sum, 1 / p);
    });
  });
}

/// Sums in lanes that vectors can hold; what the lanes of a block give is added in double.
double Sum(const float* x, int64_t size) {
  constexpr int64_t kLanes = 16, kBlock = 4096;
  double total = 0;
  for (int64_t start = 0; start < size; start += kBlock) {
    const int64_t end = std::min(start + kBlock, size);
    float lanes[kLanes] = {};
    int64_t i = start;
    for (; i + kLanes <= end; i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += x[i + lane];
    }
    for (; i < end; ++i) total += static_cast<double>(x[i]);
    for (const float lane : lanes) total += static_cast<double>(lane);
  }
  return total;
}

Status NativeAverage(KernelContext& context) {
  return ForEachPlane<float>(context, [](const float* x, int64_t size) {
    return Sum(x, size) / static_cast<double>(size);
  });
}

Status NativeMax(KernelContext& context) {
  return ForEachPlane<float>(context, [](const float* x, int64_t size) {
    constexpr int64_t kLanes = 16;
    float lanes[kLanes];
    std::fill_n(lanes, kLanes, -std::numeric_limits<float>::infinity());
    int64_t i = 0;
    for (; i + kLanes <= size; i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        lanes[lane] = x[i + lane] > lanes[lane] ? x[i + lane] : lanes[lane];
      }
    }
    float best = lanes[0];
    for (; i < size; ++i) best = x[i] > best ? x[i] : best;
    for (const float lane : lanes) best = lane > best ? lane : best;
    return best;
  });
}

std::string NotFloat(const PrepareContext& context) {
  if (context.element(0) == DataType::kFloat) return "";
  return absl::StrCat("works on float, not ", Name(context.element(0)));
}

OpDef GlobalOp(absl::string_view name, std::vector<int> versions) {
  return {.domain = "",
          .name = name,
          .versions = std::move(versions),
          .min_inputs = 1,
          .max_inputs = 1,
          .infer = Infer};
}

}  // namespace

OpDef GlobalAveragePoolOp() {
  OpDef op = GlobalOp("GlobalAveragePool", {1, 22});
  op.kernels = {SimpleKernel<NativeAverage>("globalaveragepool.native", Backend::kNative, NotFloat),
                SimpleKernel<Average>("globalaveragepool.reference")};
  return op;
}

OpDef GlobalMaxPoolOp() {
  OpDef op = GlobalOp("GlobalMaxPool", {1, 22});
  op.kernels = {SimpleKernel<NativeMax>("globalmaxpool.native", Backend::kNative, NotFloat),
                SimpleKernel<Max>("globalmaxpool.reference")};
  return op;
}

OpDef GlobalLpPoolOp() {
  OpDef op = GlobalOp("GlobalLpPool", {1, 2, 22});
  op.parse = ParseLp;
  op.kernels = {SimpleKernel<Lp>("globallppool.reference")};
  return op;
}

}  // namespace sardonyx
