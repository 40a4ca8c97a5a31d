// NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/common/accumulate.h"
#include "ops/common/infer.h"
#include "ops/training/ops.h"

namespace sardonyx {
namespace {

struct LossAttrs : Attrs {
  enum class Reduction { kNone, kSum, kMean } reduction = Reduction::kMean;
  std::optional<int64_t> ignore_index;
};

StatusOr<std::shared_ptr<Attrs>> ParseLoss(ParseContext& context) {
  auto attrs = std::make_shared<LossAttrs>();
  if (const int64_t index = context.Int("ignore_index", 0); context.Has("ignore_index")) {
    attrs->ignore_index = index;
  }
  const std::string reduction = context.String("reduction", "mean");
  if (reduction == "none") {
    attrs->reduction = LossAttrs::Reduction::kNone;
  } else if (reduction == "sum") {
    attrs->reduction = LossAttrs::Reduction::kSum;
  } else if (reduction != "mean") {
    return InvalidArgument("reduction is '", reduction, "', but must be none, sum or mean");
  }
  return attrs;
}

/// Inputs: scores [N, C, D...], labels [N, D...], weights [C].
Status InferLoss(InferContext& context) {
  const auto& attrs = context.attrs<LossAttrs>();
  SX_ASSIGN_OR_RETURN(const DataType element, CommonElement(context, Floats{}, {0, 2}));
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int32_t, int64_t>{}, {1}).status());
  const SymbolicShape *scores = context.shape(0), *labels = context.shape(1);
  std::optional<SymbolicShape> samples;
  if (scores != nullptr) {
    if (scores->size() < 2) {
      return InvalidArgument("input 0 has shape ", ToString(*scores),
                             ", but must have at least a batch and a class dimension");
    }
    samples = *scores;
    samples->erase(samples->begin() + 1);
    SX_RETURN_IF_ERROR(CheckRank(context, 1, static_cast<int>(samples->size()), "1"));
    for (size_t i = 0; labels != nullptr && i < samples->size(); ++i) {
      SX_ASSIGN_OR_RETURN((*samples)[i], MergeDims((*samples)[i], (*labels)[i],
                                                   absl::StrCat("dimension ", i, " of labels")));
    }
    SX_RETURN_IF_ERROR(CheckRank(context, 2, 1, "2"));
    if (context.shape(2) != nullptr) {
      SX_RETURN_IF_ERROR(
          MergeDims((*scores)[1], (*context.shape(2))[0], "the number of classes").status());
    }
  } else if (labels != nullptr) {
    samples = *labels;
  }
  const bool reduces = attrs.reduction != LossAttrs::Reduction::kNone;
  context.set_output(0, element, reduces ? SymbolicShape() : samples);
  context.set_output(1, element, scores ? std::optional(*scores) : std::nullopt);
  return absl::OkStatus();
}

/// The labels, checked. An ignored one is -1.
StatusOr<std::vector<int64_t>> Labels(const Tensor& tensor, int64_t classes,
                                      const LossAttrs& attrs) {
  std::vector<int64_t> labels(tensor.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    const int64_t label =
        tensor.type() == DataType::kInt32 ? tensor.data<int32_t>()[i] : tensor.data<int64_t>()[i];
    const bool ignored = attrs.ignore_index == label;
    if (!ignored && (label < 0 || label >= classes)) {
      return InvalidArgument("label ", label, " is outside [0,", classes - 1, "]");
    }
    labels[i] = ignored ? -1 : label;
  }
  return labels;
}

/// Logarithm of the sum of exponentials of `n` elements that lie `step` apart.
template <typename T>
double LogSumExp(const T* x, int64_t n, int64_t step) {
  double greatest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (int64_t i = 0; i < n; ++i) greatest = std::max(greatest, Widen(x[i * step]));
  for (int64_t i = 0; i < n; ++i) sum += std::exp(Widen(x[i * step]) - greatest);
  return greatest + std::log(sum);
}

template <typename T, bool kSoftmax>
Status Loss(KernelContext& context) {
  const auto& attrs = context.attrs<LossAttrs>();
  const Tensor& scores = context.input(0);
  const T* x = scores.data<T>();
  const T* weights = context.has_input(2) ? context.input(2).data<T>() : nullptr;
  const int64_t classes = scores.dim(1), inner = scores.shape().Elements(2, scores.rank());
  SX_ASSIGN_OR_RETURN(const std::vector<int64_t> labels, Labels(context.input(1), classes, attrs));
  const int64_t samples = static_cast<int64_t>(labels.size());
  T* log_prob = kSoftmax && context.has_output(1) ? context.output(1).data<T>() : nullptr;
  std::vector<double> losses(samples);
  SX_RETURN_IF_ERROR(
      context.ParallelFor(samples, kSoftmax ? 20.0 * classes : 2, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t at = i / inner * classes * inner + i % inner;
          const double total = kSoftmax ? LogSumExp(x + at, classes, inner) : 0;
          for (int64_t c = 0; log_prob != nullptr && c < classes; ++c) {
            log_prob[at + c * inner] = Narrow<T>(Widen(x[at + c * inner]) - total);
          }
          if (labels[i] < 0) continue;
          const double weight = weights == nullptr ? 1 : Widen(weights[labels[i]]);
          losses[i] = (total - Widen(x[at + labels[i] * inner])) * weight;
        }
      }));
  if (!context.has_output(0)) return absl::OkStatus();
  T* y = context.output(0).data<T>();
  if (attrs.reduction == LossAttrs::Reduction::kNone) {
    for (int64_t i = 0; i < samples; ++i) y[i] = Narrow<T>(losses[i]);
    return absl::OkStatus();
  }
  double sum = 0, divisor = 0;
  for (int64_t i = 0; i < samples; ++i) {
    if (labels[i] < 0) continue;
    sum += losses[i];
    divisor += weights == nullptr ? 1 : Widen(weights[labels[i]]);
  }
  y[0] = Narrow<T>(attrs.reduction == LossAttrs::Reduction::kMean ? sum / divisor : sum);
  return absl::OkStatus();
}

template <bool kSoftmax>
Status RunLoss(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{},
                  [&]<typename T>() { return Loss<T, kSoftmax>(context); });
}

}  // namespace

std::vector<OpDef> LossOps() {
  return {{.name = "NegativeLogLikelihoodLoss",
           .versions = {12, 13, 22},
           .min_inputs = 2,
           .max_inputs = 3,
           .parse = ParseLoss,
           .infer = InferLoss,
           .kernels = {SimpleKernel<RunLoss<false>>("nll_loss.reference")}},
          {.name = "SoftmaxCrossEntropyLoss",
           .versions = {12, 13},
           .min_inputs = 2,
           .max_inputs = 3,
           .max_outputs = 2,
           .parse = ParseLoss,
           .infer = InferLoss,
           .kernels = {SimpleKernel<RunLoss<true>>("softmax_cross_entropy_loss.reference")}}};
}

}  // namespace sardonyx
