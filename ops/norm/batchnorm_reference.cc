// batchnorm.reference: the definition, and the statistics that training takes.
#include <cmath>

#include "ops/norm/batchnorm.h"

namespace sardonyx {
namespace {

/// The statistics of one batch, per channel.
template <typename T>
Status BatchMoments(KernelContext& context, const BatchNormShape& shape, const T* x,
                    std::vector<double>* means, std::vector<double>* variances) {
  const double count = static_cast<double>(shape.batch) * static_cast<double>(shape.plane);
  means->assign(static_cast<size_t>(shape.channels), 0);
  variances->assign(static_cast<size_t>(shape.channels), 0);
  return context.ParallelFor(shape.channels, count * 4, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      double mean = 0, variance = 0;
      for (const bool second : {false, true}) {
        for (int64_t n = 0; n < shape.batch; ++n) {
          const T* plane = x + (n * shape.channels + c) * shape.plane;
          for (int64_t i = 0; i < shape.plane; ++i) {
            const double value = static_cast<double>(plane[i]);
            if (second) {
              variance += (value - mean) * (value - mean);
            } else {
              mean += value;
            }
          }
        }
        (second ? variance : mean) /= count;
      }
      (*means)[c] = mean;
      (*variances)[c] = variance;
    }
  });
}

void StoreDoubles(const std::vector<double>& from, Tensor& to) {
  (void)Dispatch(to.type(), Floats{}, [&]<typename U>() {
    for (int64_t i = 0; i < to.size(); ++i) to.data<U>()[i] = static_cast<U>(from[i]);
    return absl::OkStatus();
  });
}

template <typename T>
Status Reference(KernelContext& context) {
  const auto& attrs = context.attrs<BatchNormAttrs>();
  const BatchNormShape shape = ViewBatchNorm(attrs, context.input(0).shape());
  const T* x = context.input(0).data<T>();
  SX_ASSIGN_OR_RETURN(const std::vector<double> scale, ToDoubles(context.input(1)));
  SX_ASSIGN_OR_RETURN(const std::vector<double> bias, ToDoubles(context.input(2)));
  SX_ASSIGN_OR_RETURN(std::vector<double> mean, ToDoubles(context.input(3)));
  SX_ASSIGN_OR_RETURN(std::vector<double> variance, ToDoubles(context.input(4)));
  for (const size_t size : {scale.size(), bias.size(), mean.size(), variance.size()}) {
    if (static_cast<int64_t>(size) != shape.channels) {
      return InvalidArgument("X has ", shape.channels, " channels, but an input has ", size,
                             " elements");
    }
  }
  if (attrs.training) {
    std::vector<double> batch_mean, batch_variance;
    SX_RETURN_IF_ERROR(BatchMoments(context, shape, x, &batch_mean, &batch_variance));
    const double keep = static_cast<double>(attrs.momentum);
    for (size_t c = 0; c < mean.size(); ++c) {
      mean[c] = mean[c] * keep + batch_mean[c] * (1 - keep);
      variance[c] = variance[c] * keep + batch_variance[c] * (1 - keep);
    }
    if (context.has_output(1)) StoreDoubles(mean, context.output(1));
    if (context.has_output(2)) StoreDoubles(variance, context.output(2));
    if (context.has_output(3)) StoreDoubles(batch_mean, context.output(3));
    if (context.has_output(4)) StoreDoubles(batch_variance, context.output(4));
    mean = std::move(batch_mean);
    variance = std::move(batch_variance);
  }
  T* y = context.output(0).data<T>();
  const double epsilon = static_cast<double>(attrs.epsilon);
  return context.ParallelFor(
      shape.batch * shape.channels, 3.0 * static_cast<double>(shape.plane),
      [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; ++p) {
          const int64_t c = p % shape.channels;
          const double deviation = std::sqrt(variance[c] + epsilon);
          for (int64_t i = p * shape.plane; i < (p + 1) * shape.plane; ++i) {
            double value = (static_cast<double>(x[i]) - mean[c]) / deviation * scale[c] + bias[c];
            if (attrs.activation) value = Apply(attrs.activation, static_cast<float>(value));
            y[i] = static_cast<T>(value);
          }
        }
      });
}

Status RunReference(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{},
                  [&]<typename T>() { return Reference<T>(context); });
}

}  // namespace

KernelDef BatchNormReference() { return SimpleKernel<RunReference>("batchnorm.reference"); }

}  // namespace sardonyx
