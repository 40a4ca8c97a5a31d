// LpNormalization, LRN and MeanVarianceNormalization.
#include <cmath>

#include "ops/common/float_inputs.h"
#include "ops/norm/norm.h"

namespace sardonyx {
namespace {

Status InferFloat(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckFloatInput(context, 0));
  return InferSameAsInput(context);
}

// ---- LpNormalization: input / norm along one axis -------------------------------------------

struct LpAttrs : Attrs {
  int64_t axis = -1;
  int64_t p = 2;
};

StatusOr<std::shared_ptr<Attrs>> ParseLp(ParseContext& context) {
  auto attrs = std::make_shared<LpAttrs>();
  attrs->axis = context.Int("axis", -1);
  attrs->p = context.Int("p", 2);
  if (attrs->p != 1 && attrs->p != 2) {
    context.Fail(absl::StrCat("attribute 'p' is ", attrs->p, ", not 1 or 2"));
  }
  return attrs;
}

Status InferLp(InferContext& context) {
  if (const SymbolicShape* x = context.shape(0)) {
    SX_RETURN_IF_ERROR(
        NormalizeAxis(context.attrs<LpAttrs>().axis, static_cast<int>(x->size())).status());
  }
  return InferFloat(context);
}

template <typename T>
Status Lp(KernelContext& context) {
  const auto& attrs = context.attrs<LpAttrs>();
  const Shape& shape = context.input(0).shape();
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, shape.rank()));
  const int64_t outer = shape.Elements(0, axis);
  const int64_t length = shape[axis];
  const int64_t inner = shape.Elements(axis + 1, shape.rank());
  const T* x = context.input(0).data<T>();
  T* y = context.output(0).data<T>();
  if (context.output(0).size() == 0) return absl::OkStatus();
  return context.ParallelFor(
      outer * inner, 4.0 * static_cast<double>(length), [&](int64_t begin, int64_t end) {
        for (int64_t line = begin; line < end; ++line) {
          const int64_t start = line / inner * length * inner + line % inner;
          double sum = 0;
          for (int64_t i = 0; i < length; ++i) {
            const double value = static_cast<double>(x[start + i * inner]);
            sum += attrs.p == 1 ? std::abs(value) : value * value;
          }
          const double norm = attrs.p == 1 ? sum : std::sqrt(sum);
          for (int64_t i = 0; i < length; ++i) {
            const int64_t at = start + i * inner;
            y[at] = static_cast<T>(norm == 0 ? 0.0 : static_cast<double>(x[at]) / norm);
          }
        }
      });
}

// ---- LRN: x / (bias + alpha / size * sum of squares over near channels) ^ beta ---------------

struct LrnAttrs : Attrs {
  double alpha = 1e-4, beta = 0.75, bias = 1;
  int64_t size = 1;
};

StatusOr<std::shared_ptr<Attrs>> ParseLrn(ParseContext& context) {
  auto attrs = std::make_shared<LrnAttrs>();
  attrs->alpha = static_cast<double>(context.Float("alpha", 1e-4f));
  attrs->beta = static_cast<double>(context.Float("beta", 0.75f));
  attrs->bias = static_cast<double>(context.Float("bias", 1.0f));
  context.Require("size");
  attrs->size = context.Int("size", 1);
  if (attrs->size < 1 || attrs->size > (int64_t{1} << 31)) {
    context.Fail(absl::StrCat("attribute 'size' is ", attrs->size, ", not at least 1"));
  }
  return attrs;
}

Status InferLrn(InferContext& context) {
  if (const SymbolicShape* x = context.shape(0); x != nullptr && x->size() < 2) {
    return InvalidArgument("input X has shape ", ToString(*x), ", not rank 2 or more");
  }
  return InferFloat(context);
}

template <typename T>
Status Lrn(KernelContext& context) {
  const auto& attrs = context.attrs<LrnAttrs>();
  const Shape& shape = context.input(0).shape();
  const int64_t channels = shape[1];
  const int64_t plane = shape.Elements(2, shape.rank());
  const int64_t before = (attrs.size - 1) / 2;
  const int64_t after = attrs.size - 1 - before;
  const T* x = context.input(0).data<T>();
  T* y = context.output(0).data<T>();
  const double factor = attrs.alpha / static_cast<double>(attrs.size);
  const double cost =
      static_cast<double>(plane) * (20.0 + static_cast<double>(std::min(attrs.size, channels)));
  return context.ParallelFor(shape[0] * channels, cost, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const int64_t c = p % channels;
      const T* image = x + (p - c) * plane;
      const int64_t first = std::max<int64_t>(0, c - before);
      const int64_t last = std::min(channels - 1, c + after);
      for (int64_t i = 0; i < plane; ++i) {
        double squares = 0;
        for (int64_t k = first; k <= last; ++k) {
          const double value = static_cast<double>(image[k * plane + i]);
          squares += value * value;
        }
        const double base = attrs.bias + factor * squares;
        // beta = 3/4, as in the paper, needs no pow.
        const double power = attrs.beta == 0.75 ? std::sqrt(base) * std::sqrt(std::sqrt(base))
                                                : std::pow(base, attrs.beta);
        y[p * plane + i] = static_cast<T>(static_cast<double>(image[c * plane + i]) / power);
      }
    }
  });
}

// ---- MeanVarianceNormalization: (x - mean) / deviation over some axes ------------------------

struct MvnAttrs : Attrs {
  Ints axes;
};

StatusOr<std::shared_ptr<Attrs>> ParseMvn(ParseContext& context) {
  auto attrs = std::make_shared<MvnAttrs>();
  attrs->axes = context.IntList("axes", {0, 2, 3});
  return attrs;
}

/// For each axis whether it is reduced.
StatusOr<std::vector<bool>> Reduced(const MvnAttrs& attrs, int rank) {
  std::vector<bool> reduced(static_cast<size_t>(rank), attrs.axes.empty());
  for (const int64_t given : attrs.axes) {
    SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(given, rank));
    reduced[static_cast<size_t>(axis)] = true;
  }
  return reduced;
}

Status InferMvn(InferContext& context) {
  if (const SymbolicShape* x = context.shape(0)) {
    SX_RETURN_IF_ERROR(Reduced(context.attrs<MvnAttrs>(), static_cast<int>(x->size())).status());
  }
  return InferFloat(context);
}

/// Calls visit(offset) for every combination of the positions along the given axes.
template <typename Visit>
void Walk(const Shape& shape, const Ints& strides, const std::vector<int>& axes, size_t depth,
          int64_t offset, const Visit& visit) {
  if (depth == axes.size()) {
    visit(offset);
    return;
  }
  const int axis = axes[depth];
  for (int64_t i = 0; i < shape[axis]; ++i) {
    Walk(shape, strides, axes, depth + 1, offset + i * strides[axis], visit);
  }
}

template <typename T>
Status Mvn(KernelContext& context) {
  const Shape& shape = context.input(0).shape();
  SX_ASSIGN_OR_RETURN(const std::vector<bool> reduced,
                      Reduced(context.attrs<MvnAttrs>(), shape.rank()));
  const Ints strides = shape.Strides();
  std::vector<int> inner, outer;
  int64_t lines = 1, length = 1;
  for (int i = 0; i < shape.rank(); ++i) {
    (reduced[static_cast<size_t>(i)] ? inner : outer).push_back(i);
    (reduced[static_cast<size_t>(i)] ? length : lines) *= shape[i];
  }
  if (context.output(0).size() == 0) return absl::OkStatus();
  const T* x = context.input(0).data<T>();
  T* y = context.output(0).data<T>();
  return context.ParallelFor(
      lines, 10.0 * static_cast<double>(length), [&](int64_t begin, int64_t end) {
        for (int64_t line = begin; line < end; ++line) {
          int64_t start = 0, rest = line;
          for (size_t k = outer.size(); k-- > 0;) {
            start += rest % shape[outer[k]] * strides[outer[k]];
            rest /= shape[outer[k]];
          }
          double mean = 0, variance = 0;
          const double count = static_cast<double>(length);
          Walk(shape, strides, inner, 0, start,
               [&](int64_t at) { mean += static_cast<double>(x[at]) / count; });
          Walk(shape, strides, inner, 0, start, [&](int64_t at) {
            const double d = static_cast<double>(x[at]) - mean;
            variance += d * d / count;
          });
          const double deviation = std::sqrt(variance) + 1e-9;  // as the specification's function
          Walk(shape, strides, inner, 0, start, [&](int64_t at) {
            y[at] = static_cast<T>((static_cast<double>(x[at]) - mean) / deviation);
          });
        }
      });
}

Status RunLp(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() { return Lp<T>(context); });
}
Status RunLrn(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() { return Lrn<T>(context); });
}
Status RunMvn(KernelContext& context) {
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() { return Mvn<T>(context); });
}

}  // namespace

OpDef LpNormalizationOp() {
  return {.domain = "",
          .name = "LpNormalization",
          .versions = {1, 22},
          .min_inputs = 1,
          .max_inputs = 1,
          .parse = ParseLp,
          .infer = InferLp,
          .kernels = {SimpleKernel<RunLp>("lpnorm.reference")}};
}

OpDef LrnOp() {
  return {.domain = "",
          .name = "LRN",
          .versions = {1, 13},
          .min_inputs = 1,
          .max_inputs = 1,
          .parse = ParseLrn,
          .infer = InferLrn,
          .kernels = {SimpleKernel<RunLrn>("lrn.reference")}};
}

OpDef MeanVarianceNormalizationOp() {
  return {.domain = "",
          .name = "MeanVarianceNormalization",
          .versions = {9, 13},
          .min_inputs = 1,
          .max_inputs = 1,
          .parse = ParseMvn,
          .infer = InferMvn,
          .kernels = {SimpleKernel<RunMvn>("mvn.reference")}};
}

}  // namespace sardonyx
