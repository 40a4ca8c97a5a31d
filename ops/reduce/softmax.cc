// Softmax, LogSoftmax and Hardmax.
#include "ops/reduce/softmax.h"

#include <algorithm>

#include "ops/attention/fusion.h"
#include "ops/common/axis_split.h"
#include "ops/common/infer.h"
#include "ops/reduce/reduce.h"

namespace sardonyx {
namespace {

struct SoftmaxAttrs : Attrs {
  int64_t axis = -1;
};

StatusOr<std::shared_ptr<Attrs>> ParseSoftmax(ParseContext& context) {
  auto attrs = std::make_shared<SoftmaxAttrs>();
  attrs->axis = context.Int("axis", context.version() < 13 ? 1 : -1);
  return attrs;
}

Status InferSoftmax(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const DataType element, CommonElement(context, Floats{}, {0}));
  const SymbolicShape* shape = context.shape(0);
  if (shape != nullptr) {
    SX_RETURN_IF_ERROR(
        NormalizeAxis(context.attrs<SoftmaxAttrs>().axis, static_cast<int>(shape->size()))
            .status());
  }
  context.set_output(0, element, shape ? std::optional(*shape) : std::nullopt);
  return absl::OkStatus();
}

/// Before opset 13 the axis and all behind it were one.
StatusOr<AxisSplit> SplitOf(const KernelContext& context) {
  const Shape& shape = context.input(0).shape();
  SX_ASSIGN_OR_RETURN(const int axis,
                      NormalizeAxis(context.attrs<SoftmaxAttrs>().axis, shape.rank()));
  if (context.version() >= 13) return AxisSplit(shape, axis);
  return AxisSplit(shape.Elements(0, axis), shape.Elements(axis, shape.rank()), 1);
}

enum class Method { kSoftmax, kLogSoftmax, kHardmax };

/// One column of `n` elements that lie `step` apart.
template <typename T, Method kMethod>
void ReferenceColumn(const T* x, int64_t n, int64_t step, T* y) {
  double greatest = Widen(x[0]);
  int64_t greatest_at = 0;
  for (int64_t i = 1; i < n; ++i) {
    const double value = Widen(x[i * step]);
    if (value > greatest || (std::isnan(value) && !std::isnan(greatest))) {
      greatest = value;
      greatest_at = i;
    }
  }
  if constexpr (kMethod == Method::kHardmax) {
    for (int64_t i = 0; i < n; ++i) y[i * step] = T(i == greatest_at ? 1.0f : 0.0f);
  } else {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += std::exp(Widen(x[i * step]) - greatest);
    const double log_sum = std::log(sum);
    for (int64_t i = 0; i < n; ++i) {
      const double shifted = Widen(x[i * step]) - greatest;
      y[i * step] =
          static_cast<T>(kMethod == Method::kSoftmax ? std::exp(shifted) / sum : shifted - log_sum);
    }
  }
}

template <Method kMethod>
Status RunReference(KernelContext& context) {
  const Tensor& input = context.input(0);
  SX_ASSIGN_OR_RETURN(const AxisSplit split, SplitOf(context));
  if (input.size() == 0) return absl::OkStatus();
  return Dispatch(input.type(), Floats{}, [&]<typename T>() {
    return context.ParallelFor(
        split.outer * split.inner, 20.0 * split.length, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            const int64_t at = i / split.inner * split.length * split.inner + i % split.inner;
            ReferenceColumn<T, kMethod>(input.data<T>() + at, split.length, split.inner,
                                        context.output(0).data<T>() + at);
          }
        });
  });
}

template <bool kLog>
Status RunVector(KernelContext& context) {
  const Tensor& input = context.input(0);
  SX_ASSIGN_OR_RETURN(const AxisSplit split, SplitOf(context));
  if (input.size() == 0) return absl::OkStatus();
  const float* x = input.data<float>();
  float* y = context.output(0).data<float>();
  if (split.inner == 1) {
    return context.ParallelFor(split.outer, 2.0 * split.length, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        SoftmaxRow(x + i * split.length, split.length, kLog, y + i * split.length);
      }
    });
  }
  constexpr int64_t kBlock = 64;  // columns at a time
  const int64_t blocks = (split.inner + kBlock - 1) / kBlock;
  return context.ParallelFor(
      split.outer * blocks, 2.0 * kBlock * split.length, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t first = i % blocks * kBlock;
          const int64_t at = i / blocks * split.length * split.inner + first;
          SoftmaxColumns(x + at, split.length, split.inner, std::min(kBlock, split.inner - first),
                         kLog, y + at);
        }
      });
}

std::string RefusesAllButFloat(const PrepareContext& context) {
  if (context.element(0) == DataType::kFloat) return "";
  return absl::StrCat("takes float only, not ", Name(context.element(0)));
}

}  // namespace

std::vector<OpDef> SoftmaxOps() {
  OpDef softmax{.name = "Softmax",
                .versions = {1, 11, 13},
                .min_inputs = 1,
                .max_inputs = 1,
                .parse = ParseSoftmax,
                .infer = InferSoftmax,
                .kernels = {SimpleKernel<RunVector<false>>("softmax.vector", Backend::kNative,
                                                           RefusesAllButFloat),
                            SimpleKernel<RunReference<Method::kSoftmax>>("softmax.reference")},
                .in_place = {0}};
  OpDef log_softmax = softmax;
  log_softmax.name = "LogSoftmax";
  log_softmax.kernels = {
      SimpleKernel<RunVector<true>>("log_softmax.vector", Backend::kNative, RefusesAllButFloat),
      SimpleKernel<RunReference<Method::kLogSoftmax>>("log_softmax.reference")};
  OpDef hardmax = softmax;
  hardmax.name = "Hardmax";
  hardmax.kernels = {SimpleKernel<RunReference<Method::kHardmax>>("hardmax.reference")};
  softmax.rewrites = SoftmaxRewrites();
  return {softmax, log_softmax, hardmax};
}

}  // namespace sardonyx
