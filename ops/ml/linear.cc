// LinearClassifier and LinearRegressor.
#include <numeric>

#include "ops/common/int_inputs.h"
#include "ops/ml/batch.h"
#include "ops/ml/defs.h"
#include "ops/ml/lists.h"
#include "ops/ml/scores.h"

namespace sardonyx {
namespace {

struct LinearAttrs : Attrs {
  std::vector<float> coefficients;  // [scores, features]
  std::vector<float> intercepts;    // [scores], or none
  PostTransform transform = PostTransform::kNone;
  Tensor labels;        // of a classifier
  int64_t targets = 1;  // of a regressor

  /// Rows of coefficients where X has that many features. A classifier of two classes may have but
  /// one, the score of the second class. Errors: another count.
  StatusOr<int64_t> Scores(int64_t features) const {
    const auto size = static_cast<int64_t>(coefficients.size());
    const int64_t wanted = labels.defined() ? labels.size() : targets;
    const int64_t scores = features == 0 ? 0 : size / features;
    const bool fits = scores > 0 && scores * features == size &&
                      (scores == wanted || (labels.size() == 2 && scores == 1));
    if (!fits) {
      return InvalidArgument("there are ", size, " coefficients for ", features, " features and ",
                             wanted, labels.defined() ? " classes" : " targets");
    }
    if (!intercepts.empty() && static_cast<int64_t>(intercepts.size()) != scores) {
      return InvalidArgument("there are ", intercepts.size(), " intercepts for ", scores,
                             " rows of coefficients");
    }
    return scores;
  }
};

/// The attributes that both have.
std::shared_ptr<LinearAttrs> ParseLinear(ParseContext& context) {
  auto attrs = std::make_shared<LinearAttrs>();
  attrs->coefficients = context.FloatList("coefficients");
  attrs->intercepts = context.FloatList("intercepts");
  attrs->transform = ParsePostTransform(context);
  return attrs;
}

/// Checks X against the coefficients; the number of its rows.
StatusOr<Dim> InferRows(const InferContext& context) {
  SX_ASSIGN_OR_RETURN(const auto batch, InferBatch(context, FeatureTypes{}));
  if (!batch) return Dim();
  if (batch->features.known()) {
    SX_RETURN_IF_ERROR(context.attrs<LinearAttrs>().Scores(batch->features.value).status());
  }
  return batch->rows;
}

/// Calls body(row, scores) with the untransformed scores of every row.
template <typename Body>
Status ForEachRowOfScores(const KernelContext& context, const Body& body) {
  const auto& attrs = context.attrs<LinearAttrs>();
  const int64_t features = BatchOf(context.input(0)).features;
  SX_ASSIGN_OR_RETURN(const int64_t count, attrs.Scores(features));
  const double cost = 2.0 * static_cast<double>(attrs.coefficients.size()) + 100;
  return ForEachFeatureVector(
      context, FeatureTypes{}, cost, [&](int64_t row, absl::Span<const double> x) {
        std::vector<double> scores(attrs.intercepts.begin(), attrs.intercepts.end());
        scores.resize(count);
        for (int64_t i = 0; i < count; ++i) {
          scores[i] = std::inner_product(x.begin(), x.end(),
                                         attrs.coefficients.begin() + i * features, scores[i]);
        }
        body(row, scores);
      });
}

// ---- LinearClassifier ----

StatusOr<std::shared_ptr<Attrs>> ParseClassifier(ParseContext& context) {
  context.Require("coefficients");
  auto attrs = ParseLinear(context);
  attrs->labels =
      ParseList(context, {.ints = "classlabels_ints", .strings = "classlabels_strings"});
  context.Ignore("multi_class");  // how the coefficients were trained
  return std::shared_ptr<Attrs>(std::move(attrs));
}

Status InferClassifier(InferContext& context) {
  const Tensor& labels = context.attrs<LinearAttrs>().labels;
  SX_ASSIGN_OR_RETURN(const Dim rows, InferRows(context));
  context.set_output(0, labels.type(), SymbolicShape{rows});
  context.set_output(1, DataType::kFloat, SymbolicShape{rows, labels.size()});
  return absl::OkStatus();
}

Status RunClassifier(KernelContext& context) {
  const auto& attrs = context.attrs<LinearAttrs>();
  return ForEachRowOfScores(context, [&](int64_t row, std::vector<double>& scores) {
    // As in the reference evaluator; onnxruntime writes 1 - s and s where there is no transform.
    if (scores.size() == 1 && attrs.labels.size() == 2) scores = {-scores[0], scores[0]};
    if (context.has_output(0)) PutLabel(attrs.labels, TopClass(scores), row, context.output(0));
    if (!context.has_output(1)) return;
    Transform(attrs.transform, absl::MakeSpan(scores));
    PutScores(scores, row, context.output(1));
  });
}

// ---- LinearRegressor ----

StatusOr<std::shared_ptr<Attrs>> ParseRegressor(ParseContext& context) {
  auto attrs = ParseLinear(context);
  attrs->targets = context.Int("targets", 1);
  if (attrs->targets < 1) context.Fail(absl::StrCat("targets is ", attrs->targets));
  return std::shared_ptr<Attrs>(std::move(attrs));
}

Status InferRegressor(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const Dim rows, InferRows(context));
  SymbolicShape result = {rows, context.attrs<LinearAttrs>().targets};
  SX_RETURN_IF_ERROR(CheckPlausible(DataType::kFloat, result));
  context.set_output(0, DataType::kFloat, std::move(result));
  return absl::OkStatus();
}

Status RunRegressor(KernelContext& context) {
  const auto& attrs = context.attrs<LinearAttrs>();
  return ForEachRowOfScores(context, [&](int64_t row, std::vector<double>& scores) {
    Transform(attrs.transform, absl::MakeSpan(scores));
    PutScores(scores, row, context.output(0));
  });
}

}  // namespace

std::vector<OpDef> LinearModelOps() {
  return {{.domain = kMlDomain,
           .name = "LinearClassifier",
           .versions = {1},
           .min_inputs = 1,
           .max_inputs = 1,
           .min_outputs = 1,
           .max_outputs = 2,
           .parse = ParseClassifier,
           .infer = InferClassifier,
           .kernels = {SimpleKernel<RunClassifier>("linearclassifier.reference")}},
          {.domain = kMlDomain,
           .name = "LinearRegressor",
           .versions = {1},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseRegressor,
           .infer = InferRegressor,
           .kernels = {SimpleKernel<RunRegressor>("linearregressor.reference")}}};
}

}  // namespace sardonyx
