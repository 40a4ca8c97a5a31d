// TreeEnsemble, TreeEnsembleClassifier and TreeEnsembleRegressor.
#include <map>

#include "ops/common/int_inputs.h"
#include "ops/ml/batch.h"
#include "ops/ml/defs.h"
#include "ops/ml/lists.h"
#include "ops/ml/tree_attributes.h"

namespace sardonyx {
namespace {

struct TreeAttrs : Attrs {
  TreeEnsemble trees;
};

using AnyFeatures = TypeList<float, double, int64_t, int32_t, Half>;

/// Checks X against the features that the trees ask for; the number of its rows.
template <typename... Ts>
StatusOr<Dim> InferRows(const InferContext& context, TypeList<Ts...> types) {
  const int64_t wanted = context.attrs<TreeAttrs>().trees.features;
  SX_ASSIGN_OR_RETURN(const auto batch, InferBatch(context, types));
  if (!batch) return Dim();
  if (batch->features.known() && batch->features.value < wanted) {
    return InvalidArgument("X has ", batch->features.value, " features, but the trees ask for ",
                           wanted);
  }
  return batch->rows;
}

/// Calls body(row, scores) with the untransformed scores of every row.
template <typename Body>
Status ForEachRowOfScores(const KernelContext& context, const Body& body) {
  const TreeEnsemble& trees = context.attrs<TreeAttrs>().trees;
  const double cost =
      60.0 * static_cast<double>(trees.roots.size()) + 5.0 * static_cast<double>(trees.targets);
  return ForEachFeatureVector(context, AnyFeatures{}, cost,
                              [&](int64_t row, absl::Span<const double> x) {
                                std::vector<double> scores = trees.Scores(x);
                                body(row, scores);
                              });
}

// ---- TreeEnsemble, TreeEnsembleRegressor ----

StatusOr<std::shared_ptr<Attrs>> ParseEnsemble(ParseContext& context) {
  auto attrs = std::make_shared<TreeAttrs>();
  SX_ASSIGN_OR_RETURN(attrs->trees, ParsePlacedTrees(context));
  return std::shared_ptr<Attrs>(std::move(attrs));
}

StatusOr<std::shared_ptr<Attrs>> ParseRegressor(ParseContext& context) {
  const std::map<std::string, Aggregate> aggregates = {{"AVERAGE", Aggregate::kAverage},
                                                       {"SUM", Aggregate::kSum},
                                                       {"MIN", Aggregate::kMin},
                                                       {"MAX", Aggregate::kMax}};
  const auto found = aggregates.find(context.String("aggregate_function", "SUM"));
  if (found == aggregates.end()) {
    return InvalidArgument("aggregate_function is none of AVERAGE, SUM, MIN and MAX");
  }
  auto attrs = std::make_shared<TreeAttrs>();
  SX_ASSIGN_OR_RETURN(attrs->trees, ParseNamedTrees(context, "target", ParseTargets(context)));
  attrs->trees.aggregate = found->second;
  return std::shared_ptr<Attrs>(std::move(attrs));
}

Status InferTargets(InferContext& context, DataType element, Dim rows) {
  SymbolicShape result = {std::move(rows), context.attrs<TreeAttrs>().trees.targets};
  SX_RETURN_IF_ERROR(CheckPlausible(element, result));
  context.set_output(0, element, std::move(result));
  return absl::OkStatus();
}

Status InferEnsemble(InferContext& context) {
  SX_ASSIGN_OR_RETURN(Dim rows, InferRows(context, TypeList<float, double, Half>{}));
  return InferTargets(context, context.element(0), std::move(rows));
}

Status InferRegressor(InferContext& context) {
  SX_ASSIGN_OR_RETURN(Dim rows, InferRows(context, FeatureTypes{}));
  return InferTargets(context, DataType::kFloat, std::move(rows));
}

Status RunRegressor(KernelContext& context) {
  const PostTransform transform = context.attrs<TreeAttrs>().trees.transform;
  return ForEachRowOfScores(context, [&](int64_t row, std::vector<double>& scores) {
    Transform(transform, absl::MakeSpan(scores));
    PutScores(scores, row, context.output(0));
  });
}

// ---- TreeEnsembleClassifier ----

struct TreeClassifierAttrs : TreeAttrs {
  Tensor labels;
  /// All leaves vote for this one of two classes; -1 otherwise.
  int64_t sole_class = -1;
  bool probabilities = false;  // scores of the sole class are, as no weight is negative
};

StatusOr<std::shared_ptr<Attrs>> ParseClassifier(ParseContext& context) {
  auto attrs = std::make_shared<TreeClassifierAttrs>();
  attrs->labels =
      ParseList(context, {.ints = "classlabels_int64s", .strings = "classlabels_strings"});
  if (attrs->labels.size() == 0) return std::shared_ptr<Attrs>(std::move(attrs));  // an error
  SX_ASSIGN_OR_RETURN(attrs->trees, ParseNamedTrees(context, "class", attrs->labels.size()));
  const std::vector<Vote>& votes = attrs->trees.votes;
  const bool sole = attrs->labels.size() == 2 && !votes.empty() &&
                    std::all_of(votes.begin(), votes.end(),
                                [&](const Vote& vote) { return vote.target == votes[0].target; });
  if (sole) attrs->sole_class = votes[0].target;
  const PostTransform transform = attrs->trees.transform;
  const bool positive =
      std::all_of(votes.begin(), votes.end(), [](const Vote& vote) { return vote.weight >= 0; });
  attrs->probabilities =
      (transform == PostTransform::kNone && positive) || transform == PostTransform::kProbit;
  return std::shared_ptr<Attrs>(std::move(attrs));
}

Status InferClassifier(InferContext& context) {
  const auto& attrs = context.attrs<TreeClassifierAttrs>();
  SX_ASSIGN_OR_RETURN(const Dim rows, InferRows(context, FeatureTypes{}));
  context.set_output(0, attrs.labels.type(), SymbolicShape{rows});
  context.set_output(1, DataType::kFloat, SymbolicShape{rows, attrs.trees.targets});
  return absl::OkStatus();
}

/// The top class, by scores as they are before the transform. Where all leaves vote for one of two
/// classes, their score is taken as that of the second class against the first, which has the rest
/// to 1 if scores are probabilities, and otherwise the same with the other sign. Votes for the
/// first class are then written that way too: converters of binary models rely on it.
int64_t Classify(const TreeClassifierAttrs& attrs, std::vector<double>* scores) {
  if (attrs.sole_class < 0) return TopClass(*scores);
  const double score = (*scores)[attrs.sole_class];
  const std::vector<double> both = {attrs.probabilities ? 1 - score : -score, score};
  if (attrs.sole_class == 0) *scores = both;
  return TopClass(both);
}

Status RunClassifier(KernelContext& context) {
  const auto& attrs = context.attrs<TreeClassifierAttrs>();
  return ForEachRowOfScores(context, [&](int64_t row, std::vector<double>& scores) {
    const int64_t top = Classify(attrs, &scores);
    if (context.has_output(0)) PutLabel(attrs.labels, top, row, context.output(0));
    if (!context.has_output(1)) return;
    Transform(attrs.trees.transform, absl::MakeSpan(scores));
    PutScores(scores, row, context.output(1));
  });
}

}  // namespace

std::vector<OpDef> TreeOps() {
  return {{.domain = kMlDomain,
           .name = "TreeEnsemble",
           .versions = {5},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseEnsemble,
           .infer = InferEnsemble,
           .kernels = {SimpleKernel<RunRegressor>("treeensemble.reference")}},
          {.domain = kMlDomain,
           .name = "TreeEnsembleClassifier",
           .versions = {1, 3, 5},
           .min_inputs = 1,
           .max_inputs = 1,
           .min_outputs = 1,
           .max_outputs = 2,
           .parse = ParseClassifier,
           .infer = InferClassifier,
           .kernels = {SimpleKernel<RunClassifier>("treeensembleclassifier.reference")}},
          {.domain = kMlDomain,
           .name = "TreeEnsembleRegressor",
           .versions = {1, 3, 5},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseRegressor,
           .infer = InferRegressor,
           .kernels = {SimpleKernel<RunRegressor>("treeensembleregressor.reference")}}};
}

}  // namespace sardonyx
