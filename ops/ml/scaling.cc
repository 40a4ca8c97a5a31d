// Binarizer, Imputer, Normalizer and Scaler: changing features one by one, or row by row.
#include <cmath>

#include "ops/ml/batch.h"
#include "ops/ml/defs.h"

namespace sardonyx {
namespace {

/// Calls body(value, feature) for every element of input 0, where `feature` counts along the last
/// axis, and puts what it returns into output 0 of element type R, which void takes for the
/// input's.
template <typename R, typename Body>
Status MapFeatures(KernelContext& context, const Body& body) {
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0);
  if (x.size() == 0) return absl::OkStatus();
  const int64_t width = x.rank() == 0 ? 1 : x.dim(x.rank() - 1);
  return Dispatch(x.type(), FeatureTypes{}, [&]<typename T>() {
    using To = std::conditional_t<std::is_void_v<R>, T, R>;
    return context.ParallelFor(x.size(), 2, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        y.data<To>()[i] = static_cast<To>(body(x.data<T>()[i], i % width));
      }
    });
  });
}

/// The output is float in the input's shape.
Status InferFloats(InferContext& context) {
  SX_RETURN_IF_ERROR(CommonElement(context, FeatureTypes{}, {0}).status());
  context.set_output(0, DataType::kFloat, context.input(0).shape);
  return absl::OkStatus();
}

/// An error unless a list called `name` has one element, or one for each feature of input 0.
Status CheckPerFeature(const InferContext& context, size_t size, absl::string_view name) {
  const SymbolicShape* shape = context.shape(0);
  if (size == 1 || shape == nullptr) return absl::OkStatus();
  const Dim width = shape->empty() ? Dim(1) : shape->back();
  if (!width.known() || width.value == static_cast<int64_t>(size)) return absl::OkStatus();
  return InvalidArgument(name, " has ", size, " elements for ", width.value, " features");
}

/// The element of a list of one for all features, or of one for each.
template <typename List>
auto OfFeature(const List& list, int64_t feature) {
  return list[list.size() == 1 ? 0 : feature];
}

// ---- Binarizer ----

struct BinarizerAttrs : Attrs {
  float threshold = 0;
};

StatusOr<std::shared_ptr<Attrs>> ParseBinarizer(ParseContext& context) {
  auto attrs = std::make_shared<BinarizerAttrs>();
  attrs->threshold = context.Float("threshold", 0);
  return attrs;
}

Status InferBinarizer(InferContext& context) {
  SX_RETURN_IF_ERROR(CommonElement(context, FeatureTypes{}, {0}).status());
  return InferSameAsInput(context);
}

Status RunBinarizer(KernelContext& context) {
  const double threshold = context.attrs<BinarizerAttrs>().threshold;
  return MapFeatures<void>(
      context, [&](auto value, int64_t) { return static_cast<double>(value) > threshold ? 1 : 0; });
}

// ---- Imputer ----

struct ImputerAttrs : Attrs {
  std::vector<float> floats;  // to write, for inputs of floats
  Ints ints;                  // the same for integers
  float replaced_float = 0;
  int64_t replaced_int = 0;
};

StatusOr<std::shared_ptr<Attrs>> ParseImputer(ParseContext& context) {
  auto attrs = std::make_shared<ImputerAttrs>();
  attrs->floats = context.FloatList("imputed_value_floats");
  attrs->ints = context.IntList("imputed_value_int64s");
  attrs->replaced_float = context.Float("replaced_value_float", 0);
  attrs->replaced_int = context.Int("replaced_value_int64", 0);
  if (attrs->floats.empty() == attrs->ints.empty()) {
    context.Fail("exactly one of imputed_value_floats and imputed_value_int64s is needed");
  }
  return attrs;
}

Status InferImputer(InferContext& context) {
  const auto& attrs = context.attrs<ImputerAttrs>();
  SX_ASSIGN_OR_RETURN(const DataType type, CommonElement(context, FeatureTypes{}, {0}));
  if (type != DataType::kUndefined && IsInteger(type) == attrs.ints.empty()) {
    return InvalidArgument("X is ", Name(type), ", but the values to impute are ",
                           attrs.ints.empty() ? "floats" : "integers");
  }
  for (int64_t value : attrs.ints) {
    if (type == DataType::kInt32 && value != static_cast<int32_t>(value)) {
      return InvalidArgument("imputed_value_int64s has ", value, ", which is no int32");
    }
  }
  SX_RETURN_IF_ERROR(CheckPerFeature(context, std::max(attrs.floats.size(), attrs.ints.size()),
                                     "the list of values to impute"));
  return InferSameAsInput(context);
}

Status RunImputer(KernelContext& context) {
  const auto& attrs = context.attrs<ImputerAttrs>();
  return MapFeatures<void>(context, [&]<typename T>(T value, int64_t feature) {
    if constexpr (std::is_integral_v<T>) {
      return value == attrs.replaced_int ? static_cast<T>(OfFeature(attrs.ints, feature)) : value;
    } else {
      const bool missing = value == T{attrs.replaced_float} ||
                           (std::isnan(value) && std::isnan(attrs.replaced_float));
      return missing ? T{OfFeature(attrs.floats, feature)} : value;
    }
  });
}

// ---- Scaler ----

struct ScalerAttrs : Attrs {
  std::vector<float> offset = {0}, scale = {1};
};

StatusOr<std::shared_ptr<Attrs>> ParseScaler(ParseContext& context) {
  auto attrs = std::make_shared<ScalerAttrs>();
  attrs->offset = context.FloatList("offset", {0});
  attrs->scale = context.FloatList("scale", {1});
  return attrs;
}

Status InferScaler(InferContext& context) {
  const auto& attrs = context.attrs<ScalerAttrs>();
  SX_RETURN_IF_ERROR(CheckPerFeature(context, attrs.offset.size(), "offset"));
  SX_RETURN_IF_ERROR(CheckPerFeature(context, attrs.scale.size(), "scale"));
  return InferFloats(context);
}

Status RunScaler(KernelContext& context) {
  const auto& attrs = context.attrs<ScalerAttrs>();
  return MapFeatures<float>(context, [&](auto value, int64_t feature) {
    const double offset = OfFeature(attrs.offset, feature);
    return (static_cast<double>(value) - offset) * OfFeature(attrs.scale, feature);
  });
}

// ---- Normalizer ----

enum class Norm { kMax, kL1, kL2 };

struct NormalizerAttrs : Attrs {
  Norm norm = Norm::kMax;
};

StatusOr<std::shared_ptr<Attrs>> ParseNormalizer(ParseContext& context) {
  auto attrs = std::make_shared<NormalizerAttrs>();
  const std::string norm = context.String("norm", "MAX");
  if (norm != "MAX" && norm != "L1" && norm != "L2") {
    context.Fail(absl::StrCat("norm is '", norm, "', expected 'MAX', 'L1' or 'L2'"));
  }
  attrs->norm = norm == "MAX" ? Norm::kMax : norm == "L1" ? Norm::kL1 : Norm::kL2;
  return attrs;
}

Status InferNormalizer(InferContext& context) {
  SX_RETURN_IF_ERROR(InferBatch(context, FeatureTypes{}).status());
  return InferFloats(context);
}

/// What a row is divided by. The specification's "sum" in L1 is that of the magnitudes, as in both
/// onnxruntime and the reference evaluator; its "max" is the greatest value, whatever its sign.
double Divisor(Norm norm, absl::Span<const double> row) {
  double divisor = norm == Norm::kMax ? std::numeric_limits<double>::lowest() : 0;
  for (double value : row) {
    switch (norm) {
      case Norm::kMax:
        divisor = std::max(divisor, value);
        break;
      case Norm::kL1:
        divisor += std::fabs(value);
        break;
      case Norm::kL2:
        divisor += value * value;
        break;
    }
  }
  if (norm == Norm::kL2) divisor = std::sqrt(divisor);
  return divisor == 0 ? 1 : divisor;
}

Status RunNormalizer(KernelContext& context) {
  const Norm norm = context.attrs<NormalizerAttrs>().norm;
  const int64_t width = BatchOf(context.input(0)).features;
  float* y = context.output(0).data<float>();
  return ForEachFeatureVector(
      context, FeatureTypes{}, 4.0 * static_cast<double>(width) + 1,
      [&](int64_t row, absl::Span<const double> features) {
        const double divisor = Divisor(norm, features);
        std::transform(features.begin(), features.end(), y + row * width,
                       [&](double value) { return static_cast<float>(value / divisor); });
      });
}

/// A definition of what all operators of this file have in common.
OpDef Define(absl::string_view name, StatusOr<std::shared_ptr<Attrs>> (*parse)(ParseContext&),
             Status (*infer)(InferContext&), KernelDef kernel) {
  return {.domain = kMlDomain,
          .name = name,
          .versions = {1},
          .min_inputs = 1,
          .max_inputs = 1,
          .parse = parse,
          .infer = infer,
          .kernels = {std::move(kernel)}};
}

}  // namespace

std::vector<OpDef> ScalingOps() {
  return {
      Define("Binarizer", ParseBinarizer, InferBinarizer,
             SimpleKernel<RunBinarizer>("binarizer.reference")),
      Define("Imputer", ParseImputer, InferImputer, SimpleKernel<RunImputer>("imputer.reference")),
      Define("Normalizer", ParseNormalizer, InferNormalizer,
             SimpleKernel<RunNormalizer>("normalizer.reference")),
      Define("Scaler", ParseScaler, InferScaler, SimpleKernel<RunScaler>("scaler.reference"))};
}

}  // namespace sardonyx
