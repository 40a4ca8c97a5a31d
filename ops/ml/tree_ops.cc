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

double RowCost(const TreeEnsemble& trees) {  // in nanoseconds
  return 60.0 * static_cast<double>(trees.roots.size()) + 5.0 * static_cast<double>(trees.targets);
}

// How the scores of all rows are found: ForEach calls body(row, scores) with those of every row,
// not transformed.

/// One row after the other.
struct ByRow {
  template <typename Body>
  static Status ForEach(const KernelContext& context, const Body& body) {
    const TreeEnsemble& trees = context.attrs<TreeAttrs>().trees;
    return ForEachFeatureVector(context, AnyFeatures{}, RowCost(trees),
                                [&](int64_t row, absl::Span<const double> x) {
                                  std::vector<double> scores = trees.Scores(x);
                                  body(row, scores);
                                });
  }
};

/// A block of rows after the other, and one tree after the other for each, which stays in the
/// cache. Only sums and averages; the results are those of ByRow.
struct ByBlock {
  static constexpr int64_t kRows = 64, kMostTargets = 1024;

  template <typename Body>
  static Status ForEach(const KernelContext& context, const Body& body) {
    const TreeEnsemble& trees = context.attrs<TreeAttrs>().trees;
    const Tensor& x = context.input(0);
    const auto batch = BatchOf(x);
    return Dispatch(x.type(), TypeList<float, double>{}, [&]<typename T>() {
      return context.ParallelFor(batch.rows, RowCost(trees), [&](int64_t begin, int64_t end) {
        std::vector<double> sums(kRows * trees.targets), scores;
        for (int64_t first = begin; first < end; first += kRows) {
          const int64_t count = std::min(kRows, end - first);
          std::fill(sums.begin(), sums.end(), 0.0);
          Sum(trees, x.data<T>() + first * batch.features, count, batch.features, sums.data());
          for (int64_t i = 0; i < count; ++i) {
            const auto sum = sums.begin() + i * trees.targets;
            scores.assign(sum, sum + trees.targets);
            trees.Finish(absl::MakeSpan(scores));
            body(first + i, scores);
          }
        }
      });
    });
  }

 private:
  template <typename T>
  static void Sum(const TreeEnsemble& trees, const T* x, int64_t count, int64_t features,
                  double* sums) {
    for (const int32_t root : trees.roots) {
      for (int64_t i = 0; i < count; ++i) {
        const int32_t leaf = trees.Leaf(root, x + i * features);
        for (int32_t vote = trees.first_vote[leaf]; vote < trees.first_vote[leaf + 1]; ++vote) {
          sums[i * trees.targets + trees.votes[vote].target] += trees.votes[vote].weight;
        }
      }
    }
  }
};

std::string RefusesBlocks(const PrepareContext& context) {
  const DataType type = context.element(0);
  if (type != DataType::kFloat && type != DataType::kDouble) {
    return absl::StrCat("takes float and double, not ", Name(type));
  }
  const TreeEnsemble& trees = context.attrs<TreeAttrs>().trees;
  if (trees.targets > ByBlock::kMostTargets) {
    return absl::StrCat("takes ", ByBlock::kMostTargets, " targets at most, not ", trees.targets);
  }
  const bool sums = trees.aggregate == Aggregate::kSum || trees.aggregate == Aggregate::kAverage;
  return sums ? "" : "takes sums and averages, neither least nor greatest votes";
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
  SX_ASSIGN_OR_RETURN(const int64_t targets, ParseTargets(context));
  SX_ASSIGN_OR_RETURN(attrs->trees, ParseNamedTrees(context, "target", targets));
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

template <typename Order>
Status RunRegressor(KernelContext& context) {
  const PostTransform transform = context.attrs<TreeAttrs>().trees.transform;
  return Order::ForEach(context, [&](int64_t row, std::vector<double>& scores) {
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

template <typename Order>
Status RunClassifier(KernelContext& context) {
  const auto& attrs = context.attrs<TreeClassifierAttrs>();
  return Order::ForEach(context, [&](int64_t row, std::vector<double>& scores) {
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
           .kernels = {SimpleKernel<RunRegressor<ByBlock>>("treeensemble.blocks", Backend::kNative,
                                                           RefusesBlocks),
                       SimpleKernel<RunRegressor<ByRow>>("treeensemble.reference")}},
          {.domain = kMlDomain,
           .name = "TreeEnsembleClassifier",
           .versions = {1, 3, 5},
           .min_inputs = 1,
           .max_inputs = 1,
           .min_outputs = 1,
           .max_outputs = 2,
           .parse = ParseClassifier,
           .infer = InferClassifier,
           .kernels = {SimpleKernel<RunClassifier<ByBlock>>("treeensembleclassifier.blocks",
                                                            Backend::kNative, RefusesBlocks),
                       SimpleKernel<RunClassifier<ByRow>>("treeensembleclassifier.reference")}},
          {.domain = kMlDomain,
           .name = "TreeEnsembleRegressor",
           .versions = {1, 3, 5},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseRegressor,
           .infer = InferRegressor,
           .kernels = {SimpleKernel<RunRegressor<ByBlock>>("treeensembleregressor.blocks",
                                                           Backend::kNative, RefusesBlocks),
                       SimpleKernel<RunRegressor<ByRow>>("treeensembleregressor.reference")}}};
}

}  // namespace sardonyx
