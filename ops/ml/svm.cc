// SVMClassifier and SVMRegressor: support vector machines as LIBSVM trains them (C.-C. Chang and
// C.-J. Lin, "LIBSVM: a library for support vector machines", 2011).
#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/ml/batch.h"
#include "ops/ml/coupling.h"
#include "ops/ml/defs.h"
#include "ops/ml/lists.h"
#include "ops/ml/scores.h"

namespace sardonyx {
namespace {

enum class SvmKernel { kLinear, kPoly, kRbf, kSigmoid };

struct SvmAttrs : Attrs {
  SvmKernel kernel = SvmKernel::kLinear;
  double gamma = 0, coef0 = 0, degree = 0;
  std::vector<float> vectors;  // [support vectors, features]; none in a linear model
  int64_t vector_count = 0;
  int64_t features = 0;
  std::vector<float> coefficients;  // of support vectors or, in a linear model, of features
  std::vector<float> rho;           // constants, added
  PostTransform transform = PostTransform::kNone;

  /// The kernel function of a row and a vector that begins at `v`.
  double Kernel(absl::Span<const double> x, const float* v) const {
    if (kernel == SvmKernel::kRbf) {
      const double square =
          std::inner_product(x.begin(), x.end(), v, 0.0, std::plus<>(),
                             [](double a, double b) { return (a - b) * (a - b); });
      return std::exp(-gamma * square);
    }
    const double product = std::inner_product(x.begin(), x.end(), v, 0.0);
    if (kernel == SvmKernel::kPoly) return std::pow(gamma * product + coef0, degree);
    if (kernel == SvmKernel::kSigmoid) return std::tanh(gamma * product + coef0);
    return product;
  }
  /// The kernel function of a row and each support vector.
  std::vector<double> Kernels(absl::Span<const double> x) const {
    std::vector<double> values(vector_count);
    for (int64_t i = 0; i < vector_count; ++i) values[i] = Kernel(x, &vectors[i * features]);
    return values;
  }
  double Cost() const {  // nanoseconds for a row
    return 2.0 * static_cast<double>(vectors.size() + coefficients.size()) + 100;
  }
};

SvmKernel ParseKernel(ParseContext& context) {
  const std::string name = context.String("kernel_type", "LINEAR");
  if (name == "POLY") return SvmKernel::kPoly;
  if (name == "RBF") return SvmKernel::kRbf;
  if (name == "SIGMOID") return SvmKernel::kSigmoid;
  if (name != "LINEAR") {
    context.Fail(
        absl::StrCat("kernel_type is '", name, "', expected LINEAR, POLY, RBF or SIGMOID"));
  }
  return SvmKernel::kLinear;
}

/// The attributes that both have. `vector_count` support vectors share the list of features;
/// without any the model is linear, with `rows` rows of coefficients.
void ParseSvm(ParseContext& context, int64_t vector_count, int64_t rows, SvmAttrs* attrs) {
  attrs->transform = ParsePostTransform(context);
  attrs->coefficients = context.FloatList("coefficients");
  attrs->rho = context.FloatList("rho");
  attrs->vectors = context.FloatList("support_vectors");
  attrs->vector_count = vector_count;
  const SvmKernel kernel = ParseKernel(context);
  const std::vector<float> params = context.FloatList("kernel_params");
  if (params.size() != 3 && !params.empty()) {
    context.Fail(absl::StrCat("kernel_params has ", params.size(), " elements, expected 3"));
  }
  const auto size =
      static_cast<int64_t>(vector_count > 0 ? attrs->vectors.size() : attrs->coefficients.size());
  const int64_t parts = vector_count > 0 ? vector_count : rows;
  if (size == 0 || size % parts != 0) {
    context.Fail(absl::StrCat(vector_count > 0 ? "support_vectors" : "coefficients", " has ", size,
                              " elements, which ", parts, " rows cannot share"));
    return;
  }
  attrs->features = size / parts;
  if (vector_count == 0) return;
  attrs->kernel = kernel;
  if (params.size() == 3) {
    attrs->gamma = params[0];
    attrs->coef0 = params[1];
    attrs->degree = params[2];
  }
}

/// Fails unless a list has at least as many elements as are used.
void RequireSize(ParseContext& context, size_t size, int64_t wanted, absl::string_view name) {
  if (static_cast<int64_t>(size) >= wanted) return;
  context.Fail(absl::StrCat(name, " has ", size, " elements, expected ", wanted));
}

/// Checks X against the model; the number of its rows.
StatusOr<Dim> InferRows(const InferContext& context) {
  const int64_t wanted = context.attrs<SvmAttrs>().features;
  SX_ASSIGN_OR_RETURN(const auto batch, InferBatch(context, FeatureTypes{}));
  if (!batch) return Dim();
  if (batch->features.known() && batch->features.value != wanted) {
    return InvalidArgument("X has ", batch->features.value, " features, the model ", wanted);
  }
  return batch->rows;
}

// ---- SVMRegressor ----

struct SvmRegressorAttrs : SvmAttrs {
  bool one_class = false;  // tells what is inside, 1, from what is not, -1
};

StatusOr<std::shared_ptr<Attrs>> ParseRegressor(ParseContext& context) {
  auto attrs = std::make_shared<SvmRegressorAttrs>();
  const int64_t supports = context.Int("n_supports", 0);
  if (supports < 0) return InvalidArgument("n_supports is ", supports);
  ParseSvm(context, supports, 1, attrs.get());
  attrs->one_class = context.Flag("one_class", false);
  RequireSize(context, attrs->rho.size(), 1, "rho");
  RequireSize(context, attrs->coefficients.size(), supports, "coefficients");
  return std::shared_ptr<Attrs>(std::move(attrs));
}

Status InferRegressor(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const Dim rows, InferRows(context));
  context.set_output(0, DataType::kFloat, SymbolicShape{rows, 1});
  return absl::OkStatus();
}

Status RunRegressor(KernelContext& context) {
  const auto& attrs = context.attrs<SvmRegressorAttrs>();
  return ForEachFeatureVector(
      context, FeatureTypes{}, attrs.Cost(), [&](int64_t row, absl::Span<const double> x) {
        double score = attrs.rho[0];
        if (attrs.vector_count > 0) {
          const std::vector<double> kernels = attrs.Kernels(x);
          score =
              std::inner_product(kernels.begin(), kernels.end(), attrs.coefficients.begin(), score);
        } else {
          score += attrs.Kernel(x, attrs.coefficients.data());
        }
        if (attrs.one_class) {
          score = score > 0 ? 1 : -1;
        } else {
          Transform(attrs.transform, absl::MakeSpan(&score, 1));
        }
        PutScores(absl::MakeConstSpan(&score, 1), row, context.output(0));
      });
}

// ---- SVMClassifier ----

struct SvmClassifierAttrs : SvmAttrs {
  Tensor labels;
  Ints first;  // support vector of each class, and an end
  std::vector<float> prob_a, prob_b;
  bool positive = false;  // all coefficients are

  int64_t classes() const { return labels.size(); }
  /// Columns of the scores: of each class, or of each pair of them.
  int64_t columns() const {
    const bool by_pair = vector_count > 0 && prob_a.empty() && classes() > 2;
    return by_pair ? classes() * (classes() - 1) / 2 : classes();
  }
};

/// The first vector of each class; nothing where a count is not possible.
std::optional<Ints> FirstVectors(const Ints& counts) {
  Ints first = {0};
  for (int64_t count : counts) {
    const auto next = CheckedAdd(first.back(), count);
    if (count < 0 || !next) return std::nullopt;
    first.push_back(*next);
  }
  return first;
}

constexpr int64_t kMaxClasses = 1 << 16;  // so that the number of pairs is small

StatusOr<std::shared_ptr<Attrs>> ParseClassifier(ParseContext& context) {
  auto attrs = std::make_shared<SvmClassifierAttrs>();
  attrs->labels =
      ParseList(context, {.ints = "classlabels_ints", .strings = "classlabels_strings"});
  const int64_t classes = attrs->classes();
  if (classes == 0) return std::shared_ptr<Attrs>(std::move(attrs));  // which is an error
  if (classes > kMaxClasses) {
    return LimitExceeded("there are ", classes, " classes, at most ", kMaxClasses, " are possible");
  }
  const Ints counts = context.IntList("vectors_per_class");
  const auto first = FirstVectors(counts);
  if (!first) return InvalidArgument("vectors_per_class has a negative element or a huge sum");
  attrs->first = *first;
  ParseSvm(context, first->back(), classes, attrs.get());
  attrs->prob_a = context.FloatList("prob_a");
  attrs->prob_b = context.FloatList("prob_b");
  attrs->positive = std::all_of(attrs->coefficients.begin(), attrs->coefficients.end(),
                                [](float value) { return value >= 0; });
  if (attrs->vector_count == 0) {
    RequireSize(context, attrs->rho.size(), 1, "rho");
    return std::shared_ptr<Attrs>(std::move(attrs));
  }
  const int64_t pairs = classes * (classes - 1) / 2;
  if (classes < 2 || static_cast<int64_t>(counts.size()) != classes) {
    return InvalidArgument("vectors_per_class has ", counts.size(), " elements for ", classes,
                           " classes; at least 2 are needed");
  }
  RequireSize(context, attrs->rho.size(), pairs, "rho");
  RequireSize(context, attrs->coefficients.size() / (classes - 1), attrs->vector_count,
              "each row of coefficients");
  if (!attrs->prob_a.empty() || !attrs->prob_b.empty()) {
    RequireSize(context, attrs->prob_a.size(), pairs, "prob_a");
    RequireSize(context, attrs->prob_b.size(), pairs, "prob_b");
  }
  return std::shared_ptr<Attrs>(std::move(attrs));
}

Status InferClassifier(InferContext& context) {
  const auto& attrs = context.attrs<SvmClassifierAttrs>();
  SX_ASSIGN_OR_RETURN(const Dim rows, InferRows(context));
  context.set_output(0, attrs.labels.type(), SymbolicShape{rows});
  context.set_output(1, DataType::kFloat, SymbolicShape{rows, attrs.columns()});
  return absl::OkStatus();
}

/// Decides between every two classes: a score for each pair, positive for the first of them, and
/// how many pairs each class has won. Row j - 1 of the coefficients weighs the vectors of the
/// classes before j against j, row i those of the classes behind i against i.
std::vector<double> ScorePairs(const SvmClassifierAttrs& attrs, absl::Span<const double> x,
                               std::vector<double>* votes) {
  const std::vector<double> kernels = attrs.Kernels(x);
  const auto sum = [&](int64_t row, int64_t of) {
    const float* weights = &attrs.coefficients[row * attrs.vector_count];
    double result = 0;
    for (int64_t k = attrs.first[of]; k < attrs.first[of + 1]; ++k) {
      result += weights[k] * kernels[k];
    }
    return result;
  };
  std::vector<double> scores;
  votes->assign(attrs.classes(), 0);
  for (int64_t i = 0; i < attrs.classes(); ++i) {
    for (int64_t j = i + 1; j < attrs.classes(); ++j) {
      scores.push_back(attrs.rho[scores.size()] + sum(j - 1, i) + sum(i, j));
      ++(*votes)[scores.back() > 0 ? i : j];
    }
  }
  return scores;
}

/// The class of a linear model. Of two classes the second wins by 0.5 where all coefficients are
/// positive: a rule that onnxruntime and the reference evaluator share.
int64_t LinearClass(const SvmClassifierAttrs& attrs, absl::Span<const double> scores) {
  if (scores.size() == 2 && attrs.positive && std::max(scores[0], scores[1]) >= 0.5) return 1;
  return TopClass(scores);
}

Status RunClassifier(KernelContext& context) {
  const auto& attrs = context.attrs<SvmClassifierAttrs>();
  return ForEachFeatureVector(
      context, FeatureTypes{}, attrs.Cost(), [&](int64_t row, absl::Span<const double> x) {
        std::vector<double> scores;
        int64_t top = 0;
        if (attrs.vector_count > 0) {
          std::vector<double> votes;
          scores = ScorePairs(attrs, x, &votes);
          top = TopClass(votes);
          if (!attrs.prob_a.empty()) {
            scores = ClassProbabilities(scores, attrs.prob_a, attrs.prob_b, attrs.classes());
          } else if (attrs.classes() == 2) {
            scores = {-scores[0], scores[0]};
          }
        } else {
          for (int64_t i = 0; i < attrs.classes(); ++i) {
            scores.push_back(attrs.rho[0] +
                             attrs.Kernel(x, &attrs.coefficients[i * attrs.features]));
          }
          top = LinearClass(attrs, scores);
        }
        if (context.has_output(0)) PutLabel(attrs.labels, top, row, context.output(0));
        if (!context.has_output(1)) return;
        Transform(attrs.transform, absl::MakeSpan(scores));
        PutScores(scores, row, context.output(1));
      });
}

}  // namespace

std::vector<OpDef> SvmOps() {
  return {{.domain = kMlDomain,
           .name = "SVMClassifier",
           .versions = {1},
           .min_inputs = 1,
           .max_inputs = 1,
           .min_outputs = 1,
           .max_outputs = 2,
           .parse = ParseClassifier,
           .infer = InferClassifier,
           .kernels = {SimpleKernel<RunClassifier>("svmclassifier.reference")}},
          {.domain = kMlDomain,
           .name = "SVMRegressor",
           .versions = {1},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseRegressor,
           .infer = InferRegressor,
           .kernels = {SimpleKernel<RunRegressor>("svmregressor.reference")}}};
}

}  // namespace sardonyx
