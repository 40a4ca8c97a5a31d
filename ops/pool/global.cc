// GlobalAveragePool, GlobalMaxPool and GlobalLpPool: one number for each channel of each image.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/common/float_inputs.h"
#include "ops/pool/pool.h"

namespace sardonyx {
namespace {

StatusOr<std::shared_ptr<Attrs>> ParseNothing(ParseContext&) {
  return std::make_shared<GlobalPoolAttrs>();
}

StatusOr<std::shared_ptr<Attrs>> ParseLp(ParseContext& context) {
  auto attrs = std::make_shared<GlobalPoolAttrs>();
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
    const size_t first = context.attrs<GlobalPoolAttrs>().channels_last ? 1 : 2;
    for (size_t i = 0; i + 2 < shape->size(); ++i) (*shape)[first + i] = Dim(1);
  }
  context.set_output(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

/// A channel of an image: its first element, how many there are, and the way from one to the next.
template <typename T>
struct Plane {
  const T* first;
  int64_t size, step;

  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (int64_t i = 0; i < size; ++i) visit(first[i * step]);
  }
};

/// y[plane] = reduce(plane).
template <typename T, typename Reduce>
Status ForEachPlane(KernelContext& context, const Reduce& reduce) {
  const Tensor& x = context.input(0);
  const bool last = context.attrs<GlobalPoolAttrs>().channels_last;
  const int64_t channels = x.dim(last ? x.rank() - 1 : 1);
  const int64_t size = last ? x.shape().Elements(1, x.rank() - 1) : x.shape().Elements(2, x.rank());
  T* y = context.output(0).data<T>();
  return context.ParallelFor(
      x.dim(0) * channels, 1.0 + static_cast<double>(size), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t start = last ? i / channels * size * channels + i % channels : i * size;
          const Plane<T> plane{x.data<T>() + start, size, last ? channels : 1};
          y[i] = static_cast<T>(reduce(plane));
        }
      });
}

Status Average(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() {
    return ForEachPlane<T>(context, [](const Plane<T>& plane) {
      double sum = 0;
      plane.ForEach([&](T x) { sum += static_cast<double>(x); });
      return sum / static_cast<double>(plane.size);
    });
  });
}

Status Max(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() {
    return ForEachPlane<T>(context, [](const Plane<T>& plane) {
      auto best = -std::numeric_limits<ComputeType<T>>::infinity();
      plane.ForEach([&](T x) {
        const auto value = static_cast<ComputeType<T>>(x);
        if (value > best) best = value;  // passes over NaN
      });
      return best;
    });
  });
}

Status Lp(KernelContext& context) {
  const double p = context.attrs<GlobalPoolAttrs>().p;
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() {
    return ForEachPlane<T>(context, [p](const Plane<T>& plane) {
      double sum = 0;
      plane.ForEach([&](T x) { sum += std::pow(std::abs(static_cast<double>(x)), p); });
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
  return ForEachPlane<float>(context, [](const Plane<float>& plane) {
    return Sum(plane.first, plane.size) / static_cast<double>(plane.size);
  });
}

Status NativeMax(KernelContext& context) {
  return ForEachPlane<float>(context, [](const Plane<float>& plane) {
    const float* x = plane.first;
    constexpr int64_t kLanes = 16;
    float lanes[kLanes];
    std::fill_n(lanes, kLanes, -std::numeric_limits<float>::infinity());
    int64_t i = 0;
    for (; i + kLanes <= plane.size; i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        lanes[lane] = x[i + lane] > lanes[lane] ? x[i + lane] : lanes[lane];
      }
    }
    float best = lanes[0];
    for (; i < plane.size; ++i) best = x[i] > best ? x[i] : best;
    for (const float lane : lanes) best = lane > best ? lane : best;
    return best;
  });
}

std::string Refuses(const PrepareContext& context) {
  if (context.attrs<GlobalPoolAttrs>().channels_last) return "takes ONNX's layout only";
  if (context.element(0) == DataType::kFloat) return "";
  return absl::StrCat("works on float, not ", Name(context.element(0)));
}

void Convert(Graph&, Node& node) {
  auto attrs = std::make_shared<GlobalPoolAttrs>(static_cast<const GlobalPoolAttrs&>(*node.attrs));
  attrs->channels_last = true;
  node.attrs = std::move(attrs);
}

OpDef GlobalOp(absl::string_view name, std::vector<int> versions) {
  return {.domain = "",
          .name = name,
          .versions = std::move(versions),
          .min_inputs = 1,
          .max_inputs = 1,
          .parse = ParseNothing,
          .infer = Infer};
}

}  // namespace

OpDef GlobalAveragePoolOp() {
  OpDef op = GlobalOp("GlobalAveragePool", {1, 22});
  op.channels_last = {.inputs = PoolChannelsLast, .convert = Convert};
  op.kernels = {GlobalAveragePoolChannelsLast(),
                SimpleKernel<NativeAverage>("globalaveragepool.native", Backend::kNative, Refuses),
                SimpleKernel<Average>("globalaveragepool.reference")};
  return op;
}

OpDef GlobalMaxPoolOp() {
  OpDef op = GlobalOp("GlobalMaxPool", {1, 22});
  op.channels_last = {.inputs = PoolChannelsLast, .convert = Convert};
  op.kernels = {GlobalMaxPoolChannelsLast(),
                SimpleKernel<NativeMax>("globalmaxpool.native", Backend::kNative, Refuses),
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
